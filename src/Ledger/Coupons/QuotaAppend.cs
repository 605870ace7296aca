using Ledger.Coupons.Codes;
using static Ledger.Coupons.CampaignCommand;

namespace Ledger.Coupons;

/// <param name="Current">The quota as it stands.</param>
public sealed record QuotaOnlyGrows(long Target, long Current) : Rejection(
    RejectionKind.RuleViolated, "An append names the new total, which is no less than the current one", "Send a total of at least current, or change the quota by compare and set.");

/// <param name="Deposited">Codes that were ever uploaded.</param>
public sealed record QuotaIsNotCodes(long Target, long Deposited) : Rejection(
    RejectionKind.RuleViolated, "With uploaded codes the new total equals the number of codes", "Upload the codes first, then append up to deposited.");

/// <summary>Raising a quota to a new total without naming the old one, as Alipay does.</summary>
public static class QuotaAppend
{
    /// <param name="total">The new total.</param>
    public static Operation Append(Request request, string id, long total)
    {
        var (stream, pool) = (CampaignStreams.Of(id), CodePoolStreams.PoolOf(id));
        var change = CouponOperations.OnCampaign(request, id, (issued, book, _) => new ChangeQuota(book.State(stream).Quota, total, issued));
        return change with
        {
            Streams = [.. change.Streams, pool],
            Decide = book => Refusal(book.State(stream), book.State(pool), book) is { } reason ? reason : change.Decide(book),
        };

        Rejection? Refusal(Campaign campaign, CodePool codes, BookStates book)
        {
            var terms = CampaignStreams.TermsOf(id, campaign.TermsVersion);
            if (campaign.Status == CampaignStatus.None || !book.Has(terms)) return null;
            if (total < campaign.Quota) return new QuotaOnlyGrows(total, campaign.Quota);
            var isUploaded = CodeOperations.SourceOf(book.State(terms).Terms!) == CodeSource.Uploaded;
            return isUploaded && total != codes.Deposited ? new QuotaIsNotCodes(total, codes.Deposited) : null;
        }
    }
}
