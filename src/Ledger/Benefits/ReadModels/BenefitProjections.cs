using NodaTime;
using static Ledger.Benefits.BenefitOrderEvent;

namespace Ledger.Benefits.ReadModels;

/// <summary>A row of <c>benefit_months</c>.</summary>
public sealed record BenefitMonthRow(string Book, LocalDate Month, string Benefit, long Redeemed, long Points);

/// <summary>The read model of benefits by another road than its SQL: from what the orders become.</summary>
public sealed class BenefitProjections(string book)
{
    private readonly Dictionary<string, BenefitOrder> orders = new(StringComparer.Ordinal);
    private readonly Dictionary<(LocalDate Month, string Benefit), (long Redeemed, long Points)> months = [];

    public IEnumerable<BenefitMonthRow> Months => months.Select(pair => new BenefitMonthRow(book, pair.Key.Month, pair.Key.Benefit, pair.Value.Redeemed, pair.Value.Points));

    public IEnumerable<(string Stream, Instant DueAt)> Timers => orders.Where(order => order.Value.ExpiresAt is not null).Select(order => (order.Key, order.Value.ExpiresAt!.Value));

    /// <summary>Takes the book's next entry; entries of other slices change nothing.</summary>
    public void Apply(string stream, object fact)
    {
        if (fact is not BenefitOrderEvent happened) return;
        var before = orders.GetValueOrDefault(stream, BenefitOrder.None);
        var after = orders[stream] = BenefitDecider.Evolve(before, happened);
        var redeemed = (IsRedeemed(after) ? 1 : 0) - (IsRedeemed(before) ? 1 : 0);
        if (redeemed == 0) return;
        var date = happened switch
        {
            BenefitOrdered e => e.Date,
            BenefitPickedUp e => e.Date,
            BenefitCancelled e => e.Date,
            _ => throw new System.Diagnostics.UnreachableException($"{fact}"),
        };
        var key = (new LocalDate(date.Year, date.Month, 1), after.Benefit);
        var (count, points) = months.GetValueOrDefault(key);
        months[key] = (count + redeemed, points + (redeemed * after.Points));
    }

    /// <summary>Whether the points of the order are spent.</summary>
    private static bool IsRedeemed(BenefitOrder order) => order.Status switch
    {
        BenefitOrderStatus.Ordered => order.Kind == BenefitItemKind.Goods,
        BenefitOrderStatus.Received => true,
        _ => false,
    };
}
