using System.Text.Json.Serialization;
using NodaTime;

namespace Ledger.Traffic;

/// <summary>What a visitor is worth whom the merchant brought: credit for exposure (曝光), in page views.</summary>
/// <param name="Version">1, 2, 3 ...; 0: the terms that hold where none were published.</param>
/// <param name="PvPerVisitor">Page views for one visitor (UV) on one business date.</param>
/// <param name="ValidDays">Business dates on which it may be spent, that of the visit included.</param>
public sealed record TrafficTerms(int Version, long PvPerVisitor, int ValidDays)
{
    public static TrafficTerms Default { get; } = new(0, 3_000, 30);
}

/// <summary>A merchant's credit for exposure (流量激励), in lots by the end of their validity, and what each month came to.</summary>
/// <param name="Lots">What is left, the next to expire first.</param>
/// <param name="Months">In their order; only those in which anything happened.</param>
public sealed record TrafficAccount(IReadOnlyList<TrafficLot> Lots, IReadOnlyList<TrafficMonth> Months)
{
    public static TrafficAccount None { get; } = new([], []);

    [JsonIgnore]
    public long Balance => Lots.Sum(lot => lot.Pv);

    /// <summary>When the next lot expires; null: none is left.</summary>
    [JsonIgnore]
    public Instant? DueAt => Lots.Count == 0 ? null : Lots[0].ExpiresAt;

    public bool Equals(TrafficAccount? other) => other is not null && Lists.Same(Lots, other.Lots) && Lists.Same(Months, other.Months);

    public override int GetHashCode() => HashCode.Combine(Lots.Count, Months.Count);
}

/// <param name="ExpiresAt">First instant at which it can no longer be spent: the beginning of <paramref name="ExpiresOn"/> in the merchant's zone.</param>
/// <param name="Pv">Page views.</param>
public sealed record TrafficLot(Instant ExpiresAt, LocalDate ExpiresOn, long Pv);

/// <summary>What a calendar month came to, by business dates.</summary>
/// <param name="Month">Its first day.</param>
public sealed record TrafficMonth(LocalDate Month, long Earned, long Spent, long Expired);

/// <summary>A placement that was paid for with credit.</summary>
/// <param name="Placement">Empty while there is none.</param>
/// <param name="Left">The balance after it.</param>
public sealed record ExposureSpend(string Placement, long Pv, long Left, Instant At)
{
    public static ExposureSpend None { get; } = new("", 0, 0, default);
}

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record TrafficTermsEvent
{
    private TrafficTermsEvent() { }

    /// <summary>For visitors from now on; what was earned before stays as it was.</summary>
    public sealed record TrafficTermsPublished(TrafficTerms Terms, Instant At) : TrafficTermsEvent;
}

public abstract record TrafficEvent
{
    private TrafficEvent() { }

    /// <param name="Visitor">An opaque id.</param>
    /// <param name="Surface">Where the visitor came from; null: not said.</param>
    /// <param name="Terms">The version of the terms.</param>
    /// <param name="Pv">What was earned.</param>
    /// <param name="Date">The business date of the visit.</param>
    /// <param name="Due">When the next lot expires then; null: none is left. So with the others.</param>
    public sealed record VisitorAttributed(
        string Visitor, Surface? Surface, int Terms, long Pv, LocalDate Date, LocalDate ExpiresOn, Instant ExpiresAt, Instant At, Instant? Due) : TrafficEvent;

    /// <param name="Lots">What of it came out of which lot.</param>
    public sealed record ExposureSpent(string Spend, long Pv, IReadOnlyList<TrafficLot> Lots, LocalDate Date, Instant At, Instant? Due) : TrafficEvent
    {
        public bool Equals(ExposureSpent? other) =>
            other is not null && (Spend, Pv, Date, At, Due) == (other.Spend, other.Pv, other.Date, other.At, other.Due) && Lists.Same(Lots, other.Lots);

        public override int GetHashCode() => HashCode.Combine(Spend, Pv, At);
    }

    /// <param name="Pv">What was left of the lot.</param>
    /// <param name="Date">The first business date on which it could no longer be spent.</param>
    /// <param name="At">The end of its validity, whenever the clock was read.</param>
    public sealed record ExposureExpired(long Pv, LocalDate Date, Instant At, Instant? Due) : TrafficEvent;
}

public abstract record ExposureSpendEvent
{
    private ExposureSpendEvent() { }

    public sealed record ExposurePlaced(string Spend, string Placement, long Pv, long Left, Instant At) : ExposureSpendEvent;
}

public abstract record TrafficCommand
{
    private TrafficCommand() { }

    /// <param name="IsCounted">Whether the visitor counted on that date already.</param>
    /// <param name="Now">By which lots end.</param>
    public sealed record AttributeVisitor(
        string Visitor, Surface? Surface, TrafficTerms Terms, bool IsCounted, Instant At, LocalDate Date, LocalDate ExpiresOn, Instant ExpiresAt, Instant Now) : TrafficCommand;

    public sealed record SpendExposure(string Spend, long Pv, LocalDate Date, Instant Now) : TrafficCommand;

    /// <summary>Sent by the timer.</summary>
    public sealed record ReadTrafficClock(Instant Now) : TrafficCommand;
}

public sealed record InsufficientExposure(long Asked, long Available) : Rejection(
    RejectionKind.RuleViolated, "The merchant has not so much credit for exposure", "Spend at most available, or bring more visitors.");

public sealed record ExposureSpendDiffers(string Spend, string Placement, long Pv) : Rejection(
    RejectionKind.Conflict, "Another placement is booked under this number", "Give this one a number of its own.");
