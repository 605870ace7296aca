using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Ledger.Tests.Proof;

/// <summary>
/// Clients that do whatever tills and merchants do, with coupons of their own and with some that all of them share, wrongly as often as rightly.
/// </summary>
internal sealed class OracleTraffic(Shop shop, IReadOnlyList<string> campaigns)
{
    private const int Members = 24;

    private readonly ConcurrentQueue<Run> runs = [];
    private readonly Pool shared = new();

    public IReadOnlyCollection<Run> Runs => runs;

    public string Summary => string.Join(", ", runs.CountBy(run => $"{run.Ask.Verb} {(run.Answer.Problem.Length > 0 ? run.Answer.Problem : run.Answer.IsReplayed ? "again" : "done")}", StringComparer.Ordinal)
        .OrderBy(count => count.Key, StringComparer.Ordinal).Select(count => $"{count.Value} × {count.Key}"));

    /// <summary>Issues the coupons that all clients share, and gives the members points.</summary>
    public async Task PrepareAsync(Random random)
    {
        for (var n = 0; n < 21; n++)
            await SendAsync(new Ask(Verb.Issue, Key("s", n), campaigns[n % campaigns.Count]) { Member = Member(random) }, shared);
        for (var n = 0; n < Members; n++)
            await SendAsync(new Ask(Verb.Earn, Key("e", n), Key("order", n)) { Member = Key("m", n), Amount = random.Next(1_000, 30_000) }, shared);
    }

    public async Task PlayAsync(Random random, int client, int asks)
    {
        var own = new Pool();
        for (var n = 0; n < asks; n++)
        {
            var key = Key($"c{client}", n);
            var ask = Next(random, key, random.Next(5) < 3 ? own : shared);
            if (random.Next(12) == 0) await Task.WhenAll(SendAsync(ask, own), SendAsync(ask, own));
            else await SendAsync(ask, random.Next(8) == 0 ? shared : own);
            own.Asked.Add(ask);
            // Holds of one second run out in such pauses.
            if (random.Next(25) == 0) await Task.Delay(random.Next(600));
        }
    }

    private static string Key(string client, int n) => string.Create(CultureInfo.InvariantCulture, $"{client}-{n}");

    private static string Member(Random random) => string.Create(CultureInfo.InvariantCulture, $"m-{random.Next(Members)}");

    private Ask Next(Random random, string key, Pool pool)
    {
        var kind = pool.Codes.Count == 0 ? 0 : random.Next(100);
        return kind switch
        {
            < 9 => Issue(),
            < 12 => new Ask(Verb.Earn, key, $"order-{key}") { Member = Member(random), Amount = random.Next(10, 9_000) },
            < 18 => new Ask(Verb.Check, key, Code().Code) { Amount = random.Next(1, 6000) },
            < 38 => Use(Verb.Redeem, key),
            < 52 => Use(Verb.Hold, key),
            < 62 when pool.Holds.Any(random) is { } hold => new Ask(Verb.Commit, key, hold),
            < 67 when pool.Holds.Any(random) is { } hold => new Ask(Verb.Release, key, hold),
            < 74 when pool.Sales.Any(random) is { } sale => new Ask(Verb.Void, key, sale.Id),
            < 85 when pool.Sales.Any(random) is { } sale => Return(sale),
            < 90 when pool.Asked.Any(random) is { } asked => new Ask(Verb.Reverse, key, asked.Key),
            < 92 => Overtake(),
            < 93 when pool.Overtaken.Any(random) is { } late => late,
            < 96 when pool.Asked.Any(random) is { } asked => asked,
            < 98 when pool.Asked.Any(random) is { Verb: Verb.Redeem or Verb.Hold } asked => asked with { Amount = asked.Amount + 1, Lines = null },
            98 => new Ask(Verb.Deactivate, key, Code().Code),
            _ => Use(Verb.Redeem, key),
        };

        (string Code, string Campaign, string Member) Code() => pool.Codes.Any(random)!;

        Ask Issue() => new(Verb.Issue, key, campaigns[random.Next(campaigns.Count)]) { Member = Member(random) };

        // The reversal goes first, and its request later, if at all.
        Ask Overtake()
        {
            var late = Use(random.Next(2) == 0 ? Verb.Redeem : Verb.Hold, $"{key}-late");
            pool.Overtaken.Add(late);
            return new(Verb.Reverse, key, late.Key);
        }

        Ask Use(Verb verb, string under)
        {
            List<(string Code, string Campaign, string Member)> shown = [Code()];
            while (random.Next(3) == 0) shown.Add(Code());
            shown = [.. shown.DistinctBy(one => one.Code, StringComparer.Ordinal)];
            var isAlone = shown.Count == 1;
            var uses = isAlone && random.Next(4) == 0 ? random.Next(1, 4) : 1;
            // Uses of a coupon come back from baskets of one line only: how the rest is rounded is for the properties of returns.
            OracleLine[]? lines = random.Next(2) == 0 || (isAlone && shown[0].Campaign is "thrice" or "brief" or "bundle") ? null
                : [.. Enumerable.Range(0, random.Next(1, 4)).Select(line => new OracleLine(random.Next(1, 4000), random.Next(1, 4), random.Next(2) == 0 ? null : $"goods-{line}"))];
            return new(verb, under, shown[0].Code)
            {
                Coupons = isAlone && uses == 1 && random.Next(4) > 0 ? [] : [.. shown.Select(one => (one.Code, uses))],
                Lines = lines,
                Amount = lines?.Sum(line => line.Amount) ?? random.Next(1, 9000),
                Seconds = random.Next(3) == 0 ? 900 : random.Next(1, 3),
                Stated = random.Next(10) switch { 0 => Member(random), < 4 => shown[0].Member, _ => null },
                Points = random.Next(5) < 2 ? (random.Next(8) == 0 ? Member(random) : shown[0].Member, random.Next(3) == 0 ? null : random.NextInt64(1, 900)) : null,
            };
        }

        Ask Return(Sold sale)
        {
            var (ask, line) = (new Ask(Verb.Return, key, sale.Id) { Keep = random.Next(6) == 0 }, random.Next(sale.Lines.Count));
            return random.Next(6) switch
            {
                0 => ask with { Uses = random.Next(1, 3) },
                1 when !sale.IsSplit => ask with { Items = [(line, null, null)] },
                2 when !sale.IsSplit && sale.IsAlone => ask with { Items = [(line, random.Next(1, 4), null)] },
                3 when !sale.IsSplit && sale.IsAlone => ask with { Items = [(line, null, random.NextInt64(1, sale.Lines[line]))] },
                4 when !sale.IsSplit => ask with { Items = [(sale.Lines.Count, null, 1)] },
                _ => ask,
            };
        }
    }

    private async Task SendAsync(Ask ask, Pool pool)
    {
        var (sentAt, begun) = (Json.Now, Stopwatch.GetTimestamp());
        var apiKey = ask.IsMerchants ? shop.MerchantKey : shop.TillKey;
        var answer = ask.Verb == Verb.Check ? await shop.Client.GetAsync(ask.Path, apiKey) : await shop.Client.PostAsync(ask.Path, ask.Body, apiKey, ask.Key);
        runs.Enqueue(new(ask, begun, Stopwatch.GetTimestamp(), sentAt, Json.Now, answer));
        if (answer.Status != 201 || answer.IsReplayed) return;
        if (ask.Verb == Verb.Issue) pool.Codes.Add((answer.Said("code"), ask.Target, ask.Member));
        if (ask.Verb == Verb.Hold) pool.Holds.Add(answer.Said("holdId"));
        if (ask.Verb is Verb.Redeem or Verb.Commit) pool.Sales.Add(Sold.Of(answer));
    }

    /// <summary>A redemption, as far as what may be returned goes.</summary>
    /// <param name="Lines">What each costs.</param>
    /// <param name="IsSplit">Several parties pay: it comes back as a whole, so that whose part is rounded how does not matter.</param>
    private sealed record Sold(string Id, IReadOnlyList<long> Lines, bool IsAlone, bool IsSplit)
    {
        public static Sold Of(Answer answer)
        {
            long[] lines = answer.Json.TryGetProperty("basket", out var basket)
                ? [.. basket.GetProperty("basket").GetProperty("lines").EnumerateArray().Select(line => line.GetProperty("amount").GetInt64())]
                : [answer["amount"].GetInt64()];
            string[] campaigns = answer.Json.TryGetProperty("coupons", out var coupons)
                ? [.. coupons.EnumerateArray().Select(coupon => coupon.GetProperty("campaign").GetString()!)]
                : [answer.Said("campaign")];
            var isAlone = campaigns.Length == 1 && !answer.Json.TryGetProperty("points", out _);
            return new(answer.Said("redemptionId"), [.. lines.Select(amount => amount + 1)], isAlone, campaigns.Contains("split", StringComparer.Ordinal));
        }
    }

    /// <summary>What a client may ask about.</summary>
    private sealed class Pool
    {
        public Bag<(string Code, string Campaign, string Member)> Codes { get; } = new();

        public Bag<string> Holds { get; } = new();

        public Bag<Sold> Sales { get; } = new();

        public Bag<Ask> Asked { get; } = new();

        public Bag<Ask> Overtaken { get; } = new();
    }

    /// <summary>Things that many add and draw; later ones are drawn more often, as they are at tills.</summary>
    private sealed class Bag<T>
    {
        private readonly List<T> items = [];

        public int Count
        {
            get
            {
                lock (items) return items.Count;
            }
        }

        public void Add(T item)
        {
            lock (items) items.Add(item);
        }

        public T? Any(Random random)
        {
            lock (items) return items.Count == 0 ? default : items[Math.Max(random.Next(items.Count), random.Next(items.Count))];
        }
    }
}
