using System.Text.Json.Nodes;

namespace Ledger.Samples.SpringFestival;

/// <summary>
/// The users. What they do is fixed; which cards scans and shops give is not, so that whoever composes counts on games alone, whose cards are certain.
/// <code>
/// 1 to 6     one card of each game and a second 1005, and two scans
/// 7 to 10    four games and a lantern: the wild card
/// 11 to 14   four games; 1 to 4 give them the fifth
/// 15 to 18   swap in pairs
/// 19, 20     four games; 5 and 6 answer their begging; 19 does not claim, 20 leaves before the draw
/// 21, 22     offer a card that nobody takes
/// 23         gives one card to whoever is first of eight
/// 24 to 36   three scans, and a visit to each shop
/// </code>
/// </summary>
internal sealed class Crowd(Wire wire, string owner, Func<string, string> shopOf, SortedDictionary<string, long> totals, TextWriter output)
{
    private const int Users = 36;
    private const int AtOnce = 8;

    /// <summary>Cards that each shop comes to give, whoever comes: its cap or quota, or one for each visitor.</summary>
    private static readonly long[] s_gives = [13, 13, 4, 2];

    private readonly Lock gate = new();

    /// <summary>Cards of shops: the user, the number of the draw, the shop.</summary>
    private readonly List<(int User, long Index, string Shop)> carried = [];

    public async Task CollectAsync()
    {
        await EachAsync(Enumerable.Range(1, Users), async user =>
        {
            await DoneAsync("", new() { ["user"] = NameOf(user) });
            Count("hands");
            foreach (var (source, n) in Sources(user).Select((source, n) => (source, n))) await DoneAsync($"/{NameOf(user)}/draws", new() { ["source"] = source, ["ref"] = $"{NameOf(user)}-{n}" });
        });
        // A reference brings one card, whoever sends it.
        await RefusedAsync("25/draws", new() { ["source"] = "scan", ["ref"] = $"{NameOf(24)}-0" }, "source-ref-reused");
        foreach (var shop in Festival.Shops) await EachAsync(Enumerable.Range(24, 13), user => VisitAsync(user, shop));
        await EachAsync(carried, async card =>
        {
            var (coupon, path) = (new Reply(0, null), $"/v1/fu-campaigns/{Festival.Campaign}/hands/{NameOf(card.User)}/draws/{card.Index}/coupon?merchant={shopOf(card.Shop)}");
            for (var tries = 0; tries < 300 && coupon.Text("code").Length + coupon.Text("reason").Length == 0; tries++)
            {
                if (tries > 0) await Task.Delay(50);
                coupon = await wire.GetAsync(path, owner);
            }

            Count(coupon.Text("code").Length > 0 ? $"coupons/{card.Shop}/issued" : $"coupons/{card.Shop}/{coupon.Text("reason")}");
        });
        await output.WriteLineAsync($"  {carried.Count} cards of shops, with their coupons as far as these last.");
    }

    public async Task ExchangeAsync()
    {
        await RefusedAsync("11/compose", null, "missing-types");
        await RefusedAsync("15/offers", new() { ["type"] = "1001", ["to"] = NameOf(15) }, "self-exchange");
        await RefusedAsync("24/offers", new() { ["type"] = "wild" }, "card-not-owned");
        for (var i = 0; i < 4; i++)
        {
            var given = await DoneAsync($"/{NameOf(1 + i)}/offers", new() { ["type"] = "1005", ["to"] = NameOf(11 + i) });
            if (i == 0) await RefusedAsync($"1/offers/{given.Number("exchange")}/take", new() { ["by"] = NameOf(24) }, "gift-is-for-another");
            await DoneAsync($"/{NameOf(1 + i)}/offers/{given.Number("exchange")}/take", new() { ["by"] = NameOf(11 + i) });
            Count("gifts");
        }

        for (var i = 15; i < 18; i += 2)
        {
            var offered = await DoneAsync($"/{NameOf(i)}/offers", new() { ["type"] = "1001", ["want"] = "1005" });
            await DoneAsync($"/{NameOf(i)}/offers/{offered.Number("exchange")}/answer", new() { ["by"] = NameOf(i + 1), ["type"] = "1005" });
            Count("swaps");
        }

        for (var i = 0; i < 2; i++)
        {
            var begged = await DoneAsync($"/{NameOf(19 + i)}/begs", new() { ["type"] = "1005" });
            await DoneAsync($"/{NameOf(19 + i)}/begs/{begged.Number("exchange")}/fulfil", new() { ["by"] = NameOf(5 + i), ["type"] = "1005" });
            Count("begs fulfilled");
        }

        // In escrow until the deadline, when they come back by themselves.
        await DoneAsync($"/{NameOf(21)}/offers", new() { ["type"] = "1001" });
        await DoneAsync($"/{NameOf(22)}/offers", new() { ["type"] = "1001", ["want"] = "wild" });
        await RefusedAsync("21/offers", new() { ["type"] = "1001" }, "card-in-escrow");
        var race = await DoneAsync($"/{NameOf(23)}/offers", new() { ["type"] = "1002" });
        var taken = await Task.WhenAll(Enumerable.Range(24, 8).Select(user => PostAsync($"/{NameOf(23)}/offers/{race.Number("exchange")}/take", new() { ["by"] = NameOf(user) })));
        foreach (var answer in taken) Count(answer.IsDone ? "gifts" : $"refused/{answer.Problem}");
        await output.WriteLineAsync($"  Eight tried to take one card: {taken.Count(answer => answer.IsDone)} has it, {taken.Count(answer => answer.Problem == "card-taken")} are told that it is gone.");
    }

    /// <summary>Waits until no card is on its way. At every look none is lost or doubled.</summary>
    public async Task AtRestAsync()
    {
        for (var tries = 0; tries < 600; tries++)
        {
            var cards = (await wire.GetAsync($"/v1/fu-campaigns/{Festival.Campaign}/cards", owner)).Body!.AsArray();
            if (cards.Any(sums => (long)sums!["difference"]! != 0)) throw new CalledOffException($"cards were lost or doubled: {cards.ToJsonString()}");
            if (cards.All(sums => (long)sums!["onTheirWay"]! == 0)) return;
            await Task.Delay(50);
        }

        throw new CalledOffException("cards are still on their way after half a minute.");
    }

    public async Task ComposeAsync()
    {
        await RefusedAsync("7/wild", new() { ["type"] = "1001" }, "type-already-held");
        await EachAsync(Enumerable.Range(7, 4), user => DoneAsync($"/{NameOf(user)}/wild", new() { ["type"] = "1005" }));
        await EachAsync(Enumerable.Range(1, 20), user => DoneAsync($"/{NameOf(user)}/compose", null));
        await RefusedAsync("1/compose", null, "already-composed");
        await DoneAsync($"/{NameOf(20)}/leave", null);
        await output.WriteLineAsync("  20 tickets. User 20 leaves for good; the prize will lapse.");
    }

    public Task ComeLateAsync() => RefusedAsync("24/draws", new() { ["source"] = "scan", ["ref"] = "too-late" }, "fu-campaign-is-sealed");

    /// <returns>The prizes of users 1 to 18.</returns>
    public async Task<IReadOnlyList<long>> ClaimAsync()
    {
        var prizes = new List<long>();
        await EachAsync(Enumerable.Range(1, 18), async user =>
        {
            var claim = await PostAsync($"/{NameOf(user)}/claim", new() { ["account"] = $"account-{user}" });
            // The campaign pays, and a shard of it a moment later.
            for (var tries = 0; tries < 100 && claim.Problem == "prizes-not-out"; tries++)
            {
                await Task.Delay(100);
                claim = await PostAsync($"/{NameOf(user)}/claim", new() { ["account"] = $"account-{user}" });
            }

            if (!claim.IsDone) throw new CalledOffException($"{NameOf(user)} claims: {claim.Body?.ToJsonString()}");
            lock (gate) prizes.Add((long)claim.Body!["prize"]!["amount"]!);
        });
        Count("prizes claimed", prizes.Count);
        await RefusedAsync("1/claim", new() { ["account"] = "another" }, "prize-already-claimed");
        await RefusedAsync("20/claim", new() { ["account"] = "account-20" }, "hand-is-closed");
        await RefusedAsync("24/claim", new() { ["account"] = "account-24" }, "no-ticket");
        return prizes;
    }

    private static string NameOf(int user) => $"u-{user:00}";

    private static string[] Sources(int user)
    {
        string[] four = ["game-1001", "game-1002", "game-1003", "game-1004"];
        return user switch
        {
            <= 6 => [.. four, "game-1005", "game-1005", "scan", "scan"],
            <= 10 => [.. four, "lantern"],
            15 or 17 => [.. four, "game-1001"],
            16 or 18 => [.. four[1..], "game-1005", "game-1005"],
            <= 20 => four,
            <= 22 => ["game-1001"],
            23 => ["game-1002"],
            _ => ["scan", "scan", "scan"],
        };
    }

    /// <summary>A share of a shop's cards may be on its way: who is refused comes again as long as the shop has not given all.</summary>
    private async Task VisitAsync(int user, string shop)
    {
        var gives = s_gives[Array.IndexOf(Festival.Shops, shop)];
        for (var tries = 0; tries < 300; tries++)
        {
            var visit = await PostAsync($"/{NameOf(user)}/draws", new() { ["source"] = "shops", ["ref"] = $"{NameOf(user)}-{shop}", ["merchant"] = shopOf(shop) });
            if (visit.IsDone)
            {
                lock (gate) carried.Add((user, visit.Number("draws"), shop));
                return;
            }

            if (visit.Problem != "merchant-quota-exhausted") throw new CalledOffException($"{NameOf(user)} at {shop}: {visit.Body?.ToJsonString()}");
            if ((await wire.GetAsync($"/v1/fu-campaigns/{Festival.Campaign}/issues/{shopOf(shop)}", owner)).Number("issued") >= gives)
            {
                Count($"refused/{visit.Problem}");
                return;
            }

            await Task.Delay(50);
        }

        throw new CalledOffException($"{shop} does not give its {gives} cards.");
    }

    private Task<Reply> PostAsync(string path, JsonObject? body) => wire.PostAsync($"/v1/fu-campaigns/{Festival.Campaign}/hands{path}", body, owner);

    private Task<Reply> DoneAsync(string path, JsonObject? body) => wire.DoneAsync($"/v1/fu-campaigns/{Festival.Campaign}/hands{path}", body, owner);

    /// <param name="path">Begins with the user's number.</param>
    private async Task RefusedAsync(string path, JsonObject? body, string problem)
    {
        var slash = path.IndexOf('/', StringComparison.Ordinal);
        var answer = await PostAsync($"/{NameOf(int.Parse(path[..slash]))}{path[slash..]}", body);
        if (answer.Problem != problem) throw new CalledOffException($"{path} should be refused as {problem}: {answer.Status} {answer.Body?.ToJsonString()}");
        Count($"refused/{problem}");
    }

    private void Count(string what, long number = 1)
    {
        lock (gate) totals[what] = totals.GetValueOrDefault(what) + number;
    }

    private static Task EachAsync<T>(IEnumerable<T> items, Func<T, Task> act) =>
        Parallel.ForEachAsync(items, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (item, _) => await act(item));
}
