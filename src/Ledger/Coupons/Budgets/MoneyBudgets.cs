using Ledger.Coupons.Baskets;
using static Ledger.Coupons.CouponEvent;

namespace Ledger.Coupons.Budgets;

/// <summary>
/// The most that a party pays for the discounts of a campaign. What is committed of it, used and held together, is a tally that events
/// alone move. A coupon draws on the budgets that its pinned terms name, so that where they name none nothing is looked up.
/// </summary>
public static class MoneyBudgets
{
    /// <summary>Minor units of the party's budget that redemptions and holds have committed.</summary>
    public static string Spent(string campaign, string party) => $"spent/{campaign}/{party}";

    /// <summary>Minor units that funding pools have granted to the campaign and not taken back: the budget of <see cref="Funding.Platform"/>.</summary>
    public static string Granted(string campaign) => $"granted/{campaign}/{Funding.Platform}";

    /// <summary>The tallies that tell what is left of these parties' budgets.</summary>
    public static IEnumerable<string> Tallies(string campaign, IEnumerable<string> parties)
    {
        ArgumentNullException.ThrowIfNull(parties);
        return parties.SelectMany(party => party == Funding.Platform ? [Spent(campaign, party), Granted(campaign)] : new[] { Spent(campaign, party) });
    }

    /// <summary>What is left of the budgets that coupons with these terms draw on, as pricing takes it; null where they draw on none.</summary>
    /// <param name="coupons">The campaign and the pinned terms of each; and its hold, where that is over and no entry says so yet.</param>
    /// <param name="campaign">The state of a campaign by id.</param>
    /// <param name="tally">The value of a tally by key.</param>
    public static IReadOnlyDictionary<(string Campaign, string Party), Money>? Left(
        IEnumerable<(string Campaign, CouponTerms Terms, CouponHold? Over)> coupons, Func<string, Campaign> campaign, Func<string, long> tally)
    {
        ArgumentNullException.ThrowIfNull(coupons);
        ArgumentNullException.ThrowIfNull(campaign);
        var left = new Dictionary<(string Campaign, string Party), Money>();
        foreach (var (id, terms, over) in coupons)
        {
            foreach (var party in terms.Budgets ?? []) left.TryAdd((id, party), Of(id, party, campaign(id), tally).Left);
            foreach (var (party, amount) in over?.Charged ?? [])
            {
                if (left.TryGetValue((id, party), out var known)) left[(id, party)] = known + amount;
            }
        }

        return left.Count == 0 ? null : left;
    }

    /// <summary>The campaign's budgets, those set and those that the terms name, by party.</summary>
    public static IReadOnlyList<BudgetView>? Of(string id, Campaign campaign, CouponTerms terms, Func<string, long> tally)
    {
        var parties = Parties(campaign, terms);
        return parties.Count == 0 ? null : [.. parties.Select(party => Of(id, party, campaign, tally))];
    }

    /// <summary>Parties that have a budget, or are named by the terms to have one, in ordinal order.</summary>
    public static IReadOnlyList<string> Parties(Campaign campaign, CouponTerms terms)
    {
        ArgumentNullException.ThrowIfNull(campaign);
        ArgumentNullException.ThrowIfNull(terms);
        if (campaign.Budgets is null && terms.Budgets is null) return [];
        return [.. (campaign.Budgets ?? []).Select(budget => budget.Party).Union(terms.Budgets ?? [], StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    /// <summary>
    /// Whether a version of the campaign's terms up to the one in force gives the party a budget: coupons of earlier versions draw on it still.
    /// One that was proposed and rejected before that counts as well: versions are numbered as they are written, and what is set or granted in vain binds nobody.
    /// </summary>
    /// <param name="unread">Versions that are to be read before this is known.</param>
    public static bool IsNamed(BookStates book, string id, Campaign campaign, string party, out IReadOnlyList<StreamName> unread)
    {
        ArgumentNullException.ThrowIfNull(book);
        ArgumentNullException.ThrowIfNull(campaign);
        var versions = Enumerable.Range(1, campaign.TermsVersion).Select(version => CampaignStreams.TermsOf(id, version)).ToList();
        var isNamed = versions.Any(version => book.Has(version) && book.State(version).Terms!.IsBudgeted(party));
        unread = isNamed ? [] : [.. versions.Where(version => !book.Has(version))];
        return isNamed;
    }

    /// <summary>The part of a discount that budgets bear; null: none does.</summary>
    public static IReadOnlyList<FundingShare>? Charged(CouponTerms terms, IEnumerable<FundingShare>? funding)
    {
        ArgumentNullException.ThrowIfNull(terms);
        return terms.Budgets is { } parties ? Among(parties, funding) : null;
    }

    /// <summary>What budgets that bore a discount get back when these parties do; null: nothing.</summary>
    public static IReadOnlyList<FundingShare>? Freed(IReadOnlyList<FundingShare>? charged, IEnumerable<FundingShare> back) =>
        charged is null ? null : Among(charged.Select(share => share.Party), back);

    /// <summary>Held or used commits; released, voided or returned frees as much. A commit takes its hold's part over.</summary>
    public static IReadOnlyList<TallyChange> Of(CouponEvent fact) => fact switch
    {
        CouponHeld { Charged: { } charged } e => Changes(e.Campaign, charged, 1),
        CouponHoldReleased { Charged: { } charged } e => Changes(e.Campaign, charged, -1),
        CouponRedeemed { Charged: { } charged, Hold: null } e => Changes(e.Campaign, charged, 1),
        RedemptionVoided { Charged: { } charged } e => Changes(e.Campaign, charged, -1),
        CouponReturned { Charged: { } charged } e => Changes(e.Campaign, charged, -1),
        _ => [],
    };

    private static BudgetView Of(string id, string party, Campaign campaign, Func<string, long> tally)
    {
        var budget = party == Funding.Platform ? new(tally(Granted(id))) : campaign.BudgetOf(party);
        var committed = new Money(tally(Spent(id, party)));
        return new(party, budget, committed, budget - committed);
    }

    private static List<FundingShare>? Among(IEnumerable<string> parties, IEnumerable<FundingShare>? shares)
    {
        var borne = (shares ?? []).Where(share => parties.Contains(share.Party, StringComparer.Ordinal)).ToList();
        return borne.Count == 0 ? null : borne;
    }

    private static IReadOnlyList<TallyChange> Changes(string campaign, IReadOnlyList<FundingShare> charged, int sign) =>
        [.. charged.Select(share => new TallyChange(Spent(campaign, share.Party), sign * share.Amount.Minor))];
}

/// <summary>A party's budget in a campaign.</summary>
/// <param name="Committed">Used and held.</param>
/// <param name="Left">What further discounts may take of it.</param>
public sealed record BudgetView(string Party, Money Budget, Money Committed, Money Left);

/// <param name="Party">Whom the campaign's terms do not name among their budgets.</param>
public sealed record BudgetNotInTerms(string Party) : Rejection(
    RejectionKind.RuleViolated, "The terms do not bind the party's share to a budget", "Amend the terms to name the party among budgets; coupons issued from then on draw on it.");

public sealed record BudgetIsGranted(string Party) : Rejection(
    RejectionKind.RuleViolated, "The party's budget is what funding pools grant", "Have the platform grant a slice: POST /v1/pools/{id}/slices.");

public sealed record BudgetCasMismatch(string Party, Money Expected, Money Current) : Rejection(
    RejectionKind.Conflict, "The budget is not what the caller believed", "Read the campaign and decide again with its current budget.");

public sealed record BudgetBelowCommitted(string Party, Money Target, Money Committed) : Rejection(
    RejectionKind.RuleViolated, "More of the budget is already committed than was asked for", "Ask for at least what is committed.");
