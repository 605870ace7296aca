using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Ledger.Samples;

/// <summary>A shop's day: it opens, sells at three tills with everything that goes wrong there, takes goods back, and compares.</summary>
internal sealed class Day(Options options, Wire wire, TextWriter output, TextWriter progress)
{
    private static readonly string[] s_campaigns = ["five-off-thirty", "tenth-off", "three-off"];

    private readonly Random random = new(options.Seed);
    private readonly Ledgers notes = new();
    private readonly List<Till> tills = [];

    /// <summary>Coupons that a dead till had on hold; their holders come again in the evening.</summary>
    private readonly ConcurrentQueue<Slip> stranded = [];

    /// <summary>A mark of this day in everything that it names: the same merchant may have many days.</summary>
    private readonly string run = $"day-{DateTimeOffset.UtcNow.ToUnixTimeMilliseconds():x}";

    /// <summary>Null: the key is the merchant's own.</summary>
    private string? merchant;

    private string Store => $"{run}-shop";

    /// <returns>Whether notes and books are equal.</returns>
    public async Task<bool> PlayAsync()
    {
        await progress.WriteLineAsync($"Opening {Store} at {options.Url} ...");
        await OpenAsync();
        await progress.WriteLineAsync($"Issuing {options.Coupons} coupons ...");
        var slips = await IssueAsync();

        await SayAsync($"Morning. Three tills open; {slips.Count} customers hold coupons.");
        var (morning, raced) = (slips[..^(slips.Count / 6)], slips[^(slips.Count / 6)..]);
        await progress.WriteLineAsync("Selling ...");
        var told = await Task.WhenAll(tills.Select((till, i) => new Counter(till, notes, stranded, new Random(options.Seed + i), [.. morning.Where((_, n) => n % tills.Count == i)]).SellAsync()));
        foreach (var line in told.SelectMany(lines => lines)) await output.WriteLineAsync($"  {line}");

        await SayAsync($"Noon. {raced.Count} couples try the same coupon at two tills at once.");
        foreach (var slip in raced) await RaceAsync(slip);

        await progress.WriteLineAsync("Returns and voids ...");
        await SayAsync("Afternoon. Goods come back, and mistakes are undone.");
        await UndoAsync();

        await progress.WriteLineAsync("Guests ...");
        await SayAsync("Later. The line is down at two tills, and guests come with coupons that were given or sold to them, and with points.");
        var guests = new Guests(run, Store, tills, notes, (path, body) => OfficeAsync(path, body), AskAsync, output);
        await guests.OfflineAsync();
        await guests.GiftAsync();
        await guests.SoldAsync();
        await guests.PointsAsync();

        await SayAsync($"Evening. {stranded.Count} customers whose till had died come again.");
        await ComeAgainAsync();

        await progress.WriteLineAsync("Comparing ...");
        var isEqual = await new Evening(options, wire, notes, merchant, Store, [.. s_campaigns.Select(CampaignOf), .. guests.Campaigns], tills, [.. slips, .. guests.Slips], output)
            .CompareAsync(guests.CompareAsync);
        await output.WriteLineAsync("\nAn auditor asks: dotnet run --project src/Ledger.Cli -- audit verify");
        return isEqual;
    }

    private string CampaignOf(string name) => $"{run}-{name}";

    private async Task OpenAsync()
    {
        var opened = await OfficeAsync("/v1/merchants", new() { ["id"] = options.Merchant, ["name"] = "Till sample" }, isOptional: true);
        merchant = opened.Problem == "not-permitted" ? null : options.Merchant;
        await OfficeAsync("/v1/stores", new() { ["id"] = Store, ["name"] = "The shop of the day" });
        foreach (var id in (string[])["till-1", "till-2", "till-3"])
        {
            await OfficeAsync($"/v1/stores/{Store}/tills", new() { ["id"] = id });
            var key = await OfficeAsync("/v1/keys", new() { ["scope"] = "till", ["store"] = Store, ["till"] = id });
            tills.Add(new(wire, id, key.Text("secret"), run, options.Patience, notes));
        }

        JsonObject[] benefits =
        [
            new() { ["kind"] = "fixedAmount", ["off"] = 500 }, new() { ["kind"] = "percentage", ["offBasisPoints"] = 1_000, ["ceiling"] = 2_000 }, new() { ["kind"] = "fixedAmount", ["off"] = 300 },
        ];
        foreach (var (name, benefit) in s_campaigns.Zip(benefits))
        {
            var now = DateTimeOffset.UtcNow;
            var terms = new JsonObject
            {
                ["benefit"] = benefit,
                ["minimumSpend"] = name == "five-off-thirty" ? 3_000 : 0,
                ["validity"] = new JsonObject { ["windowStart"] = Time(now.AddDays(-1)), ["windowEnd"] = Time(now.AddDays(30)) },
            };
            await OfficeAsync("/v1/campaigns", new() { ["id"] = CampaignOf(name), ["name"] = name, ["quota"] = options.Coupons, ["terms"] = terms });
            await OfficeAsync($"/v1/campaigns/{CampaignOf(name)}/submit", null);
            await OfficeAsync($"/v1/campaigns/{CampaignOf(name)}/approve", null);
        }

        static string Time(DateTimeOffset at) => at.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
    }

    private async Task<List<Slip>> IssueAsync()
    {
        var slips = new List<Slip>();
        for (var n = 0; n < options.Coupons; n++)
        {
            var campaign = CampaignOf(s_campaigns[n % s_campaigns.Length]);
            var issued = await OfficeAsync("/v1/coupons", new() { ["campaign"] = campaign, ["member"] = $"{run}-m-{n}" });
            slips.Add(new(issued.Text("code"), campaign));
        }

        return slips;
    }

    /// <summary>A request of the merchant's office; it must be carried out.</summary>
    private async Task<Reply> OfficeAsync(string path, JsonObject? body, bool isOptional = false)
    {
        var key = $"{run}-office-{path.Replace('/', '-')}-{Guid.NewGuid():n}";
        var answer = await wire.PostAsync(path, options.Key, path == "/v1/merchants" ? null : merchant, key, body) ?? throw new ShopClosedException("The service does not answer.");
        return answer.IsDone || (isOptional && answer.Problem is "merchant-already-registered" or "not-permitted") ? answer : throw new ShopClosedException($"{path}: {answer.Status} {answer.Body.ToJsonString()}");
    }

    private async Task<JsonObject> AskAsync(string path) =>
        await wire.GetAsync(path, options.Key, merchant) is { IsDone: true } answer ? answer.Body : throw new ShopClosedException($"{path} is not answered.");

    private async Task RaceAsync(Slip slip)
    {
        var (one, other) = (tills[random.Next(tills.Count)], tills[random.Next(tills.Count)]);
        var amount = (long)random.Next(3_000, 9_000);
        var answers = await Task.WhenAll(((Till[])[one, other]).Select(async till =>
        {
            var key = till.NextKey("sale");
            return (Till: till, Answer: await till.UntilAnsweredAsync("/v1/redemptions", key, Till.Basket([slip], [amount], key)));
        }));
        var winners = answers.Where(answer => answer.Answer.IsDone).ToList();
        foreach (var (till, answer) in winners) till.Note(answer, [slip], [amount]);
        foreach (var (till, answer) in answers.Where(answer => !answer.Answer.IsDone))
        {
            var mine = notes.Sales.Any(sale => sale.RedemptionId == answer.Text("redemptionId") && sale.Till == till.Id);
            notes.AtFullPrice(till.Id, amount);
            notes.Fault("two tills race for a coupon", $"one uses it, the other is refused: {answer.Problem}");
            await output.WriteLineAsync($"  {slip.Code}: used at {winners[0].Till.Id}; {till.Id} is refused ({answer.Problem}{(mine ? ", its own till" : "")}) and takes the full price.");
        }

        if (winners.Count != 1) throw new ShopClosedException($"{slip.Code} was used {winners.Count} times.");
    }

    private async Task UndoAsync()
    {
        foreach (var sale in notes.Sales.Where(sale => !sale.IsVoided && random.Next(4) == 0).ToList())
        {
            var till = tills[random.Next(tills.Count)];
            if (random.Next(3) == 0)
            {
                var voided = await till.VoidAsync(sale);
                notes.Fault("the cashier took the wrong coupon", voided.IsDone ? "voided, the coupon is free" : $"refused: {voided.Problem}");
                await output.WriteLineAsync($"  {till.Id} voids {sale.RedemptionId}: {(voided.IsDone ? "the coupon is free again" : voided.Problem)}.");
                if (!voided.IsDone || random.Next(2) == 0) continue;
                var key = till.NextKey("sale");
                var again = await till.UntilAnsweredAsync("/v1/redemptions", key, Till.Basket(sale.Slips, sale.Lines, key));
                if (again.IsDone) till.Note(again, sale.Slips, sale.Lines);
                await output.WriteLineAsync($"  {till.Id} uses it for the right basket: {again.Text("redemptionId")}{again.Problem}.");
                continue;
            }

            int? line = sale.Lines.Count > 1 && random.Next(3) > 0 ? random.Next(sale.Lines.Count) : null;
            var back = await till.ReturnAsync(sale, line);
            notes.Fault("goods come back", line is null ? "all of them" : "one line of several");
            await output.WriteLineAsync($"  {till.Id} takes back {(line is null ? "everything" : $"line {line}")} of {sale.RedemptionId} and refunds {Money(back.Number("refund"))}.");
            if (line is null || random.Next(2) > 0) continue;
            await till.ReturnAsync(sale, null);
            var late = await till.VoidAsync(sale);
            await output.WriteLineAsync($"  {till.Id} takes back the rest of {sale.RedemptionId}; a void is now refused ({late.Problem}).");
        }
    }

    private async Task ComeAgainAsync()
    {
        while (stranded.TryDequeue(out var slip))
        {
            var till = tills[random.Next(tills.Count)];
            for (var tries = 0; ; tries++)
            {
                var key = till.NextKey("sale");
                var answer = await till.UntilAnsweredAsync("/v1/redemptions", key, Till.Basket([slip], [4_200], key));
                if (answer.IsDone)
                {
                    till.Note(answer, [slip], [4_200]);
                    notes.Fault("a till dies between hold and commit", "the hold ends by itself, and the coupon is used later");
                    await output.WriteLineAsync($"  {slip.Code} is used at {till.Id} after all.");
                    break;
                }

                if (answer.Problem != "already-held" || tries == 50) throw new ShopClosedException($"{slip.Code}: {answer.Body.ToJsonString()}");
                await Task.Delay(200);
            }
        }
    }

    private async Task SayAsync(string line) => await output.WriteLineAsync($"\n{line}");

    public static string Money(long amount) => string.Create(CultureInfo.InvariantCulture, $"{amount / 100}.{amount % 100:00}");
}
