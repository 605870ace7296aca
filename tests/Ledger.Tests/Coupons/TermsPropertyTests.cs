using FsCheck;
using FsCheck.Fluent;
using Ledger.Coupons;
using NodaTime;
using Xunit;
using static Ledger.Tests.Moments;

namespace Ledger.Tests.Coupons;

/// <summary>What holds for any benefit on any basket, and for any validity in any zone.</summary>
public class TermsPropertyTests
{
    /// <summary>Amounts of a request, the largest among them.</summary>
    private static readonly Gen<Money> s_amounts = Gen.OneOf(
        Gen.Choose(0, 100).Select(n => new Money(n)),
        Gen.Choose(0, int.MaxValue).Select(n => new Money(n)),
        Gen.Choose(0, int.MaxValue).Select(n => new Money(Limits.MaxAmount - n)),
        Gen.Constant(new Money(Limits.MaxAmount)));

    private static readonly Gen<Benefit> s_benefits = Gen.OneOf(
        s_amounts.Select(off => (Benefit)new Benefit.FixedAmount(off)),
        from points in Gen.Choose(1, 10_000)
        from ceiling in Gen.OneOf(Gen.Constant((Money?)null), s_amounts.Select(c => (Money?)c))
        from rounding in Gen.Elements(Enum.GetValues<Rounding>())
        select (Benefit)new Benefit.Percentage(points, ceiling, rounding),
        s_amounts.Select(price => (Benefit)new Benefit.SpecialPrice(price)),
        s_amounts.Select(value => (Benefit)new Benefit.Exchange(value, "set menu")));

    /// <summary>Zones of every kind, and two that skipped a whole day; the rest are any that there are.</summary>
    private static readonly Gen<DateTimeZone> s_zones = Gen.OneOf(
        Gen.Elements("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Asia/Beirut", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia", "Pacific/Fakaofo", "Asia/Kathmandu", "UTC"),
        Gen.Elements(DateTimeZoneProviders.Tzdb.Ids.AsEnumerable())).Select(Zone);

    private static readonly Gen<(Validity Validity, DateTimeZone Zone, Instant Received)> s_validities =
        from zone in s_zones
        from start in AnyValue.Instants
        from length in Gen.OneOf(Gen.Choose(1, 100), Gen.Choose(1, 100_000))
        from wait in Gen.OneOf(Gen.Constant(0), Gen.Choose(0, 5), Gen.Choose(0, Limits.MaxDays))
        from days in Gen.OneOf(Gen.Constant((int?)null), Gen.Choose(1, 5).Select(d => (int?)d), Gen.Choose(1, Limits.MaxDays).Select(d => (int?)d))
        from offset in Gen.Choose(-5_000, 100_000)
        from ticks in Gen.Choose(0, int.MaxValue)
        select (new Validity(start, start + Duration.FromHours(length), wait, days), zone, start + Duration.FromHours(offset) + Duration.FromTicks((long)ticks * 10));

    [Fact]
    public void A_discount_is_never_negative_nor_above_the_basket_or_the_ceiling() => Holds.For(s_benefits.Zip(s_amounts), pair =>
    {
        var (benefit, basket) = pair;
        var discount = benefit.On(basket);
        Assert.InRange(discount.Minor, 0, basket.Minor);
        var most = benefit switch
        {
            Benefit.Percentage { Ceiling: { } ceiling } => ceiling,
            _ => benefit.FaceValue ?? basket,
        };
        Assert.InRange(discount.Minor, 0, most.Minor);
    }, times: 2_000);

    /// <summary>By another road: the remainder of the exact division says where the two roundings differ.</summary>
    [Fact]
    public void A_percentage_is_the_nearest_fen_by_its_rounding() => Holds.For(Gen.Choose(1, 10_000).Zip(s_amounts), pair =>
    {
        var (points, basket) = pair;
        var exact = new System.Numerics.BigInteger(basket.Minor) * points;
        var (down, rest) = System.Numerics.BigInteger.DivRem(exact, 10_000);
        Assert.Equal(new Money((long)down), new Benefit.Percentage(points, null, Rounding.Floor).On(basket));
        Assert.Equal(new Money((long)down + (rest >= 5_000 ? 1 : 0)), new Benefit.Percentage(points, null, Rounding.HalfUp).On(basket));
    }, times: 1_000);

    [Fact]
    public void A_larger_basket_never_has_a_smaller_discount() => Holds.For(s_benefits.Zip(s_amounts.Two()), pair =>
    {
        var (benefit, (a, b)) = pair;
        Assert.True(benefit.On(Money.Min(a, b)) <= benefit.On(Money.Max(a, b)));
    }, times: 1_000);

    [Fact]
    public void Validity_lies_in_its_window_and_after_receipt() => Holds.For(s_validities, one =>
    {
        var (validity, zone, received) = one;
        var (from, to) = validity.Of(received, zone);
        Assert.InRange(from, validity.WindowStart, validity.WindowEnd);
        Assert.InRange(to, from, validity.WindowEnd);
        if (from < to) Assert.True(from >= received, "It is not valid before it was received.");
        if (received >= validity.WindowEnd) Assert.Equal(from, to);
    }, times: 3_000);

    /// <summary>By another road: the business dates on which the coupon is valid are the days that were promised, and no others.</summary>
    [Fact]
    public void Validity_covers_the_days_that_the_terms_promise() => Holds.For(s_validities, one =>
    {
        var (validity, zone, received) = one;
        if (validity.ValidDays is not { } days || ComesBackToADay(zone)) return;
        var (from, to) = (validity with { WindowEnd = Instant.FromUtc(9000, 1, 1, 0, 0) }).Of(received, zone);
        var counted = Instant.Max(received, validity.WindowStart).InZone(zone).Date;
        var (first, last) = (counted.PlusDays(validity.WaitDays), from.InZone(zone).Date.PlusDays(days - 1));
        if (from == to) return;
        Assert.True(from.InZone(zone).Date >= first);
        Assert.True((from - Tick).InZone(zone).Date <= first);
        Assert.True((to - Tick).InZone(zone).Date <= last);
        Assert.True(to.InZone(zone).Date > last);
    }, times: 2_000);

    [Fact]
    public void Days_follow_one_another_without_gap_or_overlap() => Holds.For(s_zones.Zip(AnyValue.Instants), pair =>
    {
        var (zone, at) = pair;
        if (ComesBackToADay(zone)) return;
        var day = at.InZone(zone).Date;
        var (start, next) = (Times.StartOfDay(day, zone), Times.StartOfDay(day.PlusDays(1), zone));
        Assert.True(start <= at && start < next, $"{day} in {zone.Id} begins at {start}, the next at {next}");
        Assert.Equal(day, start.InZone(zone).Date);
    }, times: 3_000);

    /// <summary>
    /// Whether the zone's clocks ever went back from one day into the day before (Newfoundland did at 00:01 until 2011): there, days are no
    /// intervals, and what is left of the earlier day counts to it although the later one has begun.
    /// </summary>
    private static bool ComesBackToADay(DateTimeZone zone) => s_comeBack.GetOrAdd(zone.Id, _ => zone
        .GetZoneIntervals(Instant.FromUtc(1999, 1, 1, 0, 0), Instant.FromUtc(2300, 1, 1, 0, 0))
        .Where(interval => interval.HasStart)
        .Any(interval => interval.IsoLocalStart.Date < (interval.Start - Tick).InZone(zone).Date));

    private static readonly System.Collections.Concurrent.ConcurrentDictionary<string, bool> s_comeBack = new(StringComparer.Ordinal);
}
