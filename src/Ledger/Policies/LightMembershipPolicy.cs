using Ledger.Agreements;
using Ledger.Coupons;
using Ledger.Payments;
using Ledger.Transfers;
using static Ledger.Coupons.CouponEvent;
using static Ledger.Payments.PaymentEvent;
using static Ledger.Transfers.TransferEvent;

namespace Ledger.Policies;

/// <summary>
/// What a light member's purchases mean for the membership: a discount is a benefit, unless the voucher was bought, a payment a fulfilment, and what is voided
/// or returned takes back as much. What a membership orders from the provider is sent with the facts that order it, and the provider's word comes back the same way, once.
/// </summary>
public static class LightMembershipPolicy
{
    private const string Origin = "agreement-";

    public static Policy Benefits { get; } = new(
        "light-membership-benefits", [typeof(CouponRedeemed), typeof(RedemptionVoided), typeof(CouponReturned), typeof(PaymentReceived), typeof(PaymentRefunded)], turn => turn.Fact switch
        {
            CouponRedeemed { Discount.Minor: > 0 } e => Forward(
                turn.Request(), e.Member, e.At, (request, id) => AgreementOperations.Report(request, id, Redeemed(turn, e.RedemptionId), e.Discount, e.At, e.Member),
                CouponStream.Type.At(turn.Stream)),
            RedemptionVoided { Discount.Minor: > 0 } e => Backward(
                turn.Request(), e.Member, Redeemed(turn, e.RedemptionId), e.At,
                (request, id, of, at) => AgreementOperations.Reverse(request, id, $"{of}/void", of, e.Discount, at)),
            CouponReturned { Discount.Minor: > 0 } e => Backward(
                turn.Request(), e.Member, Redeemed(turn, e.RedemptionId), e.At,
                (request, id, of, at) => AgreementOperations.Reverse(request, id, FormattableString.Invariant($"{of}/return/{e.Number}"), of, e.Discount, at)),
            PaymentReceived { Paid.Member: { } member } e => Forward(
                turn.Request(), member, e.At, (request, id) => AgreementOperations.Progress(request, id, $"payment/{e.Trade}", 1, e.Paid.Amount, e.At, member)),
            PaymentRefunded { Member: { } member } e => Backward(
                turn.Request(), member, $"payment/{e.Trade}", e.Refund.At,
                (request, id, of, at) => AgreementOperations.ReverseProgress(request, id, $"{of}/{e.Refund.Number}", of, e.Left == Money.Zero ? 1 : 0, e.Refund.Amount, at)),
            _ => null,
        })
    {
        OnlyWhere = "lightmember-",
        // Each redemption is looked at, and the fee is reckoned days later.
        IsPatient = true,
    };

    public static Policy Outcomes { get; } = new("light-membership-money", [typeof(TransferSucceeded), typeof(TransferFailed), typeof(TransferPending)], turn => turn.Fact switch
    {
        TransferSucceeded e when IsOurs(e.Origin) => Note(turn, e.Origin, e.Number, TransferOutcome.Succeeded, e.Reference),
        TransferFailed e when IsOurs(e.Origin) => Note(turn, e.Origin, e.Number, TransferOutcome.Failed, e.Reason),
        TransferPending e when IsOurs(e.Origin) => Note(turn, e.Origin, e.Number, TransferOutcome.Pending, e.Reason),
        _ => null,
    });

    /// <summary>The operation, and with its facts the transfers that they order: both or neither.</summary>
    public static Operation Send(Operation operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        return operation with
        {
            Decide = book =>
            {
                var verdict = operation.Decide(book);
                if (verdict is not Verdict.Accepted accepted) return verdict;
                var orders = accepted.Changes.Select(change => (change.Stream.Id, Order: OrderOf(change.Fact))).Where(one => one.Order is not null)
                    .Select(one => new TransferOrder(
                        one.Order!.Number, KindOf(one.Order.Move), one.Order.Amount.Minor, one.Order.Account, one.Id, one.Order.Of, one.Order.ProviderAgreement)).ToList();
                if (orders.Count == 0) return accepted;
                StreamName[] lacking = [.. orders.Select(order => TransferStream.Of(order.Number)).Where(stream => !book.Has(stream))];
                if (lacking.Length > 0) return new Verdict.NeedsMore(lacking);
                var changes = new List<Change>(accepted.Changes);
                foreach (var order in orders)
                {
                    var (sent, refusal) = TransferOperations.Order(book, order, operation.Request.Now);
                    if (refusal is not null) return refusal;
                    changes.AddRange(sent);
                }

                return accepted with { Changes = changes };
            },
        };
    }

    private static bool IsOurs(string origin) => origin.StartsWith(Origin, StringComparison.Ordinal);

    private static Operation Note(PolicyTurn turn, string origin, string number, TransferOutcome outcome, string text) =>
        Send(AgreementOperations.Note(turn.Request(), origin[Origin.Length..], number, outcome, text));

    private static string Redeemed(PolicyTurn turn, string redemption) => $"{turn.Stream.Replace('-', '/')}/{redemption}";

    /// <summary>Counts in the membership that the person had at that moment, if any.</summary>
    /// <param name="used">The coupon that was used, if any: what one takes off that was paid for is no benefit.</param>
    private static Operation Forward(
        Request request, string member, NodaTime.Instant at, Func<Request, string, Operation> report, Stream<Coupon, CouponEvent>? used = null)
    {
        var stream = AgreementStreams.MemberOf(member);
        return Send(new(request, [stream], [], book =>
        {
            if (book.State(stream).At(at) is not { } span) return Nothing(member);
            if (used is not null && !book.Has(used)) return new Verdict.NeedsMore([used]);
            return used is not null && book.State(used).Sold is not null ? Nothing(member) : Within(book, report(request, span.Agreement));
        }));
    }

    /// <summary>Takes back where it was counted, if it was; not before it was counted, as a till's clock may have been ahead of the one that takes back.</summary>
    private static Operation Backward(Request request, string member, string of, NodaTime.Instant at, Func<Request, string, string, NodaTime.Instant, Operation> report)
    {
        var stream = AgreementStreams.MemberOf(member);
        return Send(new(request, [stream], [], book =>
        {
            var agreements = book.State(stream).Spans.Select(span => span.Agreement).Distinct(StringComparer.Ordinal).ToList();
            StreamName[] lacking = [.. agreements.Select(AgreementStreams.AgreementOf).Where(agreement => !book.Has(agreement))];
            if (lacking.Length > 0) return new Verdict.NeedsMore(lacking);
            foreach (var id in agreements)
            {
                if (book.State(AgreementStreams.AgreementOf(id)).Entries.FirstOrDefault(entry => entry.Number == of) is { } counted)
                    return Within(book, report(request, id, of, NodaTime.Instant.Max(at, counted.BusinessTime)));
            }

            return Nothing(member);
        }));
    }

    private static Verdict Within(BookStates book, Operation inner) =>
        inner.Streams.All(book.Has) ? inner.Decide(book) : new Verdict.NeedsMore(inner.Streams);

    private static Verdict.Accepted Nothing(string member) => new([], new NoMembership(member));

    private static MoneyOrder? OrderOf(object fact) => fact switch
    {
        AgreementEvent.AgreementSigned e => e.Order,
        AgreementEvent.SettlementOpened e => e.Order,
        AgreementEvent.SettlementRetried e => e.Order,
        AgreementEvent.FeeRefundOrdered e => e.Order,
        AgreementEvent.GuaranteeReleaseOrdered e => e.Order,
        _ => null,
    };

    private static TransferKind KindOf(MoneyMove move) => move switch
    {
        MoneyMove.Freeze => TransferKind.Freeze,
        MoneyMove.Unfreeze => TransferKind.Unfreeze,
        MoneyMove.UnfreezeToPay => TransferKind.UnfreezeToPay,
        MoneyMove.Withhold => TransferKind.Withhold,
        MoneyMove.Refund => TransferKind.Refund,
        _ => throw new System.Diagnostics.UnreachableException($"{move}"),
    };
}

/// <summary>What a policy answers where nothing follows.</summary>
public sealed record NoMembership(string Member);
