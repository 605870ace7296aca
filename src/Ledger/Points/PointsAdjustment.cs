using System.Diagnostics;
using NodaTime;

namespace Ledger.Points;

/// <summary>An adjustment by hand: where the merchant requires four eyes it waits for another key than proposed it.</summary>
/// <param name="Points">More than 0: to be given; less: to be taken; 0 while there is none.</param>
/// <param name="By">The API key that proposed it.</param>
/// <param name="Approver">The API key that approved it; null: it waits.</param>
public sealed record PointsAdjustment(string Program, string Member, long Points, string Funder, string Reason, string By, string? Approver, Instant At)
{
    public static PointsAdjustment None { get; } = new("", "", 0, "", "", "", null, default);

    /// <summary>Never refuses and never computes.</summary>
    public static PointsAdjustment Evolve(PointsAdjustment state, PointsAdjustmentEvent fact) => fact switch
    {
        PointsAdjustmentEvent.PointsAdjustmentProposed e => new(e.Program, e.Member, e.Points, e.Funder, e.Reason, e.By, null, e.At),
        PointsAdjustmentEvent.PointsAdjustmentApproved e => state with { Approver = e.By },
        _ => throw new UnreachableException($"{fact}"),
    };

    /// <summary>Approves what was proposed; a second time changes nothing.</summary>
    /// <param name="needsAnother">Whether the approver must be another key than proposed it.</param>
    public Decision<PointsAdjustmentEvent> Approve(string id, string by, bool needsAnother, Instant now) => this switch
    {
        { Points: 0 } => new PointsAdjustmentUnknown(id),
        { Approver: not null } => Decision<PointsAdjustmentEvent>.Unchanged,
        { By: var author } when needsAnother && author == by => new FourEyes(),
        _ => new PointsAdjustmentEvent.PointsAdjustmentApproved(by, now),
    };
}

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record PointsAdjustmentEvent
{
    private PointsAdjustmentEvent() { }

    public sealed record PointsAdjustmentProposed(string Program, string Member, long Points, string Funder, string Reason, string By, Instant At) : PointsAdjustmentEvent;

    public sealed record PointsAdjustmentApproved(string By, Instant At) : PointsAdjustmentEvent;
}

/// <summary>Streams of adjustments: <c>pointsadjustment-{id}</c>.</summary>
public static class PointsAdjustmentStream
{
    public static StreamType<PointsAdjustment, PointsAdjustmentEvent> Type { get; } = new("points_adjustment", Schema: 1, PointsAdjustment.None, PointsAdjustment.Evolve);

    public static Stream<PointsAdjustment, PointsAdjustmentEvent> Of(string id) => Type.At($"pointsadjustment-{id}");
}
