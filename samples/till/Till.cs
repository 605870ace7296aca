using System.Text.Json.Nodes;

namespace Ledger.Samples;

/// <summary>A coupon of a customer.</summary>
internal sealed record Slip(string Code, string Campaign);

/// <summary>What a till noted of one use of coupons; amounts in minor units.</summary>
/// <param name="Discounts">What each coupon took off.</param>
internal sealed record Sale(string Till, string RedemptionId, IReadOnlyList<Slip> Slips, long Amount, IReadOnlyList<long> Lines, Dictionary<string, long> Discounts)
{
    public bool IsVoided { get; set; }

    public int Returns { get; set; }

    public long Returned { get; set; }

    public long Refunded { get; set; }

    /// <summary>Taken back of each coupon's discount.</summary>
    public Dictionary<string, long> Back { get; } = new(StringComparer.Ordinal);

    /// <summary>Points that paid after the coupons, what they took off, and what of both came back.</summary>
    public (long Points, long Off) Points { get; init; }

    public (long Points, long Off) PointsBack { get; set; }

    public long Discount => Discounts.Values.Sum() + Points.Off;
}

/// <summary>How a request in doubt ended.</summary>
/// <param name="Done">The answer, where it stands; null: nothing stands.</param>
/// <param name="Undone">The redemption that was carried out and is voided by the reversal.</param>
internal sealed record Resolved(Reply? Done, string How, Reply? Undone = null);

/// <summary>One till: it stores each request key before it sends, and does what docs/till.md says when no answer comes.</summary>
internal sealed class Till(Wire wire, string id, string apiKey, string run, double patience, Ledgers notes)
{
    private int receipts;

    public string Id { get; } = id;

    /// <summary>A key that no other request has: the till's name and a count.</summary>
    public string NextKey(string what) => $"{run}-{Id}-{++receipts:0000}-{what}";

    public Task<Reply?> PostAsync(string path, string key, JsonObject? body, Mishap mishap = Mishap.None) => wire.PostAsync(path, apiKey, null, key, body, mishap);

    public Task<Reply?> GetAsync(string path) => wire.GetAsync(path, apiKey, null);

    public static JsonObject Basket(IReadOnlyList<Slip> slips, IReadOnlyList<long> lines, string order, int? seconds = null)
    {
        var body = new JsonObject { ["amount"] = lines.Sum(), ["order"] = order };
        if (slips.Count == 1) body["code"] = slips[0].Code;
        else body["coupons"] = new JsonArray([.. slips.Select(slip => (JsonNode)new JsonObject { ["code"] = slip.Code })]);
        if (lines.Count > 1) body["lines"] = new JsonArray([.. lines.Select((amount, line) => (JsonNode)new JsonObject { ["amount"] = amount, ["goods"] = $"goods-{line + 1}" })]);
        if (seconds is not null) body["seconds"] = seconds;
        return body;
    }

    /// <summary>Sends, and where no answer comes finds out or undoes: afterwards it is certain what stands.</summary>
    public async Task<Resolved> CertainlyAsync(string path, string key, JsonObject body, Mishap mishap)
    {
        if (await PostAsync(path, key, body, mishap) is { } answer) return new(answer, "answered");
        foreach (var wait in (double[])[0.5, 1, 2])
        {
            await WaitAsync(wait);
            if (mishap != Mishap.LineDown && await GetAsync($"/v1/requests/{key}") is { IsDone: true } known) return new(known with { Status = 201 }, "asked: it had been carried out");
        }

        var reversal = await UntilAnsweredAsync("/v1/reversals", $"{key}-reversal", new() { ["request"] = key });
        if (!reversal.IsDone) throw new ShopClosedException($"{key} is not reversed: {reversal.Body.ToJsonString()}");
        return reversal.Text("status") == "tombstone"
            ? new(null, "reversed: it had not been seen, and is barred")
            : new(null, "reversed: it had been carried out, and is undone", reversal.Body["redemption"] is JsonObject redemption ? reversal with { Body = redemption } : null);
    }

    /// <summary>Repeats the same request under its key: five times after 5 s, then after 40 s, 14 times in all.</summary>
    public async Task<Reply> UntilAnsweredAsync(string path, string key, JsonObject? body, Mishap first = Mishap.None)
    {
        var mishap = first;
        for (var tries = 0; tries <= 14; tries++)
        {
            if (await PostAsync(path, key, body, mishap) is { } answer) return answer;
            mishap = Mishap.None;
            await WaitAsync(tries < 5 ? 5 : 40);
        }

        throw new ShopClosedException($"{key} is not answered.");
    }

    /// <summary>Notes what a redemption or commit answered.</summary>
    public Sale Note(Reply answer, IReadOnlyList<Slip> slips, IReadOnlyList<long> lines)
    {
        var discounts = answer.Body["coupons"] is JsonArray parts
            ? parts.ToDictionary(part => (string)part!["code"]!, part => (long)part!["discount"]!, StringComparer.Ordinal)
            : new(StringComparer.Ordinal) { [slips[0].Code] = answer.Number("discount") };
        var sale = new Sale(Id, answer.Text("redemptionId"), slips, lines.Sum(), lines, discounts) { Points = PointsOf(answer) };
        if (sale.Amount - sale.Discount != answer.Number("payable")) throw new ShopClosedException($"{sale.RedemptionId}: the answer does not add up.");
        notes.Add(sale);
        return sale;
    }

    /// <summary>Takes goods back, one line or all that is left; the refund is noted.</summary>
    public async Task<Reply> ReturnAsync(Sale sale, int? line)
    {
        var body = new JsonObject { ["reason"] = "Brought back" };
        if (line is not null) body["lines"] = new JsonArray(new JsonObject { ["line"] = line });
        var answer = await UntilAnsweredAsync($"/v1/redemptions/{sale.RedemptionId}/returns", NextKey("return"), body);
        if (!answer.IsDone) return answer;
        sale.Returns++;
        sale.Returned += answer.Body["lines"]!.AsArray().Sum(back => (long)back!["amount"]!);
        sale.Refunded += answer.Number("refund");
        var points = PointsOf(answer);
        sale.PointsBack = (sale.PointsBack.Points + points.Points, sale.PointsBack.Off + points.Off);
        foreach (var part in answer.Body["coupons"]!.AsArray()) sale.Back[(string)part!["code"]!] = sale.Back.GetValueOrDefault((string)part!["code"]!) + (long)part["discount"]!;
        return answer;
    }

    public async Task<Reply> VoidAsync(Sale sale)
    {
        var answer = await UntilAnsweredAsync($"/v1/redemptions/{sale.RedemptionId}/void", NextKey("void"), new() { ["reason"] = "Wrong coupon" });
        sale.IsVoided |= answer.IsDone;
        return answer;
    }

    private static (long Points, long Off) PointsOf(Reply answer) => answer.Body["points"] is { } part ? ((long)part["points"]!, (long)part["discount"]!) : default;

    public Task WaitAsync(double seconds) => Task.Delay(TimeSpan.FromSeconds(seconds * patience));
}

/// <summary>The tills' own notes: sales with coupons, sales at full price, and what went wrong.</summary>
internal sealed class Ledgers
{
    private readonly Lock gate = new();
    private readonly List<Sale> sales = [];
    private readonly Dictionary<string, (int Count, long Amount)> fullPrice = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, SortedDictionary<string, int>> faults = new(StringComparer.Ordinal);

    public IReadOnlyList<Sale> Sales => sales;

    public IReadOnlyDictionary<string, (int Count, long Amount)> FullPrice => fullPrice;

    public IReadOnlyDictionary<string, SortedDictionary<string, int>> Faults => faults;

    public void Add(Sale sale)
    {
        lock (gate) sales.Add(sale);
    }

    public void AtFullPrice(string till, long amount)
    {
        lock (gate)
        {
            var (count, sum) = fullPrice.GetValueOrDefault(till);
            fullPrice[till] = (count + 1, sum + amount);
        }
    }

    public void Fault(string kind, string outcome)
    {
        lock (gate)
        {
            if (!faults.TryGetValue(kind, out var outcomes)) faults[kind] = outcomes = new(StringComparer.Ordinal);
            outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
        }
    }
}
