using System.Diagnostics;
using NodaTime;

namespace Ledger.Offers;

/// <summary>What the page of a successful payment shows.</summary>
/// <param name="Trade">Empty: no offer was made for the payment.</param>
/// <param name="Returned">What became of the coupons when the payment was refunded; null: it was not.</param>
public sealed record PaymentOffers(string Trade, string Member, IReadOnlyList<Offer> Offers, IReadOnlyList<ReturnedOffer>? Returned = null)
{
    public static PaymentOffers None { get; } = new("", "", []);

    public bool Equals(PaymentOffers? other) =>
        other is not null && (Trade, Member) == (other.Trade, other.Member) && Lists.Same(Offers, other.Offers) && Lists.Same(Returned, other.Returned);

    public override int GetHashCode() => HashCode.Combine(Trade, Member, Offers.Count);
}

/// <summary>What a rule made of a payment.</summary>
/// <param name="Code">The coupon; null: there is none.</param>
/// <param name="Refusal">Why there is none: the refusal's name.</param>
public sealed record Offer(string Rule, string Campaign, string? Code, string? Refusal);

/// <param name="Kept">Why the coupon stays as it is, such as already-used; null: it is deactivated.</param>
public sealed record ReturnedOffer(string Code, string? Kept);

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record PaymentOffersEvent
{
    private PaymentOffersEvent() { }

    /// <param name="At">When it was paid: the coupons are received then.</param>
    public sealed record OffersMade(string Trade, string Member, IReadOnlyList<Offer> Offers, Instant At) : PaymentOffersEvent
    {
        public bool Equals(OffersMade? other) => other is not null && (Trade, Member, At) == (other.Trade, other.Member, other.At) && Lists.Same(Offers, other.Offers);

        public override int GetHashCode() => HashCode.Combine(Trade, Member, At);
    }

    /// <summary>All of the payment went back, or too much for a rule, and with it what it had brought, as far as it was not used.</summary>
    /// <param name="Refund">The number of the refund after which it did.</param>
    public sealed record OffersReturned(string Trade, string Refund, IReadOnlyList<ReturnedOffer> Coupons, Instant At) : PaymentOffersEvent
    {
        public bool Equals(OffersReturned? other) => other is not null && (Trade, Refund, At) == (other.Trade, other.Refund, other.At) && Lists.Same(Coupons, other.Coupons);

        public override int GetHashCode() => HashCode.Combine(Trade, Refund, At);
    }
}

/// <summary>Not answered to callers: it stands in an offer.</summary>
public sealed record OfferLimit(int Limit) : Rejection(
    RejectionKind.RuleViolated, "The member has all the coupons that the rule gives one member", "Nothing: the payment stands, and no coupon follows from this rule.");

/// <summary>Streams of what payments brought: <c>offers-{trade}</c>.</summary>
public static class PaymentOffersStream
{
    public static StreamType<PaymentOffers, PaymentOffersEvent> Type { get; } = new("payment_offers", Schema: 1, PaymentOffers.None, Evolve, TalliesOf);

    public static Stream<PaymentOffers, PaymentOffersEvent> Of(string trade) => Type.At($"offers-{trade}");

    /// <summary>Coupons that the rule gave the member.</summary>
    public static string Tally(string rule, string member) => $"offered/{rule}/{member}";

    /// <summary>Never refuses and never computes: what happened is already in the event.</summary>
    private static PaymentOffers Evolve(PaymentOffers state, PaymentOffersEvent fact) => fact switch
    {
        PaymentOffersEvent.OffersMade e => new(e.Trade, e.Member, e.Offers),
        PaymentOffersEvent.OffersReturned e => state with { Returned = [.. (state.Returned ?? []).Where(one => e.Coupons.All(coupon => coupon.Code != one.Code)), .. e.Coupons] },
        _ => throw new UnreachableException($"{fact}"),
    };

    private static IReadOnlyList<TallyChange> TalliesOf(PaymentOffersEvent fact) => fact switch
    {
        PaymentOffersEvent.OffersMade e => [.. e.Offers.Where(offer => offer.Code is not null).Select(offer => new TallyChange(Tally(offer.Rule, e.Member), 1))],
        _ => [],
    };
}

/// <summary>Offers as the page of a successful payment asks for them.</summary>
/// <param name="Status"><c>pending</c>: the policy has not looked at the payment yet; <c>ready</c>: this is all.</param>
/// <param name="Returned">As in <see cref="PaymentOffers"/>.</param>
public sealed record PaymentOffersView(string Trade, string Status, IReadOnlyList<Offer> Offers, IReadOnlyList<ReturnedOffer>? Returned);
