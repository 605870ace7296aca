using NodaTime;

namespace Ledger.Coupons;

/// <summary>A coupon that was issued and waits to be confirmed: it counts against quota and limits, and nobody can use it.</summary>
/// <param name="ConfirmBy">First instant at which it can no longer be confirmed; its claim is then given back. Never after the end of its validity.</param>
/// <param name="LimitKeys">The tallies, beside the campaign's own, that it counts in.</param>
/// <param name="Date">The business date of the issue.</param>
public sealed record CouponClaim(Instant ConfirmBy, IReadOnlyList<string> LimitKeys, Money? FaceValue, LocalDate Date)
{
    public bool Equals(CouponClaim? other) =>
        other is not null && (ConfirmBy, FaceValue, Date) == (other.ConfirmBy, other.FaceValue, other.Date) && Lists.Same(LimitKeys, other.LimitKeys);

    public override int GetHashCode() => HashCode.Combine(ConfirmBy, Date);
}

public abstract partial record CouponEvent
{
    /// <summary>The coupon may be used within its validity, which counts from the issue.</summary>
    public sealed record CouponIssueConfirmed(string Campaign, string Member, Instant At) : CouponEvent;

    /// <summary>The issue did not come about: quota and limits get back what it claimed.</summary>
    /// <param name="LimitKeys">As in the issue, like <paramref name="FaceValue"/>, <paramref name="Date"/> and <paramref name="Surface"/>.</param>
    /// <param name="At">When it was cancelled; where it was never confirmed, the end of the time for it, whenever the clock was read.</param>
    public sealed record CouponIssueCancelled(
        string Campaign, string Member, IReadOnlyList<string> LimitKeys, Money? FaceValue, LocalDate Date, IssueEnd Reason, Instant At, Surface? Surface = null) : CouponEvent
    {
        public bool Equals(CouponIssueCancelled? other) =>
            other is not null && (Campaign, Member, FaceValue, Date, Reason, At) == (other.Campaign, other.Member, other.FaceValue, other.Date, other.Reason, other.At)
            && Surface == other.Surface && Lists.Same(LimitKeys, other.LimitKeys);

        public override int GetHashCode() => HashCode.Combine(Campaign, Member, At);
    }
}

public enum IssueEnd
{
    /// <summary>The issuer gave it up.</summary>
    Cancelled,

    /// <summary>Nobody confirmed it in time.</summary>
    TimedOut,
}

public abstract partial record CouponCommand
{
    public sealed record ConfirmIssue(Instant Now) : CouponCommand;

    public sealed record CancelIssue(Instant Now) : CouponCommand;
}

/// <param name="Outcome">confirmed or cancelled.</param>
public sealed record IssueAlreadyFinal(string Outcome) : Rejection(
    RejectionKind.Conflict, "The issue was confirmed or cancelled before", "Read the coupon; should it be unwanted, deactivate it, or issue another one.");

public sealed record IssueNotConfirmed(Instant ConfirmBy) : Rejection(
    RejectionKind.Conflict, "The coupon's issue is not confirmed yet", "Confirm the issue or cancel it; at the till, take the full price.");

public sealed record IssueCancelled() : Rejection(
    RejectionKind.Conflict, "The coupon's issue was cancelled, or not confirmed in time", "Take the full price; the merchant may issue another coupon.");

/// <param name="Needs">person or phone.</param>
public sealed record LimitIdentityMissing(string Needs) : Rejection(
    RejectionKind.RuleViolated, "The terms limit coupons per natural person or per phone, and the request names none", "Send the member's person or phone, as needs says.");

public sealed record NaturalPersonLimit(int Limit) : Rejection(
    RejectionKind.RuleViolated, "The natural person has all the coupons that one person may have, under whatever accounts", "Do not try again for this person.");

public sealed record PhoneLimit(int Limit) : Rejection(
    RejectionKind.RuleViolated, "The phone number has all the coupons that one phone may have, under whatever accounts", "Do not try again for this phone.");
