using System.Text.Json;
using Ledger.Coupons;
using Ledger.Coupons.Baskets;
using Ledger.Coupons.Redemptions;
using Ledger.Reversals;
using NodaTime;
using Xunit;
using static Ledger.Coupons.CampaignCommand;
using static Ledger.Tests.Coupons.CouponExamples;

namespace Ledger.Tests.Reversals;

/// <summary>Undoing a request by its key: what it did, or that it will ever do anything.</summary>
public class ReversalTests
{
    private readonly ReversalBook book = new();

    /// <summary>Domain example A8: the redemption is lost on its way, the till times out and reverses, then the redemption arrives.</summary>
    [Fact]
    public void A8_Reversal_race()
    {
        var redeem = book.Redeem("R1", Noon);
        var timeout = Noon + Duration.FromSeconds(5);
        Assert.Equal(new("R1", "tombstone", timeout), book.Reversed("R1", "V1", timeout));

        Assert.Equal(new ReversedBeforeArrival(timeout), book.Refused(redeem));
        Assert.Equal(CouponStatus.Issued, book.Coupon.Status);

        book.Accepted(book.Redeem("R2", Noon + Duration.FromSeconds(30)));
        Assert.Equal("R2", book.Standing?.Request);
        Assert.Equal(new ReversedBeforeArrival(timeout), book.Refused(redeem));
    }

    [Fact]
    public void A_tombstone_is_an_entry_of_the_book()
    {
        book.Reversed("R1", "V1", Noon, "no answer");
        var (stream, _, fact) = book.Book.Entries[^1];
        Assert.Equal(new ReversalEvent.RequestReversedBeforeArrival("R1", "V1", Noon, "no answer"), fact);
        Assert.Equal(ReversalStream.IdOf("R1"u8), stream.Id);
        Assert.Equal(new Tombstone("R1", "V1", Noon, "no answer"), book.Book.Requests["R1"].Tombstone());
        Assert.NotEqual(ReversalStream.Of("R2").Id, stream.Id, StringComparer.Ordinal);
    }

    [Fact]
    public void A_reversal_is_safe_to_repeat_under_its_key_and_under_others()
    {
        var first = book.Reversed("R1", "V1", Noon);
        var entries = book.Book.Entries.Count;
        Assert.Equal(first, book.Reversed("R1", "V1", Noon + Duration.FromMinutes(1)));
        Assert.Equal(first, book.Reversed("R1", "V2", Noon + Duration.FromDays(9)));
        Assert.Equal(entries, book.Book.Entries.Count);
    }

    [Fact]
    public void A_redemption_is_voided_and_the_coupon_is_usable_again()
    {
        var answered = book.Accepted<RedemptionView>(book.Redeem("R1", Noon));
        Assert.Equal(new("R1", "reversed", Redemption: answered with { Status = "voided" }), book.Reversed("R1", "V1", Noon));
        Assert.Null(book.Standing);

        // What the request answered stays its answer; a copy of it does nothing more.
        Assert.Equal(answered, book.Accepted<RedemptionView>(book.Redeem("R1", Noon)));
        Assert.Null(book.Standing);
        book.Accepted(book.Redeem("R2", Noon));
    }

    [Fact]
    public void Of_a_redemption_that_was_voided_before_nothing_is_left_to_undo()
    {
        book.Accepted(book.Redeem("R1", Noon));
        book.Accepted(ReturnOperations.Void(InMemoryBook.Request("void", Noon), $"{Code}-1", Noon, Issued.Date, null));
        Assert.Equal("reversed", book.Reversed("R1", "V1", Noon).Status);

        // Nor when the coupon was used again since: the other redemption stands.
        book.Accepted(book.Redeem("R2", Noon));
        var entries = book.Book.Entries.Count;
        Assert.Equal("voided", book.Reversed("R1", "V2", Noon + Duration.FromMinutes(1)).Redemption?.Status);
        Assert.Equal("R2", book.Standing?.Request);
        Assert.Equal(entries, book.Book.Entries.Count);
    }

    [Fact]
    public void A_redemption_of_lines_and_payments_is_told_as_it_was_answered()
    {
        var basket = new Basket([new(new(60_00), Goods: "tea"), new(new(60_00), Goods: "cake")], [new("huabei", new(100_00))]);
        var redeem = TillOperations.Redeem(InMemoryBook.Request("R1", Noon), Code, new(120_00), Noon, "s1", "t1", null, basket);
        var answered = book.Accepted<RedemptionView>(redeem);
        Assert.NotNull(answered.Basket);
        Assert.Equal(answered with { Status = "voided" }, book.Reversed("R1", "V1", Noon).Redemption);
    }

    [Fact]
    public void A_hold_is_released()
    {
        var held = book.Accepted<HoldView>(book.Hold("H1", Noon));
        Assert.Equal(new("H1", "reversed", Hold: held), book.Reversed("H1", "V1", Noon));
        Assert.Null(book.Coupon.Hold);
        Assert.Equal(new HoldNotFound(held.HoldId), book.Refused(book.Commit("C1", "H1", Noon)));
        Assert.Equal("reversed", book.Reversed("H1", "V2", Noon).Status);
    }

    [Fact]
    public void A_commit_is_reversed_as_the_redemption_that_it_made()
    {
        book.Accepted(book.Hold("H1", Noon));
        var answered = book.Accepted<RedemptionView>(book.Commit("C1", "H1", Paid));
        Assert.Equal(answered with { Status = "voided" }, book.Reversed("C1", "V1", Paid).Redemption);
        Assert.Null(book.Standing);
        Assert.Equal("reversed", book.Reversed("H1", "V2", Paid).Status);
    }

    [Fact]
    public void A_hold_that_was_committed_under_another_key_is_refused_and_names_the_redemption()
    {
        book.Accepted(book.Hold("H1", Noon));
        book.Accepted(book.Commit("C1", "H1", Paid));
        Assert.Equal(new AlreadyUsed($"{Code}-1", Paid), book.Refused(book.Reverse("H1", "V1", Paid)));
        Assert.Equal("C1", book.Standing?.Request);
    }

    [Fact]
    public void A_hold_that_ran_out_is_over_whoever_used_the_coupon_since()
    {
        book.Accepted(book.Hold("H1", Noon));
        book.Accepted(book.Redeem("R2", Noon + Duration.FromMinutes(3)));
        Assert.Equal("reversed", book.Reversed("H1", "V1", Noon + Duration.FromMinutes(4)).Status);
        Assert.Equal("R2", book.Standing?.Request);
    }

    [Fact]
    public void A_commit_that_comes_after_its_reversal_and_the_release_does_nothing()
    {
        book.Accepted(book.Hold("H1", Noon));
        Assert.Equal("tombstone", book.Reversed("C1", "V1", Paid).Status);
        Assert.Equal("reversed", book.Reversed("H1", "V2", Paid).Status);
        Assert.Equal(new ReversedBeforeArrival(Paid), book.Refused(book.Commit("C1", "H1", Paid)));
        Assert.Null(book.Standing);
    }

    [Fact]
    public void A_refused_request_counts_as_never_seen()
    {
        var tooLittle = TillOperations.Redeem(InMemoryBook.Request("R1", Noon), Code, new(1), Noon, null, null, null);
        Assert.IsType<FloorNotMet>(book.Refused(tooLittle));
        Assert.Equal("tombstone", book.Reversed("R1", "V1", Noon).Status);
        Assert.Equal(new ReversedBeforeArrival(Noon), book.Refused(book.Redeem("R1", Noon)));
    }

    [Fact]
    public void What_no_till_did_is_not_reversible()
    {
        book.Accepted(book.Redeem("R1", Noon));
        book.Accepted(ReturnOperations.Void(InMemoryBook.Request("void", Noon), $"{Code}-1", Noon, Issued.Date, null));
        book.Accepted(book.Hold("H1", Noon));
        book.Accepted(TillOperations.Release(InMemoryBook.Request("release", Noon), CouponStream.HoldId(Code, "H1")));
        book.Accepted(CouponOperations.Change(InMemoryBook.Request("pause", Noon), Spring, new PauseCampaign("rest")));
        book.Reversed("unseen", "V0", Noon);
        book.Reversed("R1", "V1", Noon);
        book.Accepted(CouponOperations.Deactivate(InMemoryBook.Request("deactivate", Noon), Code, "lost"));
        foreach (var key in new[] { "draft", "issue", "void", "release", "pause", "V0", "V1", "deactivate" })
            Assert.Equal(new NotReversible(key), book.Refused(book.Reverse(key, $"reverse {key}", Noon)));
    }

    [Fact]
    public void The_void_window_bounds_a_reversal_but_for_the_quarter_of_an_hour_after_the_redemption()
    {
        // The terms void until the end of the business day; this redemption is made a minute before.
        var late = Moments.At("2026-03-03T23:59:00+08:00");
        var grace = Duration.FromMinutes(Limits.ReversalMinutes);
        book.Accepted(book.Redeem("R1", late));
        var voiding = ReturnOperations.Void(InMemoryBook.Request("void", late), $"{Code}-1", late + Duration.FromMinutes(1), Issued.Date, null);
        Assert.IsType<VoidWindowClosed>(book.Refused(voiding));
        Assert.Equal(new VoidWindowClosed(late + grace), book.Refused(book.Reverse("R1", "V1", late + grace)));
        Assert.Equal("reversed", book.Reversed("R1", "V1", late + grace - Moments.Tick).Status);

        // A longer window is not shortened.
        var noon = Moments.At("2026-03-04T12:00:00+08:00");
        book.Accepted(book.Redeem("R2", noon));
        Assert.Equal("reversed", book.Reversed("R2", "V2", Moments.At("2026-03-04T23:59:59+08:00")).Status);
    }

    [Fact]
    public void A_reversal_without_a_key_of_its_own_is_a_mistake_of_the_caller()
    {
        Assert.Throws<ArgumentException>(() => book.Reverse("R1", "R1", Noon));
        Assert.Throws<ArgumentException>(() => book.Reverse("R1", "", Noon));
    }

    [Fact]
    public void An_operation_sees_the_requests_that_it_named_and_no_others()
    {
        var states = new BookStates();
        states.Ask("a");
        Assert.Null(states.Request("a"));
        states.Note("a", new(new byte[32], "{}"u8.ToArray()));
        states.Note("b", new(new byte[32], "{}"u8.ToArray()));
        states.Ask("a");
        Assert.False(states.Request("a")!.IsTombstone);
        Assert.Throws<KeyNotFoundException>(() => states.Request("b"));
    }
}

/// <summary>A book in memory with coupons of 20.00 off 100.00, voidable until the end of their business day, and a till that uses them together.</summary>
internal sealed class ReversalBook
{
    private readonly string[] codes;

    public ReversalBook(params string[] codes)
    {
        this.codes = codes.Length == 0 ? [Code] : codes;
        var terms = Terms with { VoidWindowMinutes = null };
        Accepted(CouponOperations.Draft(Ask("draft", Received), Spring, new("Spring", 100, WindowStart, IssuingEnds), terms));
        Accepted(CouponOperations.Change(Ask("submit", Received), Spring, new SubmitCampaign()));
        Accepted(CouponOperations.Change(Ask("approve", Received), Spring, new ApproveCampaign()));
        foreach (var code in this.codes) Accepted(CouponOperations.Issue(Ask(code == Code ? "issue" : $"issue {code}", Received), Spring, code, Member, null, Received, Issued.Date));
    }

    public InMemoryBook Book { get; } = new();

    public IReadOnlyList<Coupon> Coupons => [.. codes.Select(code => Book.State(CouponStream.Of(code)))];

    /// <summary>The only one.</summary>
    public Coupon Coupon => Assert.Single(Coupons);

    public CouponUse? Standing => Coupon.Status == CouponStatus.Used ? Coupon.Last : null;

    public Operation Redeem(string key, Instant now) => TillOperations.Redeem(Ask(key, now), [.. codes.Select(code => new Presented(code))], new(120_00), now, "s1", "t1", null);

    /// <summary>By another till, which has but the last of them.</summary>
    public Operation RedeemLast(string key, Instant now) => TillOperations.Redeem(Ask(key, now), codes[^1], new(120_00), now, "s1", "t2", null);

    /// <summary>For two minutes.</summary>
    public Operation Hold(string key, Instant now) => TillOperations.Hold(Ask(key, now), [.. codes.Select(code => new Presented(code))], new(120_00), 120, now, "s1", "t1", null);

    public Operation Commit(string key, string hold, Instant now) => TillOperations.Commit(Ask(key, now), CouponStream.HoldId(codes[0], hold), now);

    public Operation Reverse(string original, string key, Instant now, string? reason = null) =>
        ReversalOperations.Reverse(Ask(key, now), original, now, now.InZone(Terms.Zone()).Date, reason);

    public ReversalView Reversed(string original, string key, Instant now, string? reason = null) => Accepted<ReversalView>(Reverse(original, key, now, reason));

    public byte[] Accepted(Operation operation)
    {
        var (answer, refusal) = Book.Run(operation);
        Assert.Null(refusal);
        return answer!;
    }

    public T Accepted<T>(Operation operation) => JsonSerializer.Deserialize<T>(Accepted(operation), LedgerJson.Outcomes)!;

    public Rejection? Refused(Operation operation)
    {
        var before = Book.Entries.Count;
        var (_, refusal) = Book.Run(operation);
        Assert.NotNull(refusal);
        Assert.Equal(before, Book.Entries.Count);
        return refusal;
    }

    private static Request Ask(string key, Instant now) => InMemoryBook.Request(key, now);
}
