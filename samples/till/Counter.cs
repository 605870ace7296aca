using System.Collections.Concurrent;
using System.Text.Json.Nodes;

namespace Ledger.Samples;

/// <summary>A till's morning: customer after customer, most of them in trouble.</summary>
internal sealed class Counter(Till till, Ledgers notes, ConcurrentQueue<Slip> stranded, Random random, IReadOnlyList<Slip> slips)
{
    private readonly List<string> told = [];

    public async Task<IReadOnlyList<string>> SellAsync()
    {
        var queue = new Queue<Slip>(slips);
        for (var n = 0; queue.TryDequeue(out var slip); n++)
        {
            // The first of each kind come in their order, so that a short day has them all.
            switch (n < 13 ? n : random.Next(13))
            {
                case 0 or 1:
                    await SellAsync([slip], Mishap.None);
                    break;
                case 2:
                    await HoldAsync(slip, Mishap.None, Mishap.None);
                    break;
                case 3:
                    await PaymentFailsAsync(slip);
                    break;
                case 4:
                    await SellAsync([slip], AnyMishap());
                    break;
                case 5:
                    await HoldAsync(slip, AnyMishap(), Mishap.None);
                    break;
                case 6:
                    await HoldAsync(slip, Mishap.None, AnyMishap());
                    break;
                case 7:
                    await DieAsync(slip);
                    break;
                case 8:
                    await OvertakeAsync(slip);
                    break;
                case 9:
                    await ScanTwiceAsync(slip);
                    break;
                case 10:
                    await MistypeAsync(slip);
                    break;
                case 11:
                    await SellAsync([slip], Mishap.LineDown);
                    break;
                default:
                    List<Slip> basket = [slip];
                    while (basket.Count < 3 && queue.TryDequeue(out var other)) basket.Add(other);
                    await SellAsync(basket, random.Next(3) == 0 ? AnyMishap() : Mishap.None);
                    break;
            }
        }

        return told;
    }

    private Mishap AnyMishap() => (Mishap)random.Next(1, 5);

    /// <summary>One line for one coupon, three for several; enough for the floor of each.</summary>
    private long[] Lines(int slips) => [.. Enumerable.Range(0, slips == 1 ? 1 : 3).Select(_ => (long)random.Next(3_000, 9_000))];

    private void Tell(string line) => told.Add($"{till.Id}: {line}");

    private static string Codes(IReadOnlyList<Slip> of) => string.Join(" + ", of.Select(slip => slip.Code));

    private static string Named(Mishap mishap) => mishap switch
    {
        Mishap.NotSent => "the request does not leave the till",
        Mishap.Cut => "the connection is cut behind the request",
        Mishap.AnswerLost => "the answer is lost",
        Mishap.LineDown => "the line is down behind the request",
        _ => "nothing happens",
    };

    /// <summary>One shot. No money is taken before it is certain, so doubt ends in a reversal and a new attempt under a new key.</summary>
    private async Task SellAsync(List<Slip> shown, Mishap mishap)
    {
        var (lines, key) = (Lines(shown.Count), till.NextKey("sale"));
        var (done, how, undone) = await till.CertainlyAsync("/v1/redemptions", key, Till.Basket(shown, lines, key), mishap);
        if (mishap != Mishap.None)
        {
            notes.Fault($"sale: {Named(mishap)}", how);
            Tell($"selling with {Codes(shown)}, {Named(mishap)}; {how}.");
        }

        if (undone is not null) till.Note(undone, shown, lines).IsVoided = true;
        if (done is null)
        {
            var again = till.NextKey("sale");
            done = await till.UntilAnsweredAsync("/v1/redemptions", again, Till.Basket(shown, lines, again));
        }

        Finish(done, shown, lines);
    }

    private void Finish(Reply answer, IReadOnlyList<Slip> shown, long[] lines)
    {
        if (!answer.IsDone)
        {
            notes.AtFullPrice(till.Id, lines.Sum());
            Tell($"{Codes(shown)} is refused ({answer.Problem}): full price.");
            return;
        }

        var sale = till.Note(answer, shown, lines);
        Tell($"{Day.Money(sale.Amount)} with {Codes(shown)}: {Day.Money(sale.Discount)} off.");
    }

    /// <summary>Hold, payment, commit. Once the money is taken a commit is repeated, never reversed.</summary>
    private async Task HoldAsync(Slip slip, Mishap atHold, Mishap atCommit)
    {
        var (lines, key) = (Lines(1), till.NextKey("hold"));
        var (held, how, _) = await till.CertainlyAsync("/v1/holds", key, Till.Basket([slip], lines, key, seconds: 1_800), atHold);
        if (atHold != Mishap.None)
        {
            notes.Fault($"hold: {Named(atHold)}", how);
            Tell($"holding {slip.Code}, {Named(atHold)}; {how}.");
        }

        if (held is null)
        {
            var again = till.NextKey("hold");
            held = await till.UntilAnsweredAsync("/v1/holds", again, Till.Basket([slip], lines, again, seconds: 1_800));
        }

        if (!held.IsDone)
        {
            Finish(held, [slip], lines);
            return;
        }

        var committed = await till.UntilAnsweredAsync($"/v1/holds/{held.Text("holdId")}/commit", till.NextKey("commit"), null, atCommit);
        if (atCommit != Mishap.None)
        {
            notes.Fault($"commit: {Named(atCommit)}", committed.IsDone ? "repeated under its key until it is answered" : $"refused: {committed.Problem}");
            Tell($"the money for {slip.Code} is taken, {Named(atCommit)}; the commit is repeated until it is answered.");
        }

        Finish(committed, [slip], lines);
    }

    private async Task PaymentFailsAsync(Slip slip)
    {
        var (lines, key) = (Lines(1), till.NextKey("hold"));
        var held = await till.UntilAnsweredAsync("/v1/holds", key, Till.Basket([slip], lines, key));
        var freed = await till.UntilAnsweredAsync($"/v1/holds/{held.Text("holdId")}/release", till.NextKey("release"), null);
        notes.Fault("a payment fails after the hold", freed.IsDone ? $"released, the coupon is {freed.Text("status")}" : $"refused: {freed.Problem}");
        Tell($"the payment with {slip.Code} fails; the hold is released and the customer leaves.");
    }

    private async Task DieAsync(Slip slip)
    {
        var (lines, key) = (Lines(1), till.NextKey("hold"));
        var held = await till.UntilAnsweredAsync("/v1/holds", key, Till.Basket([slip], lines, key, seconds: 2));
        if (held.IsDone) stranded.Enqueue(slip);
        Tell($"{slip.Code} is on hold, and the till dies before the commit. Nobody does anything.");
    }

    private async Task OvertakeAsync(Slip slip)
    {
        var (lines, key) = (Lines(1), till.NextKey("sale"));
        var reversal = await till.UntilAnsweredAsync("/v1/reversals", $"{key}-reversal", new JsonObject { ["request"] = key });
        var late = await till.UntilAnsweredAsync("/v1/redemptions", key, Till.Basket([slip], lines, key));
        notes.Fault("a reversal overtakes its request", $"{reversal.Text("status")}; the late request: {late.Problem}");
        Tell($"the reversal of a sale with {slip.Code} overtakes it; the sale comes late and is refused ({late.Problem}).");
        if (late.IsDone) throw new ShopClosedException($"{key} was carried out after its reversal.");
        await SellAsync([slip], Mishap.None);
    }

    private async Task ScanTwiceAsync(Slip slip)
    {
        var (lines, key) = (Lines(1), till.NextKey("sale"));
        var body = Till.Basket([slip], lines, key).ToJsonString();
        var both = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => till.UntilAnsweredAsync("/v1/redemptions", key, JsonNode.Parse(body)!.AsObject())));
        var isSame = JsonNode.DeepEquals(both[0].Body, both[1].Body);
        notes.Fault("the cashier presses twice", isSame ? "one redemption, the same answer twice" : "DIFFERENT ANSWERS");
        Tell($"{slip.Code} goes out twice under one key: {(isSame ? "the same answer" : "different answers")}.");
        if (!isSame) throw new ShopClosedException($"{key} was answered differently.");
        Finish(both[0], [slip], lines);

        var third = till.NextKey("sale");
        var scanned = await till.UntilAnsweredAsync("/v1/redemptions", third, Till.Basket([slip], lines, third));
        notes.Fault("a used coupon is scanned again", scanned.Problem);
        if (scanned.IsDone) throw new ShopClosedException($"{slip.Code} was used twice.");
    }

    private async Task MistypeAsync(Slip slip)
    {
        var (lines, key) = (Lines(1), till.NextKey("sale"));
        var wrong = slip with { Code = slip.Code[..^2] + (slip.Code[^2] == '7' ? '8' : '7') + slip.Code[^1] };
        var refused = await till.UntilAnsweredAsync("/v1/redemptions", key, Till.Basket([wrong], lines, key));
        notes.Fault("a code is typed wrongly", refused.Problem);
        Tell($"{wrong.Code} is typed for {slip.Code} and refused ({refused.Problem}); typed again:");
        await SellAsync([slip], Mishap.None);
    }
}
