using System.Globalization;
using System.Text.Json.Nodes;

namespace Ledger.Samples;

/// <summary>The day's other customers: one whose coupon two tills take while they are offline, one who was given a coupon, one who bought two, one who has points.</summary>
internal sealed class Guests(
    string run, string store, IReadOnlyList<Till> tills, Ledgers notes, Func<string, JsonObject?, Task<Reply>> office, Func<string, Task<JsonObject>> ask, TextWriter output)
{
    private const long Amount = 9_000;
    private const long Price = 4_990;
    private const long Granted = 1_000;

    private long lossBefore, lost;

    public List<Slip> Slips { get; } = [];

    public IReadOnlyList<string> Campaigns => [Name("offline"), Name("gift"), Name("sold"), Name("regular")];

    public async Task OfflineAsync()
    {
        var slip = await IssueAsync("offline", Fixed(500), "offline", new JsonObject { ["liability"] = "platform" });
        var token = (string)(await ask($"/v1/coupons/{slip.Code}/offline-token"))["token"]!;
        lossBefore = await LossAsync();
        var records = new List<(Till Till, JsonObject Record)>();
        foreach (var till in tills.Take(2))
        {
            Done(await till.UntilAnsweredAsync("/v1/offline-batches", till.NextKey("sync"), null));
            records.Add((till, RecordOf(till, slip, token)));
        }

        foreach (var (till, record) in records)
        {
            var answer = Done(await till.UntilAnsweredAsync("/v1/offline-batches", till.NextKey("forward"), new() { ["records"] = new JsonArray(record) }));
            var result = answer.Body["records"]![0]!["result"]!;
            var outcome = (string)result["outcome"]!;
            if (outcome == "redeemed") notes.Add(new(till.Id, (string)result["redemptionId"]!, [slip], Amount, [Amount], new(StringComparer.Ordinal) { [slip.Code] = (long)result["discount"]! }));
            else lost += (long)result["granted"]!;
            notes.Fault("two tills took one coupon while they were offline", outcome);
            await output.WriteLineAsync($"  {till.Id} is back and forwards {slip.Code}: {outcome}{((long)result["loss"]! > 0 ? $", {Day.Money((long)result["loss"]!)} is a loss of {result["liability"]}" : "")}.");
        }
    }

    public async Task GiftAsync()
    {
        var slip = await IssueAsync("gift", Fixed(500), "isTransferable", true);
        var offered = await office($"/v1/coupons/{slip.Code}/gifts", new() { ["to"] = $"{run}-friend" });
        var early = await RedeemAsync(tills[0], slip, $"{run}-friend");
        await office($"/v1/gifts/{offered.Text("giftId")}/accept", new() { ["member"] = $"{run}-friend" });
        Note(tills[0], slip, Done(await RedeemAsync(tills[0], slip, $"{run}-friend")));
        notes.Fault("a coupon is given to a friend", $"before it is accepted: {early.Problem}; then used by the friend");
        await output.WriteLineAsync($"  {slip.Code} is given to a friend, who uses it at {tills[0].Id}; before accepting it they were refused ({early.Problem}).");
    }

    public async Task SoldAsync()
    {
        var campaign = await OpenAsync("sold", new() { ["kind"] = "exchange", ["value"] = Amount, ["goods"] = "afternoon tea" }, "sale",
            new JsonObject { ["price"] = Price, ["payee"] = "tea-house", ["commissionBasisPoints"] = 300 });
        var trade = $"{run}-trade";
        var sold = await office("/v1/sales", new() { ["campaign"] = campaign, ["member"] = $"{run}-buyer", ["trade"] = trade, ["quantity"] = 2, ["paid"] = 2 * Price });
        var slip = new Slip((string)sold.Body["vouchers"]![0]!["code"]!, campaign);
        Slips.Add(slip);
        Note(tills[0], slip, Done(await RedeemAsync(tills[0], slip, $"{run}-buyer")));
        await office($"/v1/sales/{trade}/refunds", new() { ["vouchers"] = new JsonArray(2), ["reason"] = "Changed plans" });
        await office($"/v1/sales/{trade}/refunds/2/settle", new() { ["outcome"] = "paid", ["reference"] = $"{run}-refund" });
        notes.Fault("of two coupons bought one is given back", "one settled to the payee, one refunded");
        await output.WriteLineAsync($"  Two coupons are sold at {Day.Money(Price)}: {slip.Code} is used at {tills[0].Id}, the other is given back and refunded.");
    }

    /// <summary>A coupon and points on one basket: a payment that fails, one that goes through, and a line that comes back.</summary>
    public async Task PointsAsync()
    {
        var terms = JsonNode.Parse("""{"earning":{"points":1,"per":100},"expiry":{"kind":"afterMonths","months":12},"value":{"amount":1,"points":1}}""");
        await office("/v1/points-programs", new() { ["id"] = Name("club"), ["name"] = "Club", ["terms"] = terms });
        await office("/v1/points/grants", new() { ["program"] = Name("club"), ["member"] = $"{run}-guest", ["points"] = Granted });
        var (till, slip) = (tills[0], await IssueAsync("regular", Fixed(500), "minimumSpend", 3_000));
        long[] lines = [6_000, 3_000];

        var key = till.NextKey("hold");
        var held = Done(await till.UntilAnsweredAsync("/v1/holds", key, WithPoints(Till.Basket([slip], lines, key), null)));
        var during = await PointsLeftAsync();
        var freed = Done(await till.UntilAnsweredAsync($"/v1/holds/{held.Text("holdId")}/release", till.NextKey("release"), null));
        var after = await PointsLeftAsync();
        if ((during, after, freed.Text("status")) != ((0, Granted), (Granted, 0), "effective")) throw new ShopClosedException($"{slip.Code} and the points are not free: {during}, {after}.");
        notes.Fault("a payment fails after the hold, with points", "released, the coupon and the points are free");
        await output.WriteLineAsync($"  A payment with {slip.Code} and {during.Held} points fails at {till.Id}: both are free again, and the customer pays otherwise:");

        key = till.NextKey("sale");
        var sale = till.Note(Done(await till.UntilAnsweredAsync("/v1/redemptions", key, WithPoints(Till.Basket([slip], lines, key), 400))), [slip], lines);
        await output.WriteLineAsync($"  {Day.Money(sale.Amount)} with {slip.Code} and {sale.Points.Points} points: {Day.Money(sale.Discount)} off.");

        var back = Done(await till.ReturnAsync(sale, 0));
        notes.Fault("goods come back", "one line of several, with its part of the points");
        await output.WriteLineAsync($"  {till.Id} takes back line 0 of {sale.RedemptionId}, refunds {Day.Money(back.Number("refund"))} and gives back {sale.PointsBack.Points} points.");
    }

    /// <summary>What the notes say beside sales, and what the books do.</summary>
    public async Task<IReadOnlyList<(string What, long Ours, long Theirs)>> CompareAsync()
    {
        var account = (await ask("/v1/reports/sales?limit=1000"))["data"]!.AsArray().Single(row => (string)row!["campaign"]! == Name("sold"))!;
        return
        [
            ("lost to tills that were offline", lost, await LossAsync() - lossBefore), ("coupons sold: paid", 2 * Price, (long)account["paid"]!),
            ("coupons sold: settled to the payee", Price, (long)account["settled"]!), ("coupons sold: refunds paid", Price, (long)account["refundsPaid"]!),
            ("coupons sold: neither used nor given back", 0, (long)account["open"]!),
            ("points left, each worth 0.01", Granted - notes.Sales.Sum(sale => sale.Points.Points - sale.PointsBack.Points), (await PointsLeftAsync()).Available),
        ];
    }

    private static JsonObject Fixed(int off) => new() { ["kind"] = "fixedAmount", ["off"] = off };

    private string Name(string campaign) => $"{run}-{campaign}";

    /// <summary>The first record of a till that was never offline before: it follows none, so its previous hash is zeros.</summary>
    private JsonObject RecordOf(Till till, Slip slip, string token) => new()
    {
        ["till"] = $"{store}/{till.Id}",
        ["sequence"] = 1,
        ["previousHash"] = new string('0', 64),
        ["code"] = slip.Code,
        ["amount"] = Amount,
        ["discount"] = 500,
        ["businessTime"] = Time(DateTimeOffset.UtcNow),
        ["token"] = token,
    };

    private async Task<Slip> IssueAsync(string name, JsonObject benefit, string member, JsonNode value)
    {
        var campaign = await OpenAsync(name, benefit, member, value);
        var slip = new Slip((await office("/v1/coupons", new() { ["campaign"] = campaign, ["member"] = $"{run}-guest" })).Text("code"), campaign);
        Slips.Add(slip);
        return slip;
    }

    private async Task<string> OpenAsync(string name, JsonObject benefit, string member, JsonNode value)
    {
        var (id, now) = (Name(name), DateTimeOffset.UtcNow);
        var validity = new JsonObject { ["windowStart"] = Time(now.AddDays(-1)), ["windowEnd"] = Time(now.AddDays(30)) };
        await office("/v1/campaigns", new()
        {
            ["id"] = id,
            ["name"] = name,
            ["quota"] = 10,
            ["terms"] = new JsonObject { ["benefit"] = benefit, ["validity"] = validity, [member] = value },
        });
        await office($"/v1/campaigns/{id}/submit", null);
        await office($"/v1/campaigns/{id}/approve", null);
        return id;
    }

    /// <param name="points">Null: as many as there are.</param>
    private JsonObject WithPoints(JsonObject basket, long? points)
    {
        basket["points"] = new JsonObject { ["program"] = Name("club"), ["member"] = $"{run}-guest" };
        if (points is not null) basket["points"]!["points"] = points;
        return basket;
    }

    private async Task<(long Available, long Held)> PointsLeftAsync()
    {
        var balance = await ask($"/v1/members/{run}-guest/points?program={Name("club")}");
        return ((long)balance["available"]!, (long)balance["held"]!);
    }

    private static async Task<Reply> RedeemAsync(Till till, Slip slip, string member)
    {
        var key = till.NextKey("sale");
        var body = Till.Basket([slip], [Amount], key);
        body["member"] = member;
        return await till.UntilAnsweredAsync("/v1/redemptions", key, body);
    }

    private static void Note(Till till, Slip slip, Reply answer) => till.Note(answer, [slip], [Amount]);

    private static Reply Done(Reply answer) => answer.IsDone ? answer : throw new ShopClosedException($"{answer.Status} {answer.Body.ToJsonString()}");

    /// <summary>Of all parties and days: the merchant may have had some before.</summary>
    private async Task<long> LossAsync() => (await ask("/v1/reports/offline"))["losses"]!.AsArray().Sum(loss => (long)loss!["amount"]!);

    private static string Time(DateTimeOffset at) => at.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}
