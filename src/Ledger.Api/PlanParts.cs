using Ledger.Agreements;

namespace Ledger.Api;

/// <summary>The terms of a plan out of their body: what belongs together is there, and nothing else.</summary>
internal static class PlanParts
{
    /// <summary>Null after every fault was answered.</summary>
    public static async Task<PlanTerms?> OfAsync(Call call, PlanTermsBody body, string at)
    {
        var faults = new Faults();
        var (term, settlement) = (TermOf(body.Term), SettlementOf(body.Settlement));
        if (term is null) faults.Add($"{at}/term", "Send relative, absolute or absolutePlusOne with number and unit, fixedDay with day and months, or appointed with a date up to 2190; nothing else.");
        if (settlement is null)
        {
            faults.Add($"{at}/settlement", "Send fee with fee; promise with obligationTimes or obligationAmount; times with steps whose counts rise from 0; "
                + "cycle with every, unit and prices; or cycleFlex with every, unit, periods and maximum; nothing else.");
        }

        if (body.GraceDays > body.SettlementDelayDays) faults.Add($"{at}/graceDays", "Let it be no more than settlementDelayDays: what is settled is not reported any more.");
        if (body.ExemptionDays > 0 && settlement is { HasExemption: false })
            faults.Add($"{at}/exemptionDays", "Leave it out: times and cycleFlex charge the same whenever someone quits.");
        if (body.Quit is { Mode: QuitMode.MerchantJump, Text: null }) faults.Add($"{at}/quit/text", "Send the address that it leads to.");
        return await call.RefuseAsync(faults) ? null : new(
            term!, settlement!, new(body.Guarantee), call.Caller.Profile.TimeZone, body.ExemptionDays, body.SignIntervalDays, body.SettlementDelayDays, body.GraceDays, body.RefundDays,
            body.HasFreeze, new(body.Quit?.Mode ?? QuitMode.Common, body.Quit?.Text), body.Rights);
    }

    private static TermRule? TermOf(TermBody body) => body switch
    {
        { Kind: TermKind.Relative, Number: { } number, Unit: { } unit, Day: null, Months: null, Date: null } => new TermRule.Relative(number, unit),
        { Kind: TermKind.Absolute, Number: { } number, Unit: { } unit, Day: null, Months: null, Date: null } => new TermRule.Absolute(number, unit),
        { Kind: TermKind.AbsolutePlusOne, Number: { } number, Unit: { } unit, Day: null, Months: null, Date: null } => new TermRule.AbsolutePlusOne(number, unit),
        { Kind: TermKind.FixedDay, Day: { } day, Months: { } months, Number: null, Unit: null, Date: null } => new TermRule.FixedDay(day, months),
        { Kind: TermKind.Appointed, Date: { Year: >= 2000 and <= 2190 } date, Number: null, Unit: null, Day: null, Months: null } => new TermRule.Appointed(date),
        _ => null,
    };

    private static SettlementRule? SettlementOf(SettlementBody body) => body switch
    {
        { Kind: SettlementKind.Fee, Fee: { } fee } when Others(body) == 1 => new SettlementRule.Fee(new(fee)),
        { Kind: SettlementKind.Promise, ObligationTimes: { } times } when Others(body) == 1 => new SettlementRule.Promise(new(times, null)),
        { Kind: SettlementKind.Promise, ObligationAmount: { } amount } when Others(body) == 1 => new SettlementRule.Promise(new(null, new Money(amount))),
        { Kind: SettlementKind.Times, Steps: [{ Times: 0 }, ..] steps } when Others(body) == 1 && steps.Zip(steps.Skip(1)).All(pair => pair.First.Times < pair.Second.Times) =>
            new SettlementRule.Steps([.. steps.Select(step => new TimesStep(step.Times, new(step.Amount)))]),
        { Kind: SettlementKind.Cycle, Every: { } every, Unit: { } unit, Prices: { } prices } when Others(body) == 3 =>
            new SettlementRule.Cycle(every, unit, [.. prices.Select(price => new Money(price.Amount))]),
        { Kind: SettlementKind.CycleFlex, Every: { } every, Unit: { } unit, Periods: { } periods, Maximum: { } most } when Others(body) == 4 =>
            new SettlementRule.CycleFlex(every, unit, periods, new(most)),
        _ => null,
    };

    /// <summary>How many members were sent beside the kind.</summary>
    private static int Others(SettlementBody body) => new object?[]
    {
        body.Fee, body.ObligationTimes, body.ObligationAmount, body.Steps, body.Every, body.Unit, body.Prices, body.Periods, body.Maximum,
    }.Count(member => member is not null);
}
