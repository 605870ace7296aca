using Ledger.Benefits.ReadModels;
using Ledger.Coupons.ReadModels;
using Ledger.Payments.ReadModels;
using Ledger.Points.ReadModels;

namespace Ledger.Tests.Readers;

/// <summary>The read models of every slice from their plain folds.</summary>
internal sealed class Projections(string book)
{
    public CouponProjections Coupons { get; } = new(book);

    public PaymentProjections Payments { get; } = new(book);

    public PointsProjections Points { get; } = new(book);

    public BenefitProjections Benefits { get; } = new(book);

    public IEnumerable<TimerRow> Timers => Coupons.Timers
        .Concat(Points.Timers.Concat(Benefits.Timers).Select(timer => new TimerRow(book, timer.Stream, timer.DueAt)));

    public void Apply(string stream, object fact)
    {
        Coupons.Apply(stream, fact);
        Payments.Apply(fact);
        Points.Apply(stream, fact);
        Benefits.Apply(stream, fact);
    }
}
