using Ledger.Transfers;
using NodaTime;
using Xunit;
using static Ledger.Tests.Moments;
using static Ledger.Transfers.TransferCommand;
using static Ledger.Transfers.TransferEvent;

namespace Ledger.Tests.Transfers;

public class TransferDeciderTests
{
    private static readonly Spec<TransferCommand, Transfer, TransferEvent> s_transfer = new(TransferDecider.Decide, TransferDecider.Evolve, Transfer.None);
    private static readonly Instant s_at = At("2026-02-17T12:00:00+08:00");
    private static readonly TransferOrder s_order = new("w-1", TransferKind.Withhold, 15_00, "account-1", "agreement-a1", null, "sign-1");
    private static readonly TransferOrdered s_ordered = new(s_order, s_at);
    private static readonly TransferSucceeded s_succeeded = new("w-1", "agreement-a1", TransferKind.Withhold, "ref-1", s_at);
    private static readonly TransferFailed s_failed = new("w-1", "agreement-a1", TransferKind.Withhold, "NO_FUNDS", s_at);

    [Fact]
    public void It_is_ordered_once_under_its_number()
    {
        s_transfer.Given().When(new OrderTransfer(s_order, s_at)).Then(s_ordered);
        s_transfer.Given(s_ordered).When(new OrderTransfer(s_order, s_at + Tick)).ThenNothing();
        s_transfer.Given(s_ordered, s_failed).When(new OrderTransfer(s_order, s_at + Tick)).ThenNothing();
    }

    [Fact]
    public void Another_order_under_the_number_is_refused_and_names_who_has_it()
    {
        TransferOrder[] others =
        [
            s_order with { Amount = 15_01 }, s_order with { Kind = TransferKind.Payout }, s_order with { Account = "account-2" }, s_order with { Origin = "agreement-a2" },
            s_order with { Of = "w-0" }, s_order with { Agreement = null },
        ];
        Assert.All(others, other => s_transfer.Given(s_ordered).When(new OrderTransfer(other, s_at)).ThenRefused(new TransferNumberTaken("w-1", "agreement-a1", s_at)));
    }

    [Fact]
    public void Nothing_and_too_much_is_not_ordered()
    {
        Assert.All([-1, 0, Limits.MaxAmount + 1], amount => s_transfer.Given()
            .When(new OrderTransfer(s_order with { Amount = amount }, s_at)).ThenRefused(new TransferAmountOutOfRange(amount, Limits.MaxAmount)));
        s_transfer.Given().When(new OrderTransfer(s_order with { Amount = Limits.MaxAmount }, s_at)).Then(new TransferOrdered(s_order with { Amount = Limits.MaxAmount }, s_at));
    }

    [Fact]
    public void What_was_never_ordered_has_no_answer()
    {
        TransferCommand[] commands = [new NoteSuccess("w-1", "r", s_at), new NoteFailure("w-1", "r", s_at), Waits(1), new QueryTransfer("w-1", s_at)];
        Assert.All(commands, command => s_transfer.Given().When(command).ThenRefused(new TransferUnknown("w-1")));
    }

    [Fact]
    public void The_first_final_answer_counts_and_the_same_again_does_nothing()
    {
        s_transfer.Given(s_ordered).When(new NoteSuccess("w-1", "ref-1", s_at)).Then(s_succeeded);
        s_transfer.Given(s_ordered, Pending(1)).When(new NoteSuccess("w-1", "ref-1", s_at)).Then(s_succeeded);
        s_transfer.Given(s_ordered).When(new NoteFailure("w-1", "NO_FUNDS", s_at)).Then(s_failed);
        s_transfer.Given(s_ordered, s_failed).When(new NoteFailure("w-1", "OTHER_WORDS", s_at)).ThenNothing();
    }

    [Fact]
    public void An_answer_against_the_final_one_is_kept_and_changes_nothing_else()
    {
        Assert.All(new (TransferEvent Final, TransferCommand Late, TransferClaim Claim)[]
        {
            (s_succeeded, new NoteFailure("w-1", "NO_FUNDS", s_at), new(TransferState.Failed, "NO_FUNDS")),
            (s_succeeded, new NoteSuccess("w-1", "ref-2", s_at), new(TransferState.Succeeded, "ref-2")),
            (s_failed, new NoteSuccess("w-1", "ref-1", s_at), new(TransferState.Succeeded, "ref-1")),
        }, row =>
        {
            var answer = s_transfer.Given(s_ordered, row.Final).When(row.Late);
            answer.Then(new TransferDisputed("w-1", "agreement-a1", TransferKind.Withhold, row.Claim, s_at));
            var before = s_transfer.Given(s_ordered, row.Final).State;
            Assert.Equal(before with { Disputes = [row.Claim] }, answer.AndThen().State);
            Assert.True(answer.AndThen().State.NeedsPerson);
        });
    }

    [Fact]
    public void Contradictions_are_recorded_up_to_a_bound()
    {
        var many = Enumerable.Range(0, Limits.MaxDisputes).Select(n => new TransferDisputed("w-1", "agreement-a1", TransferKind.Withhold, new(TransferState.Failed, $"{n}"), s_at));
        s_transfer.Given([s_ordered, s_succeeded, .. many]).When(new NoteFailure("w-1", "9", s_at)).ThenNothing();
        s_transfer.Given([s_ordered, s_succeeded, .. many]).When(new NoteFailure("w-1", "10", s_at)).ThenRefused(new TooManyDisputes(Limits.MaxDisputes));
    }

    [Fact]
    public void Each_attempt_without_a_final_answer_waits_twice_as_long()
    {
        var (past, seconds) = (new List<TransferEvent> { s_ordered }, 0L);
        for (var attempt = 1; attempt < Limits.TransferAttempts; attempt++)
        {
            var expected = Duration.FromSeconds(Math.Min(1L << (attempt - 1), 3600));
            s_transfer.Given(past).When(Waits(attempt)).Then(Pending(attempt) with { Due = s_at + expected });
            past.Add(Pending(attempt));
            seconds += (long)expected.TotalSeconds;
        }

        Assert.Equal(4095 + (11 * 3600), seconds);
        var last = s_transfer.Given(past).When(Waits(Limits.TransferAttempts));
        last.Then(Pending(Limits.TransferAttempts) with { Due = null });
        Assert.True(last.AndThen().State is { NeedsPerson: true, State: TransferState.Pending, DueAt: null });
    }

    [Fact]
    public void An_attempt_that_was_noted_and_one_behind_the_final_answer_change_nothing()
    {
        s_transfer.Given(s_ordered, Pending(2)).When(Waits(1)).ThenNothing();
        s_transfer.Given(s_ordered, Pending(2)).When(Waits(2)).ThenNothing();
        s_transfer.Given(s_ordered, s_succeeded).When(Waits(7)).ThenNothing();
        s_transfer.Given(s_ordered, s_failed).When(Waits(7)).ThenNothing();
    }

    [Fact]
    public void What_repeating_cannot_resolve_waits_for_a_person_at_once() =>
        s_transfer.Given(s_ordered).When(Waits(1) with { IsHopeless = true }).Then(Pending(1) with { Due = null });

    [Fact]
    public void A_person_has_the_provider_asked_now()
    {
        var later = s_at + Duration.FromMilliseconds(999);
        s_transfer.Given(s_ordered, Pending(1)).When(new QueryTransfer("w-1", later)).Then(new TransferQueried("w-1", later, later));
        s_transfer.Given(s_ordered, Pending(1)).When(new QueryTransfer("w-1", s_at + Duration.FromSeconds(1))).ThenNothing();
        s_transfer.Given(s_ordered, Pending(24) with { Due = null }).When(new QueryTransfer("w-1", later)).Then(new TransferQueried("w-1", later, later));
        s_transfer.Given(s_ordered, s_succeeded).When(new QueryTransfer("w-1", later)).ThenNothing();
    }

    private static NotePending Waits(int attempt) => new("w-1", attempt, "TIMEOUT", false, s_at);

    private static TransferPending Pending(int attempt) =>
        new("w-1", "agreement-a1", TransferKind.Withhold, attempt, "TIMEOUT", s_at + TransferDecider.WaitAfter(attempt), s_at);
}
