using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Ledger.Benchmarks.Scenarios;

/// <summary>What users and their platform ask over HTTP, so many at once. A request without an answer, or with one of 500, stops the program.</summary>
internal sealed class NightCrowd(HttpClient http, string owner, string campaign)
{
    private const int AtOnce = 64;

    public static string UserOf(int number) => string.Create(CultureInfo.InvariantCulture, $"u-{number:D7}");

    public async Task<(int Status, JsonElement Body)> SendAsync(HttpMethod method, string path, object? body = null, string? key = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body, options: JsonSerializerOptions.Web) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key ?? owner);
        if (method == HttpMethod.Post) request.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture));
        using var answer = await http.SendAsync(request);
        var said = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return (int)answer.StatusCode < 500 ? ((int)answer.StatusCode, said) : throw new InvalidOperationException($"{path}: {said}");
    }

    public async Task<JsonElement> DoneAsync(string path, object? body = null, string? key = null)
    {
        var (status, said) = await SendAsync(HttpMethod.Post, path, body, key);
        return status is 200 or 201 ? said : throw new InvalidOperationException($"{path}: {said}");
    }

    public async Task<JsonElement> ReadAsync(string path)
    {
        var (status, said) = await SendAsync(HttpMethod.Get, path);
        return status == 200 ? said : throw new InvalidOperationException($"{path}: {said}");
    }

    /// <summary>Each of the items, and how many were done in a second.</summary>
    public static async Task<double> EachAsync<T>(IReadOnlyCollection<T> items, Func<T, Task> act)
    {
        var clock = Stopwatch.StartNew();
        await Parallel.ForEachAsync(items, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (item, _) => await act(item));
        return items.Count / clock.Elapsed.TotalSeconds;
    }

    public Task<double> OpenHandsAsync(int users) =>
        EachAsync([.. Enumerable.Range(0, users)], user => DoneAsync(PathOf("/hands"), new { user = UserOf(user) }));

    /// <summary>The first so many pairs of neighbours of whom one has to spare what the other lacks, or each has: a gift, or a swap.</summary>
    public async Task<(List<Exchange> Gifts, List<Exchange> Swaps)> PairsAsync(int users, int most)
    {
        var (gifts, swaps) = (new List<Exchange>(), new List<Exchange>());
        for (var from = 0; from + 1 < users && (gifts.Count < most || swaps.Count < most); from += 1_024)
        {
            var hands = new Dictionary<string, long>[Math.Min(1_024, users - from)];
            await EachAsync([.. Enumerable.Range(0, hands.Length)], async i => hands[i] = await CardsAsync(UserOf(from + i)));
            for (var i = 0; i + 1 < hands.Length; i += 2)
            {
                var (a, b) = (UserOf(from + i), UserOf(from + i + 1));
                var (give, want) = (Spare(hands[i], hands[i + 1]), Spare(hands[i + 1], hands[i]));
                if (give is not null && want is not null && swaps.Count < most) swaps.Add(new(a, b, give, want));
                else if (give is not null && gifts.Count < most) gifts.Add(new(a, b, give, null));
                else if (want is not null && gifts.Count < most) gifts.Add(new(b, a, want, null));
            }
        }

        return (gifts, swaps);
    }

    /// <summary>Two requests each; done when no card is on its way any more.</summary>
    /// <returns>Exchanges per second, to the last card's landing.</returns>
    public async Task<double> ExchangeAsync(List<Exchange> pairs)
    {
        var clock = Stopwatch.StartNew();
        await EachAsync(pairs, async pair =>
        {
            var number = (await DoneAsync(PathOf($"/hands/{pair.From}/offers"), new { type = pair.Give, want = pair.Want, to = pair.To })).GetProperty("exchange").GetInt64();
            var path = PathOf(string.Create(CultureInfo.InvariantCulture, $"/hands/{pair.From}/offers/{number}/"));
            if (pair.Want is null) await DoneAsync($"{path}take", new { by = pair.To });
            else await DoneAsync($"{path}answer", new { by = pair.To, type = pair.Want });
        });
        while ((await CardsAsync()).Any(sums => sums.GetProperty("onTheirWay").GetInt64() != 0)) await Task.Delay(50);
        return pairs.Count / clock.Elapsed.TotalSeconds;
    }

    /// <summary>Everybody tries; who has the five has a ticket.</summary>
    public async Task<(List<string> Winners, double PerSecond)> ComposeAsync(int users)
    {
        var winners = new List<string>();
        var rate = await EachAsync([.. Enumerable.Range(0, users)], async user =>
        {
            var (status, _) = await SendAsync(HttpMethod.Post, PathOf($"/hands/{UserOf(user)}/compose"));
            if (status != 200) return;
            lock (winners) winners.Add(UserOf(user));
        });
        return (winners, rate);
    }

    /// <returns>What was won in all, and claims per second.</returns>
    public async Task<(long Amount, double PerSecond)> ClaimAsync(List<string> winners)
    {
        var amount = 0L;
        var rate = await EachAsync(winners, async user =>
        {
            var claimed = await DoneAsync(PathOf($"/hands/{user}/claim"), new { account = $"account-{user}" });
            Interlocked.Add(ref amount, claimed.GetProperty("prize").GetProperty("amount").GetInt64());
        });
        return (amount, rate);
    }

    /// <summary>What became of the cards of each type; none is lost or doubled.</summary>
    public async Task<IReadOnlyList<JsonElement>> CardsAsync()
    {
        IReadOnlyList<JsonElement> cards = [.. (await ReadAsync(PathOf("/cards"))).EnumerateArray()];
        return cards.All(sums => sums.GetProperty("difference").GetInt64() == 0) ? cards : throw new InvalidOperationException($"Cards were lost or doubled: {string.Join(", ", cards)}");
    }

    public string PathOf(string what) => $"/v1/fu-campaigns/{campaign}{what}";

    private async Task<Dictionary<string, long>> CardsAsync(string user) => (await ReadAsync(PathOf($"/hands/{user}"))).GetProperty("cards").EnumerateArray()
        .ToDictionary(held => held.GetProperty("type").GetString()!, held => held.GetProperty("count").GetInt64(), StringComparer.Ordinal);

    private static string? Spare(Dictionary<string, long> mine, Dictionary<string, long> theirs) => mine.Where(held => held.Value > 1 && !theirs.ContainsKey(held.Key)).Select(held => held.Key).FirstOrDefault();
}

/// <param name="Want">Null: a gift.</param>
internal sealed record Exchange(string From, string To, string Give, string? Want);
