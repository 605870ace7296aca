using System.Diagnostics;
using NodaTime;
using static Ledger.Points.PointsProgramCommand;

namespace Ledger.Points;

/// <summary>What merchants ask of their points programmes, as operations.</summary>
public static class ProgramOperations
{
    /// <summary>Opens a programme with its first terms.</summary>
    /// <param name="timeZone">The merchant's.</param>
    public static Operation Open(Request request, string id, string name, string timeZone, PointsTerms terms)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (stream, version) = (PointsStreams.ProgramOf(id), PointsStreams.TermsOf(id, 1));
        return new(request, [stream, version], [], book => Verdict.Of(
            stream, book.State(stream), PointsProgramDecider.Decide(new OpenProgram(id, name, timeZone, request.Actor), book.State(stream)),
            (_, after) => PointsProgramView.Of(id, after, terms)) switch
        {
            Verdict.Accepted { Changes: [] } when book.State(version).Terms != terms => new PointsProgramExists(id),
            Verdict.Accepted { Changes.Count: > 0 } accepted => accepted with { Changes = [.. accepted.Changes, new(version, new PointsTermsEvent.PointsTermsPublished(terms))] },
            var other => other,
        });
    }

    /// <summary>Publishes the next version of the terms; what was earned and spent before keeps its own.</summary>
    /// <param name="expected">The version that the caller read.</param>
    public static Operation Publish(Request request, string id, int expected, PointsTerms terms)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (stream, version) = (PointsStreams.ProgramOf(id), PointsStreams.TermsOf(id, expected + 1));
        return new(request, [stream, version], [], book => book.State(stream) is not { Name: not null } state
            ? new PointsProgramUnknown(id)
            : Verdict.Of(stream, state, PointsProgramDecider.Decide(new AdoptPointsTerms(expected + 1, request.Actor), state), (_, after) => PointsProgramView.Of(id, after, terms)) switch
            {
                Verdict.Accepted { Changes: [] } when book.State(version).Terms != terms => new PointsTermsStale(state.Version),
                Verdict.Accepted { Changes.Count: > 0 } accepted => accepted with { Changes = [new(version, new PointsTermsEvent.PointsTermsPublished(terms)), .. accepted.Changes] },
                var other => other,
            });
    }

    /// <summary>Sets a funder's budget, compared with what the caller believes and with what was issued.</summary>
    public static Operation ChangeBudget(Request request, string id, string funder, long expected, long target)
    {
        var issued = PointsBooks.Tally(id, PointsBooks.Expense(funder));
        return OnProgram(request, id, [], [issued], (_, book) => new ChangePointsBudget(funder, expected, target, -book.Tally(issued)));
    }

    /// <summary>Says how much of a month's points is expected to be redeemed in all.</summary>
    public static Operation Estimate(Request request, string id, LocalDate month, int basisPoints)
    {
        ArgumentNullException.ThrowIfNull(request);
        return OnProgram(request, id, [], [], (_, _) => new ReviseEstimate(PointsBooks.CohortOf(month), basisPoints, request.Now));
    }

    private static Operation OnProgram(
        Request request, string id, IReadOnlyList<StreamName> streams, IReadOnlyList<string> tallies, Func<PointsProgram, BookStates, PointsProgramCommand> command)
    {
        var stream = PointsStreams.ProgramOf(id);
        return new(request, [stream, .. streams], tallies, book => book.WithTerms(id, null, (state, terms) => Verdict.Of(
            stream, state, PointsProgramDecider.Decide(command(state, book), state), (_, after) => PointsProgramView.Of(id, after, terms))));
    }

    /// <summary>Decides once the terms are known: the programme's own, or those of a version.</summary>
    internal static Verdict WithTerms(this BookStates book, string id, int? version, Func<PointsProgram, PointsTerms, Verdict> decide)
    {
        var state = book.State(PointsStreams.ProgramOf(id));
        if (state.Name is null) return new PointsProgramUnknown(id);
        var terms = PointsStreams.TermsOf(id, version ?? state.Version);
        return book.Has(terms) ? decide(state, book.State(terms).Terms!) : new Verdict.NeedsMore([terms]);
    }

    /// <summary>What is left of the funder's budget; null where there is none.</summary>
    internal static long? Left(this BookStates book, string id, PointsProgram program, string funder) =>
        program.BudgetOf(funder) is { } budget ? budget + book.Tally(PointsBooks.Tally(id, PointsBooks.Expense(funder))) : null;

    /// <summary>The facts, or null and the reason why not.</summary>
    internal static IReadOnlyList<TEvent>? Facts<TEvent>(this Decision<TEvent> decision, out Rejection reason)
    {
        reason = decision is Decision<TEvent>.Rejected(var why) ? why : null!;
        return decision switch
        {
            Decision<TEvent>.Accepted(var facts) => facts,
            Decision<TEvent>.Rejected => null,
            _ => throw new UnreachableException($"{decision}"),
        };
    }
}
