using System.Diagnostics;
using NodaTime;
using static Ledger.Points.PointsProgramCommand;
using static Ledger.Points.PointsProgramEvent;

namespace Ledger.Points;

/// <summary>A points programme: its current terms, who funds it and how far, and how much of it will be redeemed.</summary>
/// <param name="Name">Null while there is none.</param>
/// <param name="TimeZone">IANA name in which days and months are reckoned; the merchant's, fixed when the programme is opened.</param>
/// <param name="Version">The version of the terms under which points are earned and spent now: 1, 2, 3 ...</param>
/// <param name="Budgets">The most that funders pay for, in points, by funder in ordinal order; a funder without one is not bounded.</param>
/// <param name="Estimates">How much of a cohort is expected to be redeemed in all, by cohort.</param>
public sealed record PointsProgram(string? Name, string TimeZone, int Version, IReadOnlyList<FunderBudget> Budgets, IReadOnlyList<CohortEstimate> Estimates)
{
    public static PointsProgram None { get; } = new(null, "", 0, [], []);

    public DateTimeZone Zone() => DateTimeZoneProviders.Tzdb[TimeZone];

    /// <summary>Null where the funder is not bounded.</summary>
    public long? BudgetOf(string funder) => Budgets.FirstOrDefault(budget => budget.Funder == funder)?.Points;

    /// <summary>The latest estimate for the cohort in hundredths of a percent: 10,000, all of it, where none was made.</summary>
    public int EstimateOf(LocalDate cohort) => Estimates.FirstOrDefault(estimate => estimate.Cohort == cohort)?.BasisPoints ?? 10_000;

    public bool Equals(PointsProgram? other) =>
        other is not null && (Name, TimeZone, Version) == (other.Name, other.TimeZone, other.Version) && Budgets.SequenceEqual(other.Budgets) && Estimates.SequenceEqual(other.Estimates);

    public override int GetHashCode() => HashCode.Combine(Name, TimeZone, Version);
}

public sealed record FunderBudget(string Funder, long Points);

public sealed record CohortEstimate(LocalDate Cohort, int BasisPoints);

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record PointsProgramEvent
{
    private PointsProgramEvent() { }

    public sealed record PointsProgramOpened(string Name, string TimeZone, string By) : PointsProgramEvent;

    /// <summary>The programme runs under this version from now on; its terms are the one entry of its own stream.</summary>
    public sealed record PointsTermsAdopted(int Version, string By) : PointsProgramEvent;

    /// <summary>The most points that a funder pays for.</summary>
    public sealed record PointsBudgetChanged(string Funder, long From, long To) : PointsProgramEvent;

    /// <summary>So that a report of the past can be made again, estimates are facts.</summary>
    public sealed record RedemptionEstimateRevised(LocalDate Cohort, int BasisPoints, Instant At) : PointsProgramEvent;
}

public abstract record PointsProgramCommand
{
    private PointsProgramCommand() { }

    public sealed record OpenProgram(string Id, string Name, string TimeZone, string By) : PointsProgramCommand;

    /// <param name="Version">One above the current.</param>
    public sealed record AdoptPointsTerms(int Version, string By) : PointsProgramCommand;

    /// <param name="Expected">What the caller believes the budget to be, 0 where none was set: compare and set.</param>
    /// <param name="Issued">What the funder has paid for so far; the budget never falls below it.</param>
    public sealed record ChangePointsBudget(string Funder, long Expected, long Target, long Issued) : PointsProgramCommand;

    /// <param name="Cohort">First day of a month.</param>
    public sealed record ReviseEstimate(LocalDate Cohort, int BasisPoints, Instant At) : PointsProgramCommand;
}

/// <summary>One version of a programme's terms.</summary>
public sealed record PointsTermsVersion(PointsTerms? Terms)
{
    public static PointsTermsVersion None { get; } = new((PointsTerms?)null);

    public static PointsTermsVersion Evolve(PointsTermsVersion state, PointsTermsEvent fact) => fact switch
    {
        PointsTermsEvent.PointsTermsPublished e => new(e.Terms),
        _ => throw new UnreachableException($"{fact} on {state}"),
    };
}

public abstract record PointsTermsEvent
{
    private PointsTermsEvent() { }

    public sealed record PointsTermsPublished(PointsTerms Terms) : PointsTermsEvent;
}

/// <summary>A programme is opened once, takes new terms one version after another, and bounds its funders. Pure.</summary>
public static class PointsProgramDecider
{
    /// <summary>Reads top to bottom: the first line that matches answers.</summary>
    public static Decision<PointsProgramEvent> Decide(PointsProgramCommand command, PointsProgram state) => (command, state) switch
    {
        (OpenProgram c, { Name: null }) => (PointsProgramEvent[])[new PointsProgramOpened(c.Name, c.TimeZone, c.By), new PointsTermsAdopted(1, c.By)],
        (OpenProgram c, { Version: 1 } s) when (c.Name, c.TimeZone) == (s.Name, s.TimeZone) => Decision<PointsProgramEvent>.Unchanged,
        (OpenProgram c, _) => new PointsProgramExists(c.Id),

        (AdoptPointsTerms c, var s) when c.Version == s.Version => Decision<PointsProgramEvent>.Unchanged,
        (AdoptPointsTerms c, var s) when c.Version != s.Version + 1 => new PointsTermsStale(s.Version),
        (AdoptPointsTerms c, _) => new PointsTermsAdopted(c.Version, c.By),

        (ChangePointsBudget c, var s) when s.BudgetOf(c.Funder) == c.Target => Decision<PointsProgramEvent>.Unchanged,
        (ChangePointsBudget c, var s) when (s.BudgetOf(c.Funder) ?? 0) != c.Expected => new PointsBudgetCasMismatch(c.Funder, c.Expected, s.BudgetOf(c.Funder) ?? 0),
        (ChangePointsBudget c, _) when c.Target < c.Issued => new PointsBudgetBelowIssued(c.Funder, c.Target, c.Issued),
        (ChangePointsBudget c, var s) when s.BudgetOf(c.Funder) is null && s.Budgets.Count >= Limits.MaxFunders => new TooManyFunders(Limits.MaxFunders),
        (ChangePointsBudget c, _) => new PointsBudgetChanged(c.Funder, c.Expected, c.Target),

        (ReviseEstimate c, var s) when s.Estimates.Any(estimate => (estimate.Cohort, estimate.BasisPoints) == (c.Cohort, c.BasisPoints)) => Decision<PointsProgramEvent>.Unchanged,
        (ReviseEstimate c, var s) when s.Estimates.Count >= Limits.MaxCohorts && s.Estimates.All(estimate => estimate.Cohort != c.Cohort) => new TooManyCohorts(Limits.MaxCohorts),
        (ReviseEstimate c, _) => new RedemptionEstimateRevised(c.Cohort, c.BasisPoints, c.At),
        _ => throw new UnreachableException($"{command} on {state}"),
    };

    /// <summary>Never refuses and never computes: what happened is already in the event.</summary>
    public static PointsProgram Evolve(PointsProgram state, PointsProgramEvent fact) => fact switch
    {
        PointsProgramOpened e => state with { Name = e.Name, TimeZone = e.TimeZone },
        PointsTermsAdopted e => state with { Version = e.Version },
        PointsBudgetChanged e => state with
        {
            Budgets = [.. state.Budgets.Where(budget => budget.Funder != e.Funder).Append(new(e.Funder, e.To)).OrderBy(budget => budget.Funder, StringComparer.Ordinal)],
        },
        RedemptionEstimateRevised e => state with
        {
            Estimates = [.. state.Estimates.Where(estimate => estimate.Cohort != e.Cohort).Append(new(e.Cohort, e.BasisPoints)).OrderBy(estimate => estimate.Cohort)],
        },
        _ => throw new UnreachableException($"{fact}"),
    };
}
