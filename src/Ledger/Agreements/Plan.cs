using System.Diagnostics;
using NodaTime;
using static Ledger.Agreements.PlanCommand;
using static Ledger.Agreements.PlanEvent;

namespace Ledger.Agreements;

/// <summary>A plan of light memberships: what people are offered; its terms come in versions.</summary>
/// <param name="Name">Null while there is none.</param>
/// <param name="Version">The version that is offered now: 1, 2, 3 ...</param>
/// <param name="IsPaused">Nobody signs up; whoever has signed goes on, and may quit.</param>
public sealed record Plan(string? Name, int Version, bool IsPaused)
{
    public static Plan None { get; } = new(null, 0, false);
}

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record PlanEvent
{
    private PlanEvent() { }

    public sealed record PlanOpened(string Name, string By) : PlanEvent;

    /// <summary>Offered from now on; its terms are the one entry of its own stream.</summary>
    public sealed record PlanTermsAdopted(int Version, string By) : PlanEvent;

    public sealed record PlanPaused(string? Reason, Instant At) : PlanEvent;

    public sealed record PlanResumed(Instant At) : PlanEvent;
}

public abstract record PlanCommand
{
    private PlanCommand() { }

    public sealed record OpenPlan(string Id, string Name, string By) : PlanCommand;

    /// <param name="Version">One above the current.</param>
    public sealed record AdoptPlanTerms(string Id, int Version, string By) : PlanCommand;

    public sealed record PausePlan(string Id, string? Reason, Instant At) : PlanCommand;

    public sealed record ResumePlan(string Id, Instant At) : PlanCommand;
}

/// <summary>One version of a plan's terms.</summary>
public sealed record PlanTermsVersion(PlanTerms? Terms)
{
    public static PlanTermsVersion None { get; } = new((PlanTerms?)null);

    public static PlanTermsVersion Evolve(PlanTermsVersion state, PlanTermsEvent fact) => fact switch
    {
        PlanTermsEvent.PlanTermsPublished e => new(e.Terms),
        _ => throw new UnreachableException($"{fact} on {state}"),
    };
}

public abstract record PlanTermsEvent
{
    private PlanTermsEvent() { }

    public sealed record PlanTermsPublished(PlanTerms Terms) : PlanTermsEvent;
}

/// <summary>A plan is opened once, takes new terms one version after another, and may pause. Pure.</summary>
public static class PlanDecider
{
    /// <summary>Reads top to bottom: the first line that matches answers.</summary>
    public static Decision<PlanEvent> Decide(PlanCommand command, Plan state) => (command, state) switch
    {
        (OpenPlan c, { Name: null }) => (PlanEvent[])[new PlanOpened(c.Name, c.By), new PlanTermsAdopted(1, c.By)],
        (OpenPlan c, { Version: 1 } s) when c.Name == s.Name => Decision<PlanEvent>.Unchanged,
        (OpenPlan c, _) => new PlanExists(c.Id),

        (AdoptPlanTerms c, { Name: null }) => new PlanUnknown(c.Id),
        (AdoptPlanTerms c, var s) when c.Version == s.Version => Decision<PlanEvent>.Unchanged,
        (AdoptPlanTerms c, var s) when c.Version != s.Version + 1 => new PlanTermsStale(s.Version),
        (AdoptPlanTerms c, _) => new PlanTermsAdopted(c.Version, c.By),

        (PausePlan c, { Name: null }) => new PlanUnknown(c.Id),
        (PausePlan, { IsPaused: true }) => Decision<PlanEvent>.Unchanged,
        (PausePlan c, _) => new PlanPaused(c.Reason, c.At),

        (ResumePlan c, { Name: null }) => new PlanUnknown(c.Id),
        (ResumePlan, { IsPaused: false }) => Decision<PlanEvent>.Unchanged,
        (ResumePlan c, _) => new PlanResumed(c.At),
        _ => throw new UnreachableException($"{command} on {state}"),
    };

    /// <summary>Never refuses and never computes: what happened is already in the event.</summary>
    public static Plan Evolve(Plan state, PlanEvent fact) => fact switch
    {
        PlanOpened e => state with { Name = e.Name },
        PlanTermsAdopted e => state with { Version = e.Version },
        PlanPaused => state with { IsPaused = true },
        PlanResumed => state with { IsPaused = false },
        _ => throw new UnreachableException($"{fact}"),
    };
}

/// <summary>What merchants ask of their plans, as operations.</summary>
public static class PlanOperations
{
    /// <summary>Opens a plan with its first terms.</summary>
    public static Operation Open(Request request, string id, string name, PlanTerms terms)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (stream, version) = (AgreementStreams.PlanOf(id), AgreementStreams.TermsOf(id, 1));
        return new(request, [stream, version], [], book => Verdict.Of(
            stream, book.State(stream), PlanDecider.Decide(new OpenPlan(id, name, request.Actor), book.State(stream)), (_, after) => PlanView.Of(id, after, terms)) switch
        {
            Verdict.Accepted { Changes: [] } when book.State(version).Terms != terms => new PlanExists(id),
            Verdict.Accepted { Changes.Count: > 0 } accepted => accepted with { Changes = [.. accepted.Changes, new(version, new PlanTermsEvent.PlanTermsPublished(terms))] },
            var other => other,
        });
    }

    /// <summary>Publishes the next version of the terms; what was signed before keeps its own.</summary>
    /// <param name="expected">The version that the caller read.</param>
    public static Operation Publish(Request request, string id, int expected, PlanTerms terms)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (stream, version) = (AgreementStreams.PlanOf(id), AgreementStreams.TermsOf(id, expected + 1));
        return new(request, [stream, version], [], book => Verdict.Of(
            stream, book.State(stream), PlanDecider.Decide(new AdoptPlanTerms(id, expected + 1, request.Actor), book.State(stream)), (_, after) => PlanView.Of(id, after, terms)) switch
        {
            Verdict.Accepted { Changes: [] } when book.State(version).Terms != terms => new PlanTermsStale(book.State(stream).Version),
            Verdict.Accepted { Changes.Count: > 0 } accepted => accepted with { Changes = [new(version, new PlanTermsEvent.PlanTermsPublished(terms)), .. accepted.Changes] },
            var other => other,
        });
    }

    public static Operation Pause(Request request, string id, string? reason)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Change(request, id, new PausePlan(id, reason, request.Now));
    }

    public static Operation Resume(Request request, string id)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Change(request, id, new ResumePlan(id, request.Now));
    }

    private static Operation Change(Request request, string id, PlanCommand command)
    {
        var stream = AgreementStreams.PlanOf(id);
        return new(request, [stream], [], book =>
        {
            var (state, decision) = (book.State(stream), PlanDecider.Decide(command, book.State(stream)));
            if (state.Name is null) return Verdict.Of(stream, state, decision, (_, _) => "");
            var terms = AgreementStreams.TermsOf(id, state.Version);
            return book.Has(terms) ? Verdict.Of(stream, state, decision, (_, after) => PlanView.Of(id, after, book.State(terms).Terms!)) : new Verdict.NeedsMore([terms]);
        });
    }
}

/// <param name="Version">The version of the terms that is offered now.</param>
public sealed record PlanView(string Id, string Name, string Status, int Version, PlanTerms Terms)
{
    public static PlanView Of(string id, Plan plan, PlanTerms terms)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return new(id, plan.Name!, plan.IsPaused ? "paused" : "open", plan.Version, terms);
    }
}
