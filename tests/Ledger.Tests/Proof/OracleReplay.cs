using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace Ledger.Tests.Proof;

/// <summary>A request that was made, and what was answered. Ticks order requests: one that ended before another began came first.</summary>
/// <param name="SentAt">By the wall clock that the service reads too, in microseconds.</param>
internal sealed record Run(Ask Ask, long Begun, long Ended, long SentAt, long ReceivedAt, Answer Answer)
{
    public bool IsDone => Answer.Status < 300;

    public override string ToString() => $"{Ask.Verb} {Ask.Path} {Ask.Body} under {Ask.Key} was answered {Answer.Status} {Answer.Text}";
}

/// <summary>An entry of the book as the API shows it.</summary>
internal sealed record BookEntry(long Number, string Stream, string Type, JsonElement Data, long At, string? Request);

/// <summary>
/// Plays the book to the oracle, entry by entry in the book's order, and asks it for each answer that was given: for one that appended entries
/// at exactly these entries; for one that appended none (a refusal, a check, a repeat) anywhere between the entries that were certain when
/// it began and those of requests that began after it ended. What no moment explains is a fault.
/// </summary>
internal sealed class OracleReplay
{
    private static readonly HashSet<string> s_said = ["title", "detail", "retryable", "requestId", "terms"];

    private readonly Oracle oracle;
    private readonly Dictionary<string, Run> appending;
    private readonly Queue<(Run Run, long From, long To)> coming;
    private readonly Dictionary<Run, (long From, long To)> bounds = [];
    private readonly List<(Run Run, long From, long To, string Said)> open = [];
    private List<BookEntry> group = [];

    public OracleReplay(Oracle oracle, IReadOnlyList<Run> runs, IReadOnlyList<BookEntry> entries)
    {
        this.oracle = oracle;
        var places = entries.Where(entry => entry.Request is not null).GroupBy(entry => entry.Request!, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => (First: group.Min(entry => entry.Number), Last: group.Max(entry => entry.Number)), StringComparer.Ordinal);
        appending = runs.Where(run => run.IsDone && run.Ask.Verb != Verb.Check && !run.Answer.IsReplayed && places.ContainsKey(run.Ask.Key)).ToDictionary(run => run.Ask.Key, StringComparer.Ordinal);
        Place(runs, places);
        foreach (var (run, (from, to)) in bounds.Where(bound => appending.ContainsValue(bound.Key)))
        {
            var (first, last) = places[run.Ask.Key];
            Assert.True(first > from && last <= to, $"Entries {first} to {last} stand outside {from} to {to}, where they can: {run}");
        }

        coming = new(runs.Where(run => appending.GetValueOrDefault(run.Ask.Key) != run).Select(run => (run, bounds[run].From, bounds[run].To)).OrderBy(run => run.From));
    }

    /// <summary>How often an answer without entries was explained, and how many moments were tried for that.</summary>
    public int Explained { get; private set; }

    public int Tried { get; private set; }

    /// <summary>Plays entries that come next. Those of one request stand together.</summary>
    public void Play(IEnumerable<BookEntry> entries)
    {
        foreach (var entry in entries)
        {
            if (group.Count > 0 && (entry.Request is null || entry.Request != group[0].Request)) Step();
            group.Add(entry);
        }

        if (group.Count > 0) Step();
    }

    public void AssertAllExplained()
    {
        Explain(long.MaxValue);
        Assert.True(open.Count == 0 && coming.Count == 0, string.Join('\n', open.Select(one => $"{one.Run}\n  which {one.Said}")));
    }

    /// <summary>The body without words for people, to compare.</summary>
    public static JsonNode? Bare(JsonNode? body)
    {
        if (body is not JsonObject members) return body;
        foreach (var name in s_said) members.Remove(name);
        if (members["problem"] is { } problem) Bare(problem);
        return members;
    }

    // From: the last entry that was certainly there before. To: the last that may have been there.
    private void Place(IReadOnlyList<Run> runs, Dictionary<string, (long First, long Last)> places)
    {
        var ended = appending.Values.Select(run => (run.Ended, places[run.Ask.Key].Last)).OrderBy(run => run.Ended).ToList();
        var begun = appending.Values.Select(run => (run.Begun, places[run.Ask.Key].First)).OrderByDescending(run => run.Begun).ToList();
        var (next, from) = (0, 0L);
        foreach (var run in runs.OrderBy(run => run.Begun))
        {
            for (; next < ended.Count && ended[next].Ended < run.Begun; next++) from = Math.Max(from, ended[next].Last);
            bounds[run] = (from, 0);
        }

        var to = long.MaxValue;
        next = 0;
        foreach (var run in runs.OrderByDescending(run => run.Ended))
        {
            for (; next < begun.Count && begun[next].Begun > run.Ended; next++) to = Math.Min(to, begun[next].First - 1);
            bounds[run] = (bounds[run].From, to);
        }
    }

    private void Step()
    {
        Explain(group[0].Number - 1);
        var first = group[0];
        if (first.Request is null)
        {
            if (first.Stream.StartsWith("coupon-", StringComparison.Ordinal) || first.Stream.StartsWith("points-", StringComparison.Ordinal))
                Assert.True(oracle.TryClock(first.Stream, first.Type, first.Data, first.At), $"The clock had no right to {first.Type} of {first.Stream} in entry {first.Number}.");
        }
        else if (appending.TryGetValue(first.Request, out var run))
        {
            string[] times = [.. group.Select(entry => entry.Data.TryGetProperty("at", out var at) ? at.GetString() : null).OfType<string>()];
            var (expected, said) = Find(run, [.. times.Select(Json.Parse)], group);
            Assert.True(expected is not null, $"Entry {first.Number}: {run}\n  which {said}");
            expected.Apply();
        }
        else
        {
            Assert.True(IsSetUp(first), $"Entry {first.Number} of {first.Stream} is nobody's: {first.Type} under {first.Request}.");
        }

        var at = group[^1].Number;
        group = [];
        while (coming.TryPeek(out var next) && next.From <= at)
        {
            coming.Dequeue();
            open.Add((next.Run, next.From, next.To, "was not asked for yet"));
        }

        // Those that leave something behind (a void of what is voided) come after those that only look.
        open.Sort((a, b) => a.Run.IsDone.CompareTo(b.Run.IsDone));
        for (var i = 0; i < open.Count; i++)
        {
            var (expected, said) = Find(open[i].Run, [], []);
            if (expected is null) open[i] = open[i] with { Said = said };
            else open.RemoveAt(i--);
            Explained += expected is null ? 0 : 1;
            expected?.Apply();
        }
    }

    private static bool IsSetUp(BookEntry entry) => entry.Stream.Split('-')[0] is not ("coupon" or "redemption" or "reversal" or "points" or "pointsspend" or "pointspurchase");

    /// <summary>Fails for answers that had to be explained by now.</summary>
    private void Explain(long at)
    {
        var late = open.Find(one => one.To < at);
        Assert.True(late.Run is null || at == long.MaxValue, $"No moment between entries {late.From} and {late.To} explains: {late.Run}\n  which {late.Said}");
    }

    /// <summary>What the oracle answers at some moment of the request's time; null where it never gives this answer.</summary>
    private (Expected? Expected, string Said) Find(Run run, IEnumerable<long> times, IReadOnlyList<BookEntry> entries)
    {
        var (said, given) = ("", Bare(JsonNode.Parse(run.Answer.Text)));
        var code = run.Ask.Verb == Verb.Issue && run.IsDone ? run.Answer.Said("code") : null;
        string[] appended = [.. entries.Select(entry => $"{entry.Stream} {entry.Type}").Order(StringComparer.Ordinal)];
        // The state turns with time where a hold or a validity ends, and nowhere else.
        var turns = run.Ask.Shown.Select(one => oracle.Coupons.GetValueOrDefault(one.Code.Split('-')[0])).OfType<OracleCoupon>().SelectMany(coupon => new[] { coupon.Hold?.Until ?? 0, coupon.Terms.To }).Concat(oracle.Points.Turns);
        foreach (var now in times.Concat([run.SentAt, run.ReceivedAt]).Concat(turns).Where(now => now >= run.SentAt && now <= run.ReceivedAt).Distinct())
        {
            Tried++;
            var expected = oracle.Answer(run.Ask, now, code);
            var body = JsonNode.Parse(expected.Body.ToJsonString());
            if (expected.Status == run.Answer.Status && expected.IsReplay == run.Answer.IsReplayed && JsonNode.DeepEquals(body, given)
                && appended.SequenceEqual(expected.Entries.Order(StringComparer.Ordinal), StringComparer.Ordinal))
                return (expected, "");
            // The first moment that is tried is the likeliest.
            if (said.Length == 0) said = $"at {Json.Time(now)} is {expected.Status} {body!.ToJsonString()} with {expected.Entries.Count} entries: {string.Join(", ", expected.Entries)}; the book has {string.Join(", ", appended)}";
        }

        return (null, said);
    }
}
