using System.Globalization;
using Ledger.Members;
using Ledger.Merchants;
using Ledger.Payments;
using Ledger.Points;
using static Ledger.Payments.PaymentEvent;

namespace Ledger.Policies;

/// <summary>
/// A payment earns points by the programme that the merchant names; what goes back of it claws back what it earned. Both look at the payment as it
/// stands at their turn and move the points to where it says: in whatever order they come, and however refunds are cut, the points are those of what
/// stands, and nothing is counted twice.
/// </summary>
public static class PaymentPointsPolicy
{
    public static Policy Earn { get; } = new(
        "payment-points", [typeof(PaymentReceived)], turn => turn.Fact is PaymentReceived { Paid.Member: { } member } e ? Make(turn.Request(), e.Trade, member) : null);

    public static Policy ClawBack { get; } = new(
        "payment-points-return", [typeof(PaymentRefunded)], turn => turn.Fact is PaymentRefunded { Member: { } member } e ? TakeBack(turn.Request(), e.Trade, member, e.Refund) : null);

    /// <summary>Says by which programme payments earn; there is one.</summary>
    public static Operation SetEarning(Request request, string program, string funder, Money minimumAmount)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (home, set) = (PointsStreams.ProgramOf(program), PaymentEarningStream.Operation(request, new PaymentEarningCommand.SetPaymentEarning(program, funder, minimumAmount, request.Now)));
        return set with
        {
            Streams = [home, .. set.Streams],
            Decide = book => book.State(home).Name is null ? new PointsProgramUnknown(program) : set.Decide(book),
        };
    }

    private static Operation Make(Request request, string trade, string member)
    {
        var (rule, payment, merchant) = (PaymentEarningStream.Stream, PaymentStream.Of(trade), MerchantStream.Stream);
        return new(request, [rule, payment, merchant, MemberStream.Of(member)], [], book =>
        {
            var (earning, paid) = (book.State(rule), book.State(payment));
            if (earning.Program is not { } program || paid.Paid!.Amount < earning.MinimumAmount || paid.Left == Money.Zero) return Policy.Nothing;
            if (MembershipPolicy.Refusal(book, member, book.State(merchant).RequiresMembership) is not null) return Policy.Nothing;
            var purchase = PointsPurchaseStream.Of(program, trade);
            // All that earning will look at, at once.
            var earn = Of([new("", paid.Left)]);
            if (!earn.Streams.All(book.Has) || !earn.Tallies.All(book.HasTally)) return new Verdict.NeedsMore(earn.Streams) { Tallies = earn.Tallies };
            if (book.State(purchase).Version > 0) return Policy.Nothing;
            return book.WithTerms(program, null, (_, terms) =>
            {
                var lines = Standing(paid, isByLine: terms.Earning.IsPerLine);
                return terms.Earning.On(lines.Select(line => line.Net)) == 0 ? Policy.Nothing : Of(lines).Decide(book);
            });

            Operation Of(IReadOnlyList<PurchaseLine> lines) => PointsOperations.Earn(request, program, member, trade, lines, earning.Funder, paid.At, isOfPayment: true);
        });
    }

    private static Operation TakeBack(Request request, string trade, string member, Refund refund)
    {
        var (rule, payment) = (PaymentEarningStream.Stream, PaymentStream.Of(trade));
        return new(request, [rule, payment], [], book =>
        {
            var ever = book.State(rule).Ever;
            // What went back since is the turn of the refund that it went back with, at the moment of that one.
            var state = book.State(payment);
            var paid = state with { Refunds = [.. state.Refunds.TakeWhile(one => one.Number != refund.Number), refund] };
            var missing = ever.Select(program => PointsPurchaseStream.Of(program, trade)).Where(stream => !book.Has(stream)).ToList<StreamName>();
            if (missing.Count > 0) return new Verdict.NeedsMore(missing);
            // An order may have earned by hand in another programme beside: what went back takes from each.
            var (changes, lacking) = (new List<Change>(), new List<StreamName>());
            foreach (var program in ever)
            {
                var purchase = book.State(PointsPurchaseStream.Of(program, trade));
                if (purchase.Version == 0 || purchase.Member != member) continue;
                var back = Gone(purchase, paid);
                if (back.Count == 0) continue;
                // The money went back already: nothing can be deducted from it, and what is not there is owed or waived.
                switch (Policy.Run(book, PointsOperations.Reverse(request, program, trade, back, refund: Money.Zero, refund.At)))
                {
                    case Verdict.Accepted accepted:
                        changes.AddRange(accepted.Changes);
                        break;
                    case Verdict.NeedsMore more:
                        lacking.AddRange(more.Streams);
                        break;
                    case var refused:
                        return refused;
                }
            }

            return lacking.Count > 0 ? new Verdict.NeedsMore(lacking) : new Verdict.Accepted(changes, new PolicyAnswer());
        });
    }

    /// <summary>
    /// What of a purchase no longer stands: by line where its lines are the payment's, which those of a receipt that earned by hand are not, whatever they are called. Of older
    /// ones the payment's are those as of its own moment. Else as a whole, off the last lines first, and what the receipt had beyond the payment stays.
    /// </summary>
    private static List<PurchaseLine> Gone(PointsPurchase purchase, Payment payment)
    {
        var names = Enumerable.Range(0, payment.Paid!.Lines.Count).Select(LineOf).ToHashSet(StringComparer.Ordinal);
        if ((purchase.IsOfPayment ?? purchase.At == payment.At) && purchase.Lines.All(line => names.Contains(line.Line)))
        {
            var stands = Standing(payment, isByLine: true).ToDictionary(line => line.Line, line => line.Net, StringComparer.Ordinal);
            return [.. purchase.Lines.Select(line => line with { Net = line.Net - stands.GetValueOrDefault(line.Line) }).Where(line => line.Net > Money.Zero)];
        }

        var beyond = Money.Max(Money.Zero, purchase.Bought - payment.Paid.Amount);
        var (gone, back) = (purchase.Lines.Aggregate(Money.Zero, (sum, line) => sum + line.Net) - payment.Left - beyond, new List<PurchaseLine>());
        foreach (var line in purchase.Lines.Reverse())
        {
            if (gone <= Money.Zero) break;
            var part = Money.Min(line.Net, gone);
            if (part > Money.Zero) back.Add(line with { Net = part });
            gone -= part;
        }

        return back;
    }

    private static string LineOf(int index) => index.ToString(CultureInfo.InvariantCulture);

    /// <summary>What stands of a payment, as a purchase: as a whole, or line by line where its lines were said.</summary>
    private static IReadOnlyList<PurchaseLine> Standing(Payment payment, bool isByLine) => isByLine && payment.Paid!.Lines.Count > 0
        ? [.. payment.Standing().Select((net, line) => new PurchaseLine(LineOf(line), net)).Where(line => line.Net > Money.Zero)]
        : [new("", payment.Left)];
}
