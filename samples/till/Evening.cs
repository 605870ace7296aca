using System.Text.Json.Nodes;

namespace Ledger.Samples;

/// <summary>Compares the tills' notes with what the service says, to the fen, and prints the day's table.</summary>
internal sealed class Evening(
    Options options, Wire wire, Ledgers notes, string? merchant, string store, IReadOnlyList<string> campaigns, IReadOnlyList<Till> tills, IReadOnlyList<Slip> slips, TextWriter output)
{
    private bool isEqual = true;

    public async Task<bool> CompareAsync(Func<Task<IReadOnlyList<(string What, long Ours, long Theirs)>>> beside)
    {
        await TableAsync();
        await output.WriteLineAsync($"\n{"the notes against the books",-52}{"notes",14}{"books",14}");
        await CompareRedemptionsAsync();
        await CompareCouponsAsync();
        await FollowedAsync();
        await CompareCampaignsAsync();
        await CompareDaysAsync();
        foreach (var (what, ours, theirs) in await beside()) await LineAsync(what, ours, theirs, isMoney: true);
        await output.WriteLineAsync(isEqual ? "\nThe tills' notes and the service's books are equal." : "\nThe tills' notes and the service's books DIFFER.");
        return isEqual;
    }

    private async Task TableAsync()
    {
        await output.WriteLineAsync($"\n{"till",-10}{"sales",7}{"amount",13}{"discount",13}{"full price",13}{"voided",13}{"refunded",13}");
        foreach (var id in tills.Select(till => till.Id))
        {
            var mine = notes.Sales.Where(sale => sale.Till == id).ToList();
            await output.WriteLineAsync(
                $"{id,-10}{mine.Count,7}{Day.Money(mine.Sum(sale => sale.Amount)),13}{Day.Money(mine.Sum(sale => sale.Discount)),13}{Day.Money(notes.FullPrice.GetValueOrDefault(id).Amount),13}"
                + $"{Day.Money(mine.Where(sale => sale.IsVoided).Sum(sale => sale.Amount - sale.Discount)),13}{Day.Money(mine.Sum(sale => sale.Refunded)),13}");
        }

        await output.WriteLineAsync($"\n{"what went wrong, or back",-52}{"times",7}  what came of it");
        foreach (var (kind, outcomes) in notes.Faults)
        {
            foreach (var (outcome, times) in outcomes) await output.WriteLineAsync($"{kind,-52}{times,7}  {outcome}");
        }
    }

    private async Task LineAsync(string what, long ours, long theirs, bool isMoney = false)
    {
        isEqual &= ours == theirs;
        await output.WriteLineAsync($"{what,-52}{(isMoney ? Day.Money(ours) : $"{ours}"),14}{(isMoney ? Day.Money(theirs) : $"{theirs}"),14}{(ours == theirs ? "" : "  DIFFERENT")}");
    }

    private async Task CompareRedemptionsAsync()
    {
        var (same, discount) = (0L, 0L);
        foreach (var sale in notes.Sales)
        {
            var told = await AskAsync($"/v1/redemptions/{sale.RedemptionId}");
            var status = sale.IsVoided ? "voided" : sale.Returns == 0 ? "redeemed" : sale.Returned == sale.Amount ? "returned" : "partly-returned";
            var refunded = told["returns"] is JsonArray returns ? returns.Sum(back => (long)back!["refund"]!) : 0;
            if ((status, sale.Amount, sale.Discount, sale.Refunded) == ((string)told["status"]!, (long)told["amount"]!, (long)told["discount"]!, refunded)) same++;
            else await output.WriteLineAsync($"DIFFERENT: noted {status} {sale.Amount} {sale.Discount} {sale.Refunded}, told {told.ToJsonString()}");
            discount += (long)told["discount"]!;
        }

        await LineAsync("redemptions, each as it was noted", notes.Sales.Count, same);
        await LineAsync("discounts given, by redemption", notes.Sales.Sum(sale => sale.Discount), discount, isMoney: true);
    }

    private async Task CompareCouponsAsync()
    {
        var used = notes.Sales.Where(sale => !sale.IsVoided).SelectMany(sale => sale.Slips.Where(slip => sale.Back.GetValueOrDefault(slip.Code) < sale.Discounts[slip.Code]))
            .Select(slip => slip.Code).ToHashSet(StringComparer.Ordinal);
        var (usedThere, freeThere) = (0L, 0L);
        foreach (var slip in slips)
        {
            var status = (string)(await AskAsync($"/v1/coupons/{slip.Code}"))["status"]!;
            if (used.Contains(slip.Code) && status == "used") usedThere++;
            else if (!used.Contains(slip.Code) && status == "effective") freeThere++;
            else await output.WriteLineAsync($"DIFFERENT: {slip.Code} is {status}, noted as {(used.Contains(slip.Code) ? "used" : "free")}");
        }

        await LineAsync("coupons used", used.Count, usedThere);
        await LineAsync("coupons free", slips.Count - used.Count, freeThere);
    }

    private async Task CompareCampaignsAsync()
    {
        var rows = (await AllAsync("/v1/reports/campaigns")).ToDictionary(row => (string)row["campaign"]!, StringComparer.Ordinal);
        foreach (var campaign in campaigns)
        {
            var parts = notes.Sales.SelectMany(sale => sale.Slips.Where(slip => slip.Campaign == campaign).Select(slip => (Sale: sale, slip.Code))).ToList();
            var row = rows[campaign];
            var name = campaign[(campaign.IndexOf('-', StringComparison.Ordinal) + 1)..];
            await LineAsync($"{name}: redeemed", parts.Count, (long)row["redeemed"]!);
            await LineAsync($"{name}: voided", parts.Count(part => part.Sale.IsVoided), (long)row["voided"]!);
            await LineAsync($"{name}: amount", parts.Sum(part => Net(part.Sale)), (long)row["amount"]!, isMoney: true);
            await LineAsync($"{name}: discount", parts.Sum(part => NetDiscount(part.Sale, part.Code)), (long)row["discount"]!, isMoney: true);
        }
    }

    private async Task CompareDaysAsync()
    {
        var days = (await AllAsync("/v1/reports/days")).Where(row => (string)row["store"]! == store).ToList();
        await LineAsync("the shop's days: redeemed", notes.Sales.Sum(sale => sale.Slips.Count), days.Sum(row => (long)row["redeemed"]!));
        await LineAsync("the shop's days: returns, by coupon", notes.Sales.Sum(sale => (long)sale.Returns * sale.Slips.Count), days.Sum(row => (long)row["returned"]!));
        await LineAsync("the shop's days: amount", notes.Sales.Sum(Net), days.Sum(row => (long)row["amount"]!), isMoney: true);
        await LineAsync("the shop's days: discount", notes.Sales.Sum(sale => sale.Slips.Sum(slip => NetDiscount(sale, slip.Code))), days.Sum(row => (long)row["discount"]!), isMoney: true);
        await LineAsync("refunded, by the price less the discount taken back", notes.Sales.Sum(sale => sale.Returned - sale.Back.Values.Sum() - sale.PointsBack.Off), notes.Sales.Sum(sale => sale.Refunded), isMoney: true);
    }

    private static long Net(Sale sale) => sale.IsVoided ? 0 : sale.Amount - sale.Returned;

    private static long NetDiscount(Sale sale, string code) => sale.IsVoided ? 0 : sale.Discounts[code] - sale.Back.GetValueOrDefault(code);

    private async Task FollowedAsync()
    {
        for (var tries = 0; tries < 600; tries++)
        {
            if ((long)(await AskAsync("/v1/reports/merchant"))["lagEntries"]! == 0) return;
            await Task.Delay(100);
        }

        throw new ShopClosedException("The reports do not follow the book.");
    }

    private async Task<IReadOnlyList<JsonObject>> AllAsync(string path)
    {
        var rows = new List<JsonObject>();
        for (var next = ""; ;)
        {
            var page = await AskAsync($"{path}?limit=1000{next}");
            rows.AddRange(page["data"]!.AsArray().Select(row => row!.AsObject()));
            if ((string?)page["nextCursor"] is not { } cursor) return rows;
            next = $"&cursor={Uri.EscapeDataString(cursor)}";
        }
    }

    private async Task<JsonObject> AskAsync(string path) =>
        await wire.GetAsync(path, options.Key, merchant) is { IsDone: true } answer ? answer.Body : throw new ShopClosedException($"{path} is not answered.");
}
