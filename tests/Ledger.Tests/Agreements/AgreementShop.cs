using Ledger.Agreements;
using Ledger.Coupons;
using Ledger.Policies;
using NodaTime;
using Xunit;

namespace Ledger.Tests.Agreements;

/// <summary>A merchant with light memberships and a provider that answers as it is told, without a database.</summary>
internal sealed class AgreementShop
{
    public const string Tea = "tea";
    private int requests;

    public AgreementShop(PlanTerms? terms = null, Instant? now = null)
    {
        Now = now ?? Day(1);
        if (terms is not null) Open(Tea, terms);
    }

    public static DateTimeZone Shanghai { get; } = DateTimeZoneProviders.Tzdb["Asia/Shanghai"];

    /// <summary>Thirty days, a fee of 15.00, a guarantee of 15.00, three days of exemption.</summary>
    public static PlanTerms Terms { get; } = new(
        new TermRule.Relative(30, TermUnit.Day), new SettlementRule.Fee(new(15_00)), new(15_00), "Asia/Shanghai", ExemptionDays: 3, SignIntervalDays: 0, SettlementDelayDays: 7, GraceDays: 3,
        RefundDays: 90, HasFreeze: false, new(QuitMode.Common), "5 yuan off every cup");

    public InMemoryBook Book { get; } = new();

    public Instant Now { get; set; }

    /// <summary>What every four-eyes question is answered.</summary>
    public bool IsFourEyes { get; set; }

    /// <summary>Noon of that day of January 2026; 32 is the first of February.</summary>
    public static Instant Day(int day, int hour = 12) => new LocalDateTime(2026, 1, 1, hour, 0).PlusDays(day - 1).InZoneStrictly(Shanghai).ToInstant();

    public ApprovalRule Rule => new(AgreementStreams.PlanOf(Tea), _ => IsFourEyes);

    public IEnumerable<MoneyOrder> Orders => Book.Entries.Select(entry => entry.Fact switch
    {
        AgreementEvent.AgreementSigned e => e.Order,
        AgreementEvent.SettlementOpened e => e.Order,
        AgreementEvent.SettlementRetried e => e.Order,
        AgreementEvent.FeeRefundOrdered e => e.Order,
        AgreementEvent.GuaranteeReleaseOrdered e => e.Order,
        _ => null,
    }).OfType<MoneyOrder>();

    public Request Ask(string actor = "test") => InMemoryBook.Request(FormattableString.Invariant($"r-{++requests}"), Now) with { Actor = actor };

    public Agreement Agreement(string id = "A-1") => Book.State(AgreementStreams.AgreementOf(id));

    public void Open(string plan, PlanTerms terms) => Does(PlanOperations.Open(Ask(), plan, plan, terms));

    public Operation Preorder(string id = "A-1", string member = "m-1", string plan = Tea, Instant? at = null) =>
        AgreementOperations.Preorder(Ask(), id, plan, member, "acc-1", "prov-1", at, Duration.FromHours(1));

    public Operation Sign(string id = "A-1", LocalDate? endsOn = null)
    {
        var shown = AgreementView.Of(id, Agreement(id), Now).EndsOn!.Value;
        return AgreementOperations.Sign(Ask(), id, new("text-1", Now, endsOn ?? shown));
    }

    /// <summary>Pre-ordered, admitted, signed.</summary>
    public AgreementShop Signed(string id = "A-1", string member = "m-1", string plan = Tea)
    {
        Does(Preorder(id, member, plan));
        Does(AgreementOperations.Admit(Ask(), id, isAdmitted: true, "ref-1"));
        Does(Sign(id));
        return this;
    }

    public void Benefit(string number, long amount, Instant? at = null, string? member = null, string id = "A-1") =>
        Does(AgreementOperations.Report(Ask(), id, number, new(amount), at ?? Now, member));

    public void Back(string of, long? amount = null, string? number = null, string id = "A-1") =>
        Does(AgreementOperations.Reverse(Ask(), id, number ?? $"{of}-back", of, amount is { } some ? new Money(some) : null, Now));

    public void Visit(string number, int times = 1, long amount = 0, string id = "A-1") => Does(AgreementOperations.Progress(Ask(), id, number, times, new(amount), Now, null));

    /// <summary>The clock is read at that time, as often as it has something to say.</summary>
    public void Clock(Instant now, string id = "A-1")
    {
        while (Agreement(id).DueAt is { } due && due <= now)
        {
            Now = Instant.Max(Now, due);
            var before = Book.Entries.Count;
            Does(AgreementOperations.ReadClock(Ask(), id));
            if (Book.Entries.Count == before) break;
        }

        Now = Instant.Max(Now, now);
    }

    /// <summary>The last order has this outcome.</summary>
    public void Provider(TransferOutcome outcome, string text = "prov-ref", string id = "A-1") => Provider(Orders.Last().Number, outcome, text, id);

    public void Provider(string number, TransferOutcome outcome, string text = "prov-ref", string id = "A-1") => Does(AgreementOperations.Note(Ask(), id, number, outcome, text));

    public void Does(Operation operation)
    {
        var (answer, refusal) = Book.Run(LightMembershipPolicy.Send(operation));
        Assert.True(refusal is null && answer is not null, $"{refusal}");
    }

    public Rejection Refuses(Operation operation)
    {
        var before = Book.Entries.Count;
        var (answer, refusal) = Book.Run(LightMembershipPolicy.Send(operation));
        Assert.True(answer is null, "it was accepted");
        Assert.Equal(before, Book.Entries.Count);
        return refusal!;
    }

    public void AssertExplained(string id = "A-1")
    {
        var facts = Book.Entries.Where(entry => entry.Stream.Id == $"agreement-{id}").Select(entry => (AgreementEvent)entry.Fact).ToList();
        Assert.All(Explanation.Of(facts), one => Assert.Equal(one.Stored, one.Recomputed));
    }
}
