using System.Text.Json.Serialization;
using NodaTime;

namespace Ledger.Agreements;

/// <summary>
/// What a light membership promises and costs: one immutable version. An agreement keeps the version that was shown when it began, so later versions
/// never change it.
/// </summary>
/// <param name="TimeZone">IANA name in which days and months are reckoned.</param>
/// <param name="Guarantee">The most that one settlement ever charges (G).</param>
/// <param name="ExemptionDays">Days, the first one included, in which quitting costs nothing, where the settlement has an exemption; 0: none.</param>
/// <param name="SignIntervalDays">Days between two sign-ups of one member; 0: any time.</param>
/// <param name="SettlementDelayDays">Days between the end and its settlement; no fewer than the grace.</param>
/// <param name="GraceDays">Days after the end in which benefits of the term are still reported.</param>
/// <param name="RefundDays">Days after a collection in which the merchant may refund it.</param>
/// <param name="HasFreeze">Whether the guarantee is frozen at signing and the fee paid out of it; else the fee is withheld.</param>
/// <param name="Rights">What the member enjoys, as it is shown.</param>
public sealed record PlanTerms(
    TermRule Term, SettlementRule Settlement, Money Guarantee, string TimeZone, int ExemptionDays, int SignIntervalDays, int SettlementDelayDays, int GraceDays, int RefundDays,
    bool HasFreeze, QuitRule Quit, string Rights)
{
    public DateTimeZone Zone() => DateTimeZoneProviders.Tzdb[TimeZone];

    /// <summary>The time of a membership that is signed at that moment; null where it would be over before it began.</summary>
    public Term? TermFrom(Instant moment)
    {
        var zone = Zone();
        var today = moment.InZone(zone).Date;
        var start = Term is TermRule.AbsolutePlusOne ? Times.StartOfDay(today.PlusDays(1), zone) : moment;
        var end = Times.Cut(Term.EndOf(moment, zone));
        var first = start.InZone(zone).Date;
        return end <= start ? null : new(start, end, ExemptionDays == 0 || !Settlement.HasExemption ? null : Times.StartOfDay(first.PlusDays(ExemptionDays), zone));
    }
}

/// <summary>Half-open: benefits of <c>[Start, End)</c> count.</summary>
/// <param name="ExemptionEnd">Who quits no later than this pays nothing; null: there is no exemption.</param>
public sealed record Term(Instant Start, Instant End, Instant? ExemptionEnd);

public enum TermUnit
{
    Day,
    Month,
}

/// <summary>How long a membership lasts. Where a month lacks the day it ends on that month's last.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Relative), "relative")]
[JsonDerivedType(typeof(Absolute), "absolute")]
[JsonDerivedType(typeof(AbsolutePlusOne), "absolutePlusOne")]
[JsonDerivedType(typeof(FixedDay), "fixedDay")]
[JsonDerivedType(typeof(Appointed), "appointed")]
public abstract record TermRule
{
    private TermRule() { }

    /// <summary>The first instant no longer in the term of who signs at that moment.</summary>
    public abstract Instant EndOf(Instant moment, DateTimeZone zone);

    private static LocalDate After(LocalDate day, int number, TermUnit unit) => unit == TermUnit.Day ? day.PlusDays(number) : day.PlusMonths(number);

    /// <summary>From the moment of signing to the same time of day, so many days or months later (RELATIVE_DATE).</summary>
    public sealed record Relative(int Number, TermUnit Unit) : TermRule
    {
        public override Instant EndOf(Instant moment, DateTimeZone zone)
        {
            var local = moment.InZone(zone).LocalDateTime;
            return zone.AtLeniently(After(local.Date, Number, Unit) + local.TimeOfDay).ToInstant();
        }
    }

    /// <summary>Whole days, today the first (ABSOLUTE_DATE).</summary>
    public sealed record Absolute(int Number, TermUnit Unit) : TermRule
    {
        public override Instant EndOf(Instant moment, DateTimeZone zone) => Times.StartOfDay(After(moment.InZone(zone).Date, Number, Unit), zone);
    }

    /// <summary>Whole days, tomorrow the first (ABSOLUTE_PLUS_1_DATE).</summary>
    public sealed record AbsolutePlusOne(int Number, TermUnit Unit) : TermRule
    {
        public override Instant EndOf(Instant moment, DateTimeZone zone) => Times.StartOfDay(After(moment.InZone(zone).Date.PlusDays(1), Number, Unit), zone);
    }

    /// <summary>Expires on that day of the month that comes so many months later (FIX_DATE).</summary>
    public sealed record FixedDay(int Day, int Months) : TermRule
    {
        public override Instant EndOf(Instant moment, DateTimeZone zone)
        {
            var month = new LocalDate(moment.InZone(zone).Year, moment.InZone(zone).Month, 1).PlusMonths(Months);
            return Times.StartOfDay(month.PlusDays(Math.Min(Day, month.Calendar.GetDaysInMonth(month.Year, month.Month)) - 1), zone);
        }
    }

    /// <summary>Expires on that day (APPOINT_DATE).</summary>
    public sealed record Appointed(LocalDate Date) : TermRule
    {
        public override Instant EndOf(Instant moment, DateTimeZone zone) => Times.StartOfDay(Date, zone);
    }
}

/// <summary>What is charged.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Fee), "fee")]
[JsonDerivedType(typeof(Promise), "promise")]
[JsonDerivedType(typeof(Steps), "times")]
[JsonDerivedType(typeof(Cycle), "cycle")]
[JsonDerivedType(typeof(CycleFlex), "cycleFlex")]
public abstract record SettlementRule
{
    private SettlementRule() { }

    /// <summary>The membership fee, and never more than the benefit (benefitSettlement).</summary>
    public sealed record Fee(Money Amount) : SettlementRule;

    /// <summary>Nothing when the obligation was met, else the benefit.</summary>
    public sealed record Promise(Obligation Obligation) : SettlementRule;

    /// <summary>By how often it was fulfilled: the last step whose count was reached (fulfillTimesCustomSettlement).</summary>
    /// <param name="Table">In the order of their counts, the first from 0.</param>
    public sealed record Steps(IReadOnlyList<TimesStep> Table) : SettlementRule
    {
        public bool Equals(Steps? other) => other is not null && Lists.Same(Table, other.Table);

        public override int GetHashCode() => Table.Count;
    }

    /// <summary>A price for each period, collected at its end.</summary>
    public sealed record Cycle(int Every, TermUnit Unit, IReadOnlyList<Money> Prices) : SettlementRule
    {
        public bool Equals(Cycle? other) => other is not null && (Every, Unit) == (other.Every, other.Unit) && Lists.Same(Prices, other.Prices);

        public override int GetHashCode() => HashCode.Combine(Every, Unit, Prices.Count);
    }

    /// <summary>What the merchant reports for each period, up to a maximum.</summary>
    public sealed record CycleFlex(int Every, TermUnit Unit, int Periods, Money Maximum) : SettlementRule;

    /// <summary>How many settlements there are: one, or one for each period.</summary>
    [JsonIgnore]
    public int Count => this switch
    {
        Cycle cycle => cycle.Prices.Count,
        CycleFlex flex => flex.Periods,
        _ => 1,
    };

    [JsonIgnore]
    public bool HasPeriods => this is Cycle or CycleFlex;

    /// <summary>Whether quitting early enough may cost nothing: a table and what the merchant reports are charged whenever someone quits.</summary>
    [JsonIgnore]
    public bool HasExemption => this is not (Steps or CycleFlex);

    /// <summary>The most that one settlement may come to before the guarantee bounds it.</summary>
    public Money Ceiling(Money guarantee) => this switch
    {
        Fee fee => fee.Amount,
        Steps steps => steps.Table.Max(step => step.Amount),
        Cycle cycle => cycle.Prices.Max(),
        CycleFlex flex => flex.Maximum,
        _ => guarantee,
    };

    /// <summary>The first instant after a period; of a term that is settled as a whole, its end. No period goes beyond the end.</summary>
    /// <param name="period">1, 2, 3 ...; 0 where the term is settled as a whole.</param>
    public Instant EndOf(int period, Term term, DateTimeZone zone)
    {
        ArgumentNullException.ThrowIfNull(term);
        return this switch
        {
            Cycle cycle => Instant.Min(term.End, At(term, period * cycle.Every, cycle.Unit, zone)),
            CycleFlex flex => Instant.Min(term.End, At(term, period * flex.Every, flex.Unit, zone)),
            _ => term.End,
        };
    }

    private static Instant At(Term term, int number, TermUnit unit, DateTimeZone zone)
    {
        var day = term.Start.InZone(zone).Date;
        return Times.StartOfDay(unit == TermUnit.Day ? day.PlusDays(number) : day.PlusMonths(number), zone);
    }
}

/// <param name="Times">From this count on.</param>
public sealed record TimesStep(int Times, Money Amount);

/// <summary>What the member undertakes to do within the term: so many times, or for such an amount; the other is null.</summary>
public sealed record Obligation(int? Times, Money? Amount)
{
    public bool IsMet(int times, Money amount) => Times is { } count ? times >= count : amount >= Amount!.Value;
}

/// <summary>How the way out is shown. Whatever is shown, <c>POST /v1/agreements/{id}/quit</c> always works.</summary>
/// <param name="Text">What is shown beside it; with <see cref="QuitMode.MerchantJump"/> the address that it leads to.</param>
public sealed record QuitRule(QuitMode Mode, string? Text = null);

public enum QuitMode
{
    Common,
    MerchantJump,
    OnlyTips,
}
