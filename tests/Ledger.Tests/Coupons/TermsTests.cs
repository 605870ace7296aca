using Ledger.Coupons;
using NodaTime;
using Xunit;
using static Ledger.Tests.Coupons.CouponExamples;
using static Ledger.Tests.Moments;

namespace Ledger.Tests.Coupons;

public class TermsTests
{
    /// <summary>Domain example A4: 88 % of 200.00, ceiling 15.00.</summary>
    [Fact]
    public void A4_a_percentage_stops_at_its_ceiling()
    {
        Assert.Equal(new Money(15_00), new Benefit.Percentage(1_200, Ceiling: new(15_00), Rounding.Floor).On(new(200_00)));
        Assert.Equal(new Money(24_00), new Benefit.Percentage(1_200, Ceiling: null, Rounding.Floor).On(new(200_00)));
        Assert.Equal(new Money(15_00), new Benefit.Percentage(1_200, Ceiling: new(15_00), Rounding.Floor).On(new(125_00)));
        Assert.Equal(new Money(14_99), new Benefit.Percentage(1_200, Ceiling: new(15_00), Rounding.Floor).On(new(124_99)));
    }

    /// <summary>Domain example A4: 99.99 at 12 % off.</summary>
    [Theory]
    [InlineData(Rounding.Floor, 11_99)]
    [InlineData(Rounding.HalfUp, 12_00)]
    public void A4_a_percentage_rounds_as_its_terms_say(Rounding rounding, long discount) =>
        Assert.Equal(new Money(discount), new Benefit.Percentage(1_200, null, rounding).On(new(99_99)));

    /// <summary>12.50 % of 0.04 is exactly half a fen.</summary>
    [Theory]
    [InlineData(Rounding.Floor, 0)]
    [InlineData(Rounding.HalfUp, 1)]
    public void Half_a_fen_is_rounded_up_or_dropped(Rounding rounding, long discount) =>
        Assert.Equal(new Money(discount), new Benefit.Percentage(1_250, null, rounding).On(new(4)));

    [Fact]
    public void Benefits_never_take_off_more_than_the_basket()
    {
        Assert.Equal(new Money(5), new Benefit.FixedAmount(new(6)).On(new(5)));
        Assert.Equal(new Money(5), new Benefit.Exchange(new(6), "tea").On(new(5)));
        Assert.Equal(new Money(5), new Benefit.Percentage(10_000, null, Rounding.HalfUp).On(new(5)));
        Assert.Equal(new Money(5), new Benefit.SpecialPrice(Money.Zero).On(new(5)));
        Assert.Equal(Money.Zero, new Benefit.SpecialPrice(new(6)).On(new(5)));
    }

    /// <summary>Domain section 3.5, first example: wait 1, valid 3, over a leap day.</summary>
    [Fact]
    public void A_coupon_received_on_28_February_2024_is_usable_from_the_leap_day_to_2_March()
    {
        var (from, to) = Relative(wait: 1, days: 3).Of(At("2024-02-28T15:00:00+08:00"), Zone("Asia/Shanghai"));
        Assert.Equal((At("2024-02-29T00:00:00+08:00"), At("2024-03-03T00:00:00+08:00")), (from, to));
    }

    /// <summary>Domain section 3.5, second example: wait 0, valid 1.</summary>
    [Fact]
    public void A_coupon_of_one_day_that_is_received_30_seconds_before_midnight_lives_30_seconds()
    {
        var received = At("2024-02-28T23:59:30+08:00");
        var (from, to) = Relative(wait: 0, days: 1).Of(received, Zone("Asia/Shanghai"));
        Assert.Equal((received, Duration.FromSeconds(30)), (from, to - from));
    }

    [Fact]
    public void Days_are_counted_from_the_windows_start_when_it_is_received_before()
    {
        var validity = new Validity(At("2024-05-01T10:00:00+08:00"), At("2025-01-01T00:00:00+08:00"), WaitDays: 0, ValidDays: 2);
        var early = At("2024-04-01T00:00:00+08:00");
        Assert.Equal((validity.WindowStart, At("2024-05-03T00:00:00+08:00")), validity.Of(early, Zone("Asia/Shanghai")));
        Assert.Equal((At("2024-05-02T00:00:00+08:00"), At("2024-05-04T00:00:00+08:00")), (validity with { WaitDays = 1 }).Of(early, Zone("Asia/Shanghai")));
    }

    [Fact]
    public void Validity_is_cut_to_the_window_and_empty_after_it()
    {
        var validity = new Validity(At("2024-01-01T00:00:00+08:00"), At("2024-05-01T10:00:00+08:00"), WaitDays: 0, ValidDays: 30);
        Assert.Equal(validity.WindowEnd, validity.Of(At("2024-04-20T00:00:00+08:00"), Zone("Asia/Shanghai")).To);
        Assert.Equal((validity.WindowEnd, validity.WindowEnd), validity.Of(validity.WindowEnd, Zone("Asia/Shanghai")));
        Assert.Equal((validity.WindowEnd, validity.WindowEnd), (validity with { WaitDays = 20 }).Of(At("2024-04-20T00:00:00+08:00"), Zone("Asia/Shanghai")));
        Assert.Equal((validity.WindowStart, validity.WindowEnd), (validity with { ValidDays = null }).Of(default, Zone("Asia/Shanghai")));
    }

    /// <summary>Berlin: 31 March 2024 has 23 hours, 27 October 25.</summary>
    [Theory]
    [InlineData("2024-03-31T00:00:00+01:00", 23)]
    [InlineData("2024-10-27T00:00:00+02:00", 25)]
    public void A_day_is_as_long_as_the_clocks_make_it(string received, int hours)
    {
        var (from, to) = Relative(wait: 0, days: 1).Of(At(received), Zone("Europe/Berlin"));
        Assert.Equal(Duration.FromHours(hours), to - from);
    }

    /// <summary>Beirut skipped the first hour of 31 March 2024.</summary>
    [Fact]
    public void A_day_without_midnight_begins_with_its_first_moment()
    {
        var (from, to) = Relative(wait: 1, days: 1).Of(At("2024-03-30T12:00:00+02:00"), Zone("Asia/Beirut"));
        Assert.Equal((At("2024-03-31T01:00:00+03:00"), At("2024-04-01T00:00:00+03:00")), (from, to));
    }

    /// <summary>Samoa went from 29 to 31 December 2011: the 30th did not exist there.</summary>
    [Fact]
    public void A_day_that_a_zone_skips_whole_begins_with_the_next()
    {
        var (from, to) = Relative(wait: 1, days: 1).Of(At("2011-12-29T12:00:00-10:00"), Zone("Pacific/Apia"));
        Assert.Equal((At("2011-12-31T00:00:00+14:00"), At("2012-01-01T00:00:00+14:00")), (from, to));
    }

    [Fact]
    public void Hours_are_those_of_the_wall_clock_across_a_change_of_clocks()
    {
        var terms = Terms with { TimeZone = "Europe/Berlin", UsableOn = [new(IsoDayOfWeek.Sunday, new(2, 0), new(3, 0))] };
        // The hour from 2 to 3 does not exist on 31 March 2024 and comes twice on 27 October.
        Assert.False(terms.IsUsableAt(At("2024-03-31T03:00:00+02:00") - Tick));
        Assert.False(terms.IsUsableAt(At("2024-03-31T03:00:00+02:00")));
        Assert.False(terms.IsUsableAt(At("2024-10-27T02:00:00+02:00") - Tick));
        Assert.True(terms.IsUsableAt(At("2024-10-27T02:00:00+02:00")));
        Assert.True(terms.IsUsableAt(At("2024-10-27T03:00:00+01:00") - Tick));
        Assert.False(terms.IsUsableAt(At("2024-10-27T03:00:00+01:00")));
    }

    [Fact]
    public void The_weekday_is_that_of_the_zone()
    {
        var leapDay = Terms with { UsableOn = [new(IsoDayOfWeek.Thursday, LocalTime.Midnight, LocalTime.Midnight)] };
        Assert.False(leapDay.IsUsableAt(At("2024-02-28T16:00:00Z") - Tick));
        Assert.True(leapDay.IsUsableAt(At("2024-02-28T16:00:00Z")));
        Assert.True(leapDay.IsUsableAt(At("2024-02-29T16:00:00Z") - Tick));
        Assert.False(leapDay.IsUsableAt(At("2024-02-29T16:00:00Z")));
    }

    [Fact]
    public void A_night_is_two_windows()
    {
        var night = Terms with { UsableOn = [new(IsoDayOfWeek.Friday, new(22, 0), LocalTime.Midnight), new(IsoDayOfWeek.Saturday, LocalTime.Midnight, new(2, 0))] };
        Assert.False(night.IsUsableAt(At("2026-03-06T21:59:59+08:00")));
        Assert.True(night.IsUsableAt(At("2026-03-06T22:00:00+08:00")));
        Assert.True(night.IsUsableAt(At("2026-03-07T00:00:00+08:00")));
        Assert.False(night.IsUsableAt(At("2026-03-07T02:00:00+08:00")));
        Assert.False(night.IsUsableAt(At("2026-03-06T01:00:00+08:00")));
    }

    [Fact]
    public void Without_a_void_window_the_business_day_is_the_window()
    {
        var terms = Terms with { VoidWindowMinutes = null };
        Assert.Equal(At("2026-03-04T00:00:00+08:00"), terms.VoidableUntil(At("2026-03-03T00:00:00+08:00")));
        Assert.Equal(At("2026-03-04T00:00:00+08:00"), terms.VoidableUntil(At("2026-03-04T00:00:00+08:00") - Tick));
        Assert.Equal(Noon + Duration.FromMinutes(30), Terms.VoidableUntil(Noon));
    }

    [Fact]
    public void Terms_that_say_the_same_are_the_same()
    {
        var one = Terms with { Stores = ["s1"], UsableOn = [new(IsoDayOfWeek.Friday, new(22, 0), LocalTime.Midnight)] };
        var same = Terms with { Stores = ["s1"], UsableOn = [new(IsoDayOfWeek.Friday, new(22, 0), LocalTime.Midnight)] };
        Assert.Equal(one, same);
        Assert.Equal(one.GetHashCode(), same.GetHashCode());
        Assert.NotEqual(one, one with { Stores = ["S1"] });
        Assert.NotEqual(one, one with { UsableOn = [] });
        Assert.NotEqual(one, one with { Limits = new(PerMember: 1) });
        Assert.NotEqual(one, one with { VoidWindowMinutes = 31 });
    }

    [Fact]
    public void Terms_of_baskets_that_say_the_same_are_the_same()
    {
        var (one, same) = (Full(), Full());
        Assert.Equal(one, same);
        Assert.Equal(one.GetHashCode(), same.GetHashCode());
        Assert.NotEqual(one, one with { Stacking = one.Stacking! with { Order = 2 } });
        Assert.NotEqual(one, one with { Goods = one.Goods! with { Include = ["mug"] } });
        Assert.NotEqual(one, one with { Goods = one.Goods! with { ExcludeCategories = [] } });
        Assert.NotEqual(one, one with { PaymentMethods = null });
        Assert.NotEqual(one, one with { Funding = one.Funding! with { OnExhaustion = Exhaustion.Stop } });
        Assert.NotEqual(one, one with { Funding = new([new("merchant", 10_000)], Exhaustion.Scale) });
        Assert.NotEqual(one, one with { MaxUses = 4 });
        Assert.NotEqual(one, one with { ReturnPolicy = null });
        Assert.NotEqual(one, one with { IsTransferable = false });
        Assert.NotEqual(one, one with { OfflineLiability = null });

        static CouponTerms Full() => Terms with
        {
            Stacking = new(Order: 1),
            Goods = new(Include: ["tea"]),
            PaymentMethods = ["huabei"],
            Funding = new([new("merchant", 9_000), new("platform", 1_000, Cap: new(5_00))], Exhaustion.Scale),
            MaxUses = 5,
            ReturnPolicy = ReturnPolicy.Requalify,
            IsTransferable = true,
            OfflineLiability = "platform",
        };
    }

    private static Validity Relative(int wait, int days) => new(At("2010-01-01T00:00:00Z"), At("2030-01-01T00:00:00Z"), wait, days);
}
