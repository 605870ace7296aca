using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Ledger.Samples.SpringFestival;

/// <summary>A campaign from its draft to its end, and the comparison of what it came to with <c>expected.json</c>.</summary>
internal sealed class Festival(Options options, Wire wire, TextWriter output)
{
    public const string Campaign = "spring";
    public static readonly string[] Five = ["1001", "1002", "1003", "1004", "1005"];
    public static readonly string[] Shops = ["noodles", "tea", "bakery", "stall"];

    private const string Wild = "wild";
    private const long Pot = 88_800;
    private const int BeaconRound = 1_000;

    /// <summary>About as many requests as the crowd sends, most of them several at a time.</summary>
    private const int Requests = 400;

    private static readonly string[] s_names = ["dedication", "patriotism", "prosperity", "harmony", "friendliness"];

    private readonly SortedDictionary<string, long> totals = new(StringComparer.Ordinal);

    /// <summary>A mark of this festival in the names of its merchants: a ledger may have many.</summary>
    private readonly string run = $"fest-{DateTimeOffset.UtcNow.ToUnixTimeMilliseconds():x}";

    private bool isSound = true;

    private string Owner => $"{run}-platform";

    private static string PathOf(string what = "") => $"/v1/fu-campaigns/{Campaign}{what}";

    /// <returns>Whether every total is as expected and both verifiers agree.</returns>
    public async Task<bool> PlayAsync()
    {
        await SayAsync($"Four shops and their coupons, of {Owner}'s festival at {options.Url}");
        var (opensAt, deadline) = await PrepareAsync();
        var crowd = new Crowd(wire, Owner, ShopOf, totals, output);

        await UntilAsync(opensAt);
        try
        {
            await SayAsync("The campaign is open. Users scan, play, and visit the shops");
            await crowd.CollectAsync();
            await SayAsync("Gifts, swaps, and cards for those who beg");
            await crowd.ExchangeAsync();
            await crowd.AtRestAsync();
            await SayAsync("Wild cards are used and fives composed");
            await crowd.ComposeAsync();
        }
        catch (CalledOffException) when (DateTimeOffset.UtcNow >= deadline)
        {
            throw new CalledOffException("the deadline came too soon; name a longer --open.");
        }

        await UntilAsync(deadline);
        await crowd.ComeLateAsync();
        var page = await ReachAsync("sealed");
        await SayAsync($"Sealed: {page.Number("participants")} tickets under the Merkle root {page.Text("merkleRoot")}");
        totals["tickets"] = page.Number("participants");
        // The dice of this sample stand for the public beacon: its signature is any bytes, and nobody knew them before the deadline.
        var signature = Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(96));
        var revealed = await wire.DoneAsync(PathOf("/reveal"), new() { ["round"] = BeaconRound, ["signature"] = signature }, Owner);
        await SayAsync($"Revealed: the seed {revealed.Text("seed")} is what {page.Text("seedHash")} promised");
        await ReachAsync("paying");
        var prizes = await crowd.ClaimAsync();
        await SayAsync($"{prizes.Count} prizes claimed, from {Money(prizes.Min())} to {Money(prizes.Max())}");
        await VerifyAsync(page, signature);
        if (options.Claims > 0) await EndAsync(prizes);
        await BooksAsync();
        return await CompareAsync();
    }

    public static string Money(long amount) => string.Create(CultureInfo.InvariantCulture, $"{amount / 100}.{amount % 100:00}");

    private string ShopOf(string name) => $"{run}-{name}";

    private async Task<(DateTimeOffset OpensAt, DateTimeOffset Deadline)> PrepareAsync()
    {
        var times = new List<double>();
        await AskAsync("/v1/merchants", new() { ["id"] = Owner, ["name"] = "The festival's platform" }, null);
        foreach (var name in Shops)
        {
            await AskAsync("/v1/merchants", new() { ["id"] = ShopOf(name), ["name"] = name }, null);
            // The stall agrees to no coupon, and of the tea house's there are two.
            if (name == "stall") continue;
            var terms = new JsonObject
            {
                ["benefit"] = new JsonObject { ["kind"] = "fixedAmount", ["off"] = 500 },
                ["minimumSpend"] = 3_000,
                ["validity"] = new JsonObject { ["windowStart"] = Time(DateTimeOffset.UtcNow.AddDays(-1)), ["windowEnd"] = Time(DateTimeOffset.UtcNow.AddDays(30)) },
            };
            await AskAsync("/v1/campaigns", new() { ["id"] = "lantern", ["name"] = "Five off thirty", ["quota"] = name == "tea" ? 2 : 100, ["terms"] = terms }, ShopOf(name));
            await AskAsync("/v1/campaigns/lantern/submit", null, ShopOf(name));
            await AskAsync("/v1/campaigns/lantern/approve", null, ShopOf(name));
            await AskAsync("/v1/fu-participations", new() { ["owner"] = Owner, ["campaign"] = Campaign, ["couponCampaign"] = "lantern" }, ShopOf(name));
        }

        times.Sort();
        var seconds = options.Open ?? Math.Clamp((int)(1.5 * Requests * times[times.Count / 2]), 5, 120);
        var opensAt = DateTimeOffset.UtcNow.AddSeconds(3);
        var deadline = opensAt.AddSeconds(seconds);
        await wire.DoneAsync("/v1/fu-campaigns", Draft(opensAt, deadline), Owner);
        var committed = await wire.DoneAsync(PathOf("/commit"), null, Owner);
        if (DateTimeOffset.UtcNow >= opensAt) throw new CalledOffException("the campaign opened while it was committed; try again.");
        await SayAsync($"Committed, {seconds} s from opening to deadline: seed hash {committed.Text("seedHash")}, digest {committed.Text("digest")}");
        foreach (var (name, quota, perDay) in ((string, int, int?)[])[("noodles", 100, null), ("tea", 100, null), ("bakery", 100, 4), ("stall", 2, null)])
        {
            var issue = new JsonObject { ["merchant"] = ShopOf(name), ["quota"] = quota };
            if (perDay is not null) issue["perDay"] = perDay;
            await wire.DoneAsync(PathOf("/issues"), issue, Owner);
        }

        return (opensAt, deadline);

        async Task AskAsync(string path, JsonObject? body, string? merchant)
        {
            var start = Stopwatch.GetTimestamp();
            await wire.DoneAsync(path, body, merchant);
            times.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
    }

    /// <summary>Scans and shops give any of the five at odds that are published; games and lanterns give what they say.</summary>
    private JsonObject Draft(DateTimeOffset opensAt, DateTimeOffset deadline) => new()
    {
        ["id"] = Campaign,
        ["name"] = "A small Spring Festival",
        ["types"] = new JsonArray([.. Five.Zip(s_names, Type), Type(Wild, "ten thousand powers", "wild")]),
        ["sources"] = new JsonArray(
            [
                Source("scan", [24, 24, 24, 24, 4, 0]), Source("shops", [24, 24, 24, 24, 4, 0], isOfMerchants: true), Source("lantern", [0, 0, 0, 0, 0, 1]),
                .. Five.Select((code, i) => Source($"game-{code}", [.. Enumerable.Range(0, 6).Select(j => i == j ? 1 : 0)])),
            ]),
        ["opensAt"] = Time(opensAt),
        ["deadline"] = Time(deadline),
        ["claimsUntil"] = Time(deadline.AddSeconds(options.Claims > 0 ? options.Claims : 3_600)),
        ["pot"] = new JsonObject { ["amount"] = Pot, ["minimum"] = 20, ["weight"] = "exponential" },
        ["beaconChain"] = "dice-of-the-sample",
        ["beaconRound"] = BeaconRound,
        ["shards"] = 2,
    };

    private static JsonObject Type(string code, string name) => Type(code, name, "five");

    private static JsonObject Type(string code, string name, string kind) => new() { ["code"] = code, ["name"] = name, ["kind"] = kind };

    private static JsonObject Source(string name, int[] weights, bool isOfMerchants = false) =>
        new() { ["name"] = name, ["weights"] = new JsonArray([.. weights.Select(weight => (JsonNode)weight)]), ["isOfMerchants"] = isOfMerchants };

    /// <summary>Waits until the service has taken the campaign to a state: it looks every second.</summary>
    private async Task<Reply> ReachAsync(string status)
    {
        for (var tries = 0; tries < 600; tries++)
        {
            var page = await wire.GetAsync(PathOf(), Owner);
            if (page.Text("status") == status) return page;
            await Task.Delay(100);
        }

        throw new CalledOffException($"the campaign is not {status} after a minute.");
    }

    private async Task VerifyAsync(Reply page, string signature)
    {
        await wire.SaveAsync(PathOf("/proof"), Owner, options.Proof);
        string[] known = ["--commitment", page.Text("digest"), "--root", page.Text("merkleRoot"), "--beacon", $"{BeaconRound}:{signature}"];
        var (cli, script) = (Path.Combine(AppContext.BaseDirectory, "Ledger.Cli.dll"), Path.Combine(AppContext.BaseDirectory, "spring-festival", "verify.py"));
        await SayAsync($"The proof is in {options.Proof}; two verifiers recompute it");
        await CheckAsync("ledger audit draw-verify", "dotnet", [cli, "audit", "draw-verify", options.Proof, .. known]);
        try
        {
            await CheckAsync("samples/fu-verifier", "python3", [script, options.Proof, .. known]);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            await output.WriteLineAsync("  samples/fu-verifier was not run: there is no python3.");
        }

        foreach (var line in File.ReadLines(options.Proof).Skip(1).Select(line => JsonNode.Parse(line)!))
        {
            if (line["ticket"] is not null) (totals["proof/tickets"], totals["proof/prizes"]) = (totals.GetValueOrDefault("proof/tickets") + 1, totals.GetValueOrDefault("proof/prizes") + (long)line["amount"]!);
            else Add($"proof/draws/{(string)line["source"]!}");
        }
    }

    private async Task CheckAsync(string name, string program, string[] args)
    {
        var (code, said) = await Wire.RunAsync(program, args);
        isSound &= code == 0;
        await output.WriteLineAsync($"  {name}: {(code == 0 ? "agrees" : $"DISAGREES ({code})")}\n    {said.ReplaceLineEndings("\n    ")}");
    }

    private async Task EndAsync(IReadOnlyList<long> prizes)
    {
        await SayAsync("What nobody claims lapses at the end of the claims");
        var end = (await ReachAsync("closed")).Body!["end"]!;
        (totals["claimed"], totals["claimed and lapsed"]) = ((long)end["claimed"]!, (long)end["claimedAmount"]! + (long)end["lapsed"]!);
        if ((long)end["claimedAmount"]! != prizes.Sum()) await DifferAsync("claimed amount", prizes.Sum(), (long)end["claimedAmount"]!);
    }

    /// <summary>The service's books: of each type against the proof, the rest into the totals.</summary>
    private async Task BooksAsync()
    {
        var drawn = File.ReadLines(options.Proof).Skip(1).Select(line => JsonNode.Parse(line)!).Where(line => line["type"] is not null)
            .GroupBy(line => (string)line["type"]!, StringComparer.Ordinal).ToDictionary(lines => lines.Key, lines => (long)lines.Count(), StringComparer.Ordinal);
        await output.WriteLineAsync("\n  type   minted  owned  composed  consumed");
        var fromWild = 0L;
        foreach (var sums in (await wire.GetAsync(PathOf("/cards"), Owner)).Body!.AsArray())
        {
            var (type, minted) = ((string)sums!["type"]!, (long)sums["minted"]!);
            await output.WriteLineAsync($"  {type,-5}{minted,8}{(long)sums["owned"]!,7}{(long)sums["composed"]!,10}{(long)sums["consumed"]!,10}");
            fromWild += minted - drawn.GetValueOrDefault(type);
            if ((long)sums["difference"]! != 0) await DifferAsync($"cards {type} lost or doubled", 0, (long)sums["difference"]!);
            if ((long)sums["escrowed"]! + (long)sums["onTheirWay"]! != 0) await DifferAsync($"cards {type} in no hand", 0, (long)sums["escrowed"]! + (long)sums["onTheirWay"]!);
            foreach (var fate in (string[])["composed", "consumed", "lapsed"]) totals[$"cards/{type}/{fate}"] = (long)sums[fate]!;
            Add("cards/minted", minted);
            Add("cards/owned at the end", (long)sums["owned"]!);
        }

        totals["cards/minted for a wild card"] = fromWild;
        foreach (var shop in Shops) totals[$"issues/{shop}"] = (await wire.GetAsync(PathOf($"/issues/{ShopOf(shop)}"), Owner)).Number("issued");
    }

    private async Task<bool> CompareAsync()
    {
        var expected = JsonNode.Parse(await File.ReadAllTextAsync(options.Expected))!.AsObject().ToDictionary(pair => pair.Key, pair => (long)pair.Value!, StringComparer.Ordinal);
        // Only at the end of the claims it is known what was claimed in all.
        if (options.Claims == 0) foreach (var name in (string[])["claimed", "claimed and lapsed"]) expected.Remove(name);
        await SayAsync($"{expected.Count} totals, as they are and as they should be");
        foreach (var name in expected.Keys.Union(totals.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            var (should, is_) = (expected.GetValueOrDefault(name, -1), totals.GetValueOrDefault(name, expected.ContainsKey(name) ? 0 : -1));
            if (!expected.ContainsKey(name) || should != is_) await DifferAsync(name, should, is_);
            else await output.WriteLineAsync($"  {name,-44}{is_,8}");
        }

        await SayAsync(isSound ? "Every total is as expected." : "THE TOTALS ARE NOT AS EXPECTED.");
        return isSound;
    }

    private async Task DifferAsync(string name, long should, long is_)
    {
        isSound = false;
        await output.WriteLineAsync($"  {name,-44}{is_,8}  NOT {(should < 0 ? "expected at all" : $"{should}")}");
    }

    private void Add(string name, long number = 1) => totals[name] = totals.GetValueOrDefault(name) + number;

    private async Task SayAsync(string line) => await output.WriteLineAsync($"\n{line}");

    private static Task UntilAsync(DateTimeOffset at) => at - DateTimeOffset.UtcNow is { Ticks: > 0 } wait ? Task.Delay(wait + TimeSpan.FromMilliseconds(20)) : Task.CompletedTask;

    private static string Time(DateTimeOffset at) => at.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
