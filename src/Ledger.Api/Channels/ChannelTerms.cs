using Ledger.Coupons;
using Ledger.Coupons.Codes;
using NodaTime;

namespace Ledger.Api.Channels;

/// <summary>What a channel says of a new activity, in the ledger's units; the ledger's own reading of terms judges it.</summary>
internal sealed record ChannelTerms(
    BenefitBody Benefit, Money Floor, Instant Begin, Instant End, int WaitDays, int? ValidDays, LimitsBody Limits, CodeSource Source, int MaxUses)
{
    /// <summary>Where the ledger's members stand in a channel's body.</summary>
    private static readonly Dictionary<string, string> s_places = new(StringComparer.Ordinal)
    {
        ["/benefit/off"] = "/amount",
        ["/benefit/offBasisPoints"] = "/rate",
        ["/benefit/ceiling"] = "/ceiling",
        ["/benefit/price"] = "/special_price",
        ["/benefit/value"] = "/value",
        ["/benefit/goods"] = "/goods",
        ["/validity/windowEnd"] = "/available_end",
    };

    /// <summary>The terms, or null and the faults.</summary>
    public CouponTerms? Read(Call call, Faults faults)
    {
        var own = new Faults();
        var body = new TermsBody(
            Benefit, new(Begin, End, WaitDays, ValidDays), Floor.Minor, Limits: Limits, MaxUses: MaxUses, Codes: Source == CodeSource.Generated ? null : new(Source));
        var terms = CampaignEndpoints.TermsOf(call, body, "", own);
        foreach (var fault in own.Listed) faults.Add(s_places.GetValueOrDefault(fault.Pointer, fault.Pointer), fault.Detail);
        return terms;
    }

    /// <summary>0 and nothing both mean no limit.</summary>
    public static int? Limit(int? most) => most is 0 ? null : most;
}
