using Ledger.Agreements.ReadModels;
using Ledger.Benefits.ReadModels;
using Ledger.Coupons.ReadModels;
using Ledger.Members.ReadModels;
using Ledger.Payments.ReadModels;
using Ledger.Points.ReadModels;
using Ledger.Policies.ReadModels;
using Ledger.Traffic;
using Ledger.Transfers;
using NodaTime;

namespace Ledger.Tests.Readers;

/// <summary>The read models of every slice from their plain folds.</summary>
internal sealed class Projections(string book)
{
    public CouponProjections Coupons { get; } = new(book);

    public PaymentProjections Payments { get; } = new(book);

    public PointsProjections Points { get; } = new(book);

    public BenefitProjections Benefits { get; } = new(book);

    public FuProjections FuCards { get; } = new(book);

    public AgreementProjections Agreements { get; } = new(book);

    private readonly HashSet<TimerRow> traffic = [];
    private readonly HashSet<(string Stream, Instant DueAt)> transfers = [];

    public MemberProjections Members { get; } = new();

    public IEnumerable<TimerRow> Timers => Coupons.Timers.Concat(traffic)
        .Concat(Points.Timers.Concat(Benefits.Timers).Concat(Members.Timers).Concat(transfers).Concat(Agreements.Timers).Select(timer => new TimerRow(book, timer.Stream, timer.DueAt)));

    public void Apply(string stream, object fact)
    {
        Coupons.Apply(stream, fact);
        if (fact is TrafficEvent.VisitorAttributed { Due: { } earned }) traffic.Add(new(book, stream, earned));
        if (fact is TrafficEvent.ExposureSpent { Due: { } spent }) traffic.Add(new(book, stream, spent));
        if (fact is TrafficEvent.ExposureExpired { Due: { } expired }) traffic.Add(new(book, stream, expired));
        FuCards.Apply(stream, fact);
        Payments.Apply(fact);
        Points.Apply(stream, fact);
        Benefits.Apply(stream, fact);
        Members.Apply(stream, fact);
        if (fact is TransferEvent happened && TransferDecider.Evolve(Transfer.None, happened).DueAt is { } due) transfers.Add((stream, due));
        Agreements.Apply(stream, fact);
    }
}
