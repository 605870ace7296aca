using Ledger.Agreements;
using Ledger.Policies;
using NodaTime;

namespace Ledger.Tests.Agreements;

/// <summary>Requests of every kind about light memberships, at random: late, twice, out of order, taken back; many are refused, as they are in life.</summary>
internal sealed class AgreementTraffic(int seed)
{
    public static readonly IReadOnlyList<(string Id, PlanTerms Terms)> Plans =
    [
        ("fee", AgreementShop.Terms with { Term = new TermRule.Relative(10, TermUnit.Day) }),
        ("promise", AgreementShop.Terms with { Term = new TermRule.Absolute(8, TermUnit.Day), Settlement = new SettlementRule.Promise(new(3, null)), Guarantee = new(30_00), HasFreeze = true }),
        ("times", AgreementShop.Terms with
        {
            Term = new TermRule.FixedDay(3, 1), Settlement = new SettlementRule.Steps([new(0, new(15_00)), new(1, new(10_00)), new(3, Money.Zero)]), SettlementDelayDays = 3,
        }),
        ("cycle", AgreementShop.Terms with
        {
            Term = new TermRule.AbsolutePlusOne(21, TermUnit.Day), Settlement = new SettlementRule.Cycle(7, TermUnit.Day, [new(3_00), new(20_00), new(5_00)]), HasFreeze = true,
        }),
        ("flex", AgreementShop.Terms with { Term = new TermRule.Absolute(20, TermUnit.Day), Settlement = new SettlementRule.CycleFlex(10, TermUnit.Day, 2, new(6_00)) }),
    ];

    private readonly Random random = new(seed);
    private readonly List<string> agreements = [];
    private int made;

    public static IEnumerable<Operation> Setup(Func<Request> ask) => Plans.Select(plan => PlanOperations.Open(ask(), plan.Id, plan.Id, plan.Terms));

    /// <param name="stateOf">What an agreement is now.</param>
    /// <param name="transfers">Numbers of orders to the provider, the last ones.</param>
    public Operation Next(Request request, Func<string, Agreement> stateOf, IReadOnlyList<string> transfers)
    {
        // Few later on, so that those there are live to their settlement and beyond.
        if (agreements.Count < 3 || random.Next(agreements.Count < 8 ? 20 : 80) == 0)
        {
            var fresh = FormattableString.Invariant($"A-{seed}-{++made}");
            agreements.Add(fresh);
            return AgreementOperations.Preorder(request, fresh, Plans[random.Next(Plans.Count)].Id, $"m-{random.Next(6)}", "acc-1", null, null, Duration.FromHours(1 + random.Next(300)));
        }

        var id = agreements[Math.Max(0, agreements.Count - 1 - random.Next(6))];
        return LightMembershipPolicy.Send(On(request, id, stateOf(id), transfers));
    }

    private Operation On(Request request, string id, Agreement state, IReadOnlyList<string> transfers)
    {
        var (number, at) = (random.Next(8), request.Now - Duration.FromHours(random.Next(3) == 0 ? random.Next(80) : 0));
        if (state.Signature is null && random.Next(4) > 0)
        {
            return state.Admission is not { IsAdmitted: true }
                ? AgreementOperations.Admit(request, id, isAdmitted: random.Next(5) > 0, "ref-1")
                : AgreementOperations.Sign(request, id, new("text-1", request.Now, AgreementView.Of(id, state, request.Now).EndsOn ?? new(2026, 1, 1)));
        }

        if (state.Frozen?.Release is { RetryAt: null } release && random.Next(2) == 0)
            return AgreementOperations.Note(request, id, release.Transfer, random.Next(2) == 0 ? TransferOutcome.Failed : TransferOutcome.Succeeded, "said so");

        // What was collected is worth a reversal, a refund, and the provider's word on it.
        if (state.Settlements.FirstOrDefault(one => one.Collected > Money.Zero) is { } paid && random.Next(3) > 0)
        {
            if (Waiting(state) is { } open && random.Next(2) == 0)
                return AgreementOperations.Note(request, id, open, random.Next(3) == 0 ? TransferOutcome.Failed : TransferOutcome.Succeeded, "said so");
            return random.Next(3) == 0 || state.Entries.Count == 0
                ? AgreementOperations.Refund(request, id, paid.Period, $"f{number}", random.Next(3) == 0 ? null : new Money(1_00), FeeRefundKind.MemberFee, null)
                : AgreementOperations.Reverse(request, id, $"z{random.Next(100)}", state.Entries[random.Next(state.Entries.Count)].Number, random.Next(2) == 0 ? null : new Money(50), request.Now);
        }

        switch (random.Next(20))
        {
            case 0 or 1 or 2: return AgreementOperations.Report(request, id, $"b{number}", new(1 + (number * 3_00)), at, random.Next(5) == 0 ? $"m-{number}" : null);
            case 3 or 4: return AgreementOperations.Reverse(request, id, $"x{random.Next(8)}", $"b{number}", random.Next(2) == 0 ? null : new Money(1_00), request.Now);
            case 5 or 6: return AgreementOperations.Progress(request, id, $"v{number}", 1, new(number), at, null);
            case 7: return AgreementOperations.ReverseProgress(request, id, $"y{number}", $"v{number}", null, null, request.Now);
            case 8: return AgreementOperations.ReportPeriod(request, id, 1 + random.Next(2), new(number * 1_00));
            case 9: return state.Shared is [var shared, ..] && number < 4 ? AgreementOperations.Unshare(request, id, shared) : AgreementOperations.Share(request, id, $"m-{6 + number}");
            case 10 when number < 2: return AgreementOperations.Quit(request, id, number == 0 ? QuitKind.Member : QuitKind.Merchant, null);
            case 11: return AgreementOperations.Settle(request, id, random.Next(2), state.Settlements is [.., var last] ? last.Due : new(number));
            case 12 when number < 2: return AgreementOperations.Waive(request, id, WaiverReason.PaidElsewhere, null, new(AgreementStreams.AgreementOf(id), _ => number == 0));
            case 12: return AgreementOperations.ApproveWaiver(request with { Actor = "other" }, id, new(AgreementStreams.AgreementOf(id), _ => true));
            case 13: return AgreementOperations.Refund(request, id, random.Next(2), $"f{number}", random.Next(2) == 0 ? null : new Money(1_00), FeeRefundKind.MemberFee, null);
            case < 17 when transfers.Count > 0:
                return AgreementOperations.Note(
                    request, id, random.Next(2) == 0 ? Waiting(state) ?? transfers[^1] : transfers[Math.Max(0, transfers.Count - 1 - random.Next(5))],
                    random.Next(5) switch { 0 => TransferOutcome.Pending, < 3 => TransferOutcome.Failed, _ => TransferOutcome.Succeeded }, "said so");
            default: return AgreementOperations.ReadClock(request, id);
        }
    }

    /// <summary>An order whose outcome the agreement does not know yet; null: none.</summary>
    public static string? Waiting(Agreement state) => state.Settlements.SelectMany(one => one.Refunds.Where(refund => refund is { IsDone: false, Failure: null }).Select(refund => refund.Transfer))
        .Concat(state.Settlements.Where(one => one.Stage is SettlementStage.Ordered or SettlementStage.Pending).Select(one => one.Transfer!))
        .Concat(state.Frozen is { Status: FrozenStatus.Ordered } frozen ? [frozen.Transfer] : [])
        .Concat(state.Frozen?.Release is { RetryAt: null } release ? [release.Transfer] : []).FirstOrDefault();
}
