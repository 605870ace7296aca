using System.Diagnostics;
using Ledger.Coupons.Codes;
using NodaTime;
using static Ledger.Coupons.Offline.OfflineTillEvent;

namespace Ledger.Coupons.Offline;

/// <summary>A record as it came in.</summary>
/// <param name="Store">The store of the key that forwarded it; so with the till.</param>
/// <param name="Code">The coupon's code, however the record spells it.</param>
/// <param name="Token">What the signature says of the record's token; null where it has none.</param>
public sealed record Forwarded(TillRecord Record, string Store, string Till, string Code, Checked<OfflineToken>? Token);

/// <summary>What follows from a record: one fact of the till, and the facts of its coupon where that is redeemed.</summary>
public sealed record Taken(OfflineTillEvent Fact, IReadOnlyList<CouponEvent> OfCoupon);

/// <summary>
/// What becomes of a till's records. Every record that follows from the chain is taken, and all that it granted is booked: as a redemption,
/// or as somebody's loss. The first that arrives wins. Pure: no clock, no I/O.
/// </summary>
public static class OfflineTillDecider
{
    /// <summary>Why the record does not follow from what is known; null when it does. The same record again never comes here: its key answers.</summary>
    public static Rejection? BreachOf(TillRecord record, string name, OfflineTill till)
    {
        ArgumentNullException.ThrowIfNull(till);
        return TillChain.Check(new(name, till.Sequence, till.Hash), [record], _ => "").Verdicts[0] switch
        {
            TillVerdict.Accepted => null,
            TillVerdict.Refused(_, var reason) => reason,
            var other => throw new UnreachableException($"{other}"),
        };
    }

    /// <summary>A record that follows from the chain.</summary>
    /// <param name="terms">The version that the coupon pins; null where there is no such coupon.</param>
    /// <param name="request">The record's key: the redemption's request.</param>
    /// <param name="left">What is left of the money budgets that the terms name; null: they name none.</param>
    public static Taken Take(
        Forwarded forwarded, OfflineTill till, Coupon coupon, CouponTerms? terms, string request, Instant received,
        IReadOnlyDictionary<(string Campaign, string Party), Money>? left = null)
    {
        ArgumentNullException.ThrowIfNull(forwarded);
        ArgumentNullException.ThrowIfNull(till);
        ArgumentNullException.ThrowIfNull(coupon);
        var record = forwarded.Record;
        var (at, isSkewed) = JudgedTime.Of(record.BusinessTime, till.Use?.LastSync ?? default, received);
        var taken = new TakenRecord(
            record.Sequence, record.Hash(), forwarded.Code, record.Amount, record.Discount, record.BusinessTime, at, isSkewed, record.Order);
        if (FaultOf(forwarded, till, at) is { } fault) return new(new OfflineRecordRefused(taken, fault.Slug), []);
        if (terms is null) return new(new OfflineRecordRefused(taken, new CodeNotFound().Slug), []);
        if (terms.OfflineLiability is null || terms.Uses > 1) return new(new OfflineRecordRefused(taken, new OfflineNotAllowed().Slug), []);

        var command = new CouponCommand.RedeemCoupon(
            terms, forwarded.Code, request, record.Amount, at, forwarded.Store, forwarded.Till, record.Order, received, Left: left);
        var (decision, earned) = Redeem(command, coupon, record.Discount);
        return decision switch
        {
            Decision<CouponEvent>.Accepted { Events: var facts } => Redeemed(forwarded, taken, facts, earned, terms, new(record.Till, record.Sequence, record.BusinessTime, isSkewed)),

            // What the coupon's state or a budget forbids the till could not know; what the terms forbid it could.
            Decision<CouponEvent>.Rejected({ Kind: RejectionKind.Conflict or RejectionKind.Locked } reason) => new(Conflict(forwarded, taken, reason, coupon, terms), []),
            Decision<CouponEvent>.Rejected(var reason) => new(new OfflineRecordRefused(taken, reason.Slug), []),
            var other => throw new UnreachableException($"{other}"),
        };
    }

    /// <summary>The end of a batch, empty ones included: everything is here, or more is to come, or something is wrong with the chain.</summary>
    /// <param name="newest">The number of the till's newest record, as it says; null: the batch was all.</param>
    /// <param name="breach">The first record of the batch that did not follow from the chain.</param>
    /// <param name="limits">The merchant's limits, to hold from now on.</param>
    public static Decision<OfflineTillEvent> Sync(OfflineTill till, long? newest, Rejection? breach, TillLimits limits, Instant now)
    {
        ArgumentNullException.ThrowIfNull(till);
        return AlarmOf(till, newest, breach) switch
        {
            { } alarm when alarm == till.Alarm => Decision<OfflineTillEvent>.Unchanged,
            { } alarm => new DeviceAlarmRaised(alarm.Kind, alarm.Expected, alarm.Got, now),
            // A record that came too early is not here yet: it is judged by the last time at which everything was.
            _ when breach is not null || newest > till.Sequence || now <= till.Use?.LastSync => Decision<OfflineTillEvent>.Unchanged,
            _ => new OfflineTillSynced(now, limits),
        };
    }

    /// <summary>Never refuses and never computes: what happened is already in the event.</summary>
    public static OfflineTill Evolve(OfflineTill state, OfflineTillEvent fact) => fact switch
    {
        OfflineRedemptionRecorded { Record: var r } e => After(state, r) with
        {
            Use = Counted(state, r),
            Totals = state.Totals.With(r, e.Discount) with { Redeemed = state.Totals.Redeemed + 1 },
        },
        OfflineConflictRecorded { Record: var r } => After(state, r) with
        {
            Use = Counted(state, r),
            Totals = state.Totals.With(r, Money.Zero) with { Conflicts = state.Totals.Conflicts + 1 },
        },
        OfflineRecordRefused { Record: var r } => After(state, r) with { Totals = state.Totals.With(r, Money.Zero) with { Refused = state.Totals.Refused + 1 } },
        OfflineTillSynced e => state with { Use = OfflineUse.Since(e.At), Limits = e.Limits, Alarm = null },
        DeviceAlarmRaised e => state with { Alarm = new(e.Kind, e.Expected, e.Got) },
        _ => throw new UnreachableException($"{fact}"),
    };

    /// <summary>What the till did wrong by itself; null: nothing.</summary>
    private static Rejection? FaultOf(Forwarded forwarded, OfflineTill till, Instant at) => (Limit(forwarded, till, at), forwarded.Token) switch
    {
        (Checked<OfflineUse>.Refused(var reason), _) => reason,
        (_, Checked<OfflineToken>.Refused(var reason)) => reason,
        (_, Checked<OfflineToken>.Passed(var token)) when token.Claims.Code.Value != forwarded.Code => new TokenNotGenuine(),
        _ => null,
    };

    // A till that never synchronised does so as of 1970: that is too long ago for any record.
    private static Checked<OfflineUse> Limit(Forwarded forwarded, OfflineTill till, Instant at) =>
        (till.Use ?? OfflineUse.Since(default)).Take(till.Limits ?? TillLimits.Default, forwarded.Record.Discount, at);

    /// <summary>Redeems by the coupon's own rules, with the discount that was granted as far as the terms allow it, and the budgets bear it.</summary>
    /// <returns>And what the terms alone allow of it.</returns>
    private static (Decision<CouponEvent> Decision, Money Earned) Redeem(CouponCommand.RedeemCoupon command, Coupon coupon, Money granted)
    {
        var unbounded = CouponDecider.Decide(command with { Left = null }, coupon);
        if (unbounded is not Decision<CouponEvent>.Accepted { Events: var facts }) return (unbounded, Money.Zero);
        var full = facts.OfType<CouponEvent.CouponRedeemed>().Single().Discount;
        var earned = Money.Min(granted, Money.Min(full, command.Terms.OfflineMaxDiscount ?? full));
        if (earned != full) command = command with { Terms = command.Terms with { Benefit = new Benefit.FixedAmount(earned) } };
        return (earned == full && command.Left is null ? unbounded : CouponDecider.Decide(command, coupon), earned);
    }

    /// <param name="earned">What the terms allow; where budgets bear less of it, the rest is a loss that the till could not foresee.</param>
    private static Taken Redeemed(Forwarded forwarded, TakenRecord taken, IReadOnlyList<CouponEvent> facts, Money earned, CouponTerms terms, OfflineOrigin origin)
    {
        var redeemed = facts.OfType<CouponEvent.CouponRedeemed>().Single();
        var (party, loss) = Unforeseen(forwarded, terms, earned, redeemed.Discount);
        return new(
            new OfflineRedemptionRecorded(
                taken, redeemed.Campaign, redeemed.RedemptionId, redeemed.Discount, loss == Money.Zero ? null : party, loss == Money.Zero ? null : loss),
            [.. facts.Select(fact => fact is CouponEvent.CouponRedeemed e ? e with { Offline = origin } : fact)]);
    }

    /// <summary>
    /// The party of the terms bears what a genuine token promised. The rest is the merchant's loss: what exceeds the promise, what was granted
    /// without one, and a coupon that this very till had taken before.
    /// </summary>
    private static OfflineConflictRecorded Conflict(Forwarded forwarded, TakenRecord taken, Rejection reason, Coupon coupon, CouponTerms terms)
    {
        var used = reason as AlreadyUsed;
        var isOwn = used is not null && coupon.Last is { } last && (last.Store, last.Till) == (forwarded.Store, forwarded.Till);
        var (party, loss) = isOwn ? (Funding.Merchant, taken.Granted) : Unforeseen(forwarded, terms, taken.Granted, Money.Zero);
        return new(taken, coupon.Campaign, reason.Slug, used?.RedemptionId, party, loss);
    }

    /// <summary>Who bears what of a discount of which only a part, or nothing, was redeemed: the party of the terms what a genuine token promised, else the merchant.</summary>
    private static (string Party, Money Loss) Unforeseen(Forwarded forwarded, CouponTerms terms, Money granted, Money redeemed) => (forwarded.Token, terms.OfflineLiability) switch
    {
        (Checked<OfflineToken>.Passed(var token), { } liable) => (liable, Money.Max(Money.Min(granted, token.Claims.MaxDiscount) - redeemed, Money.Zero)),
        _ => (Funding.Merchant, granted - redeemed),
    };

    private static DeviceAlarm? AlarmOf(OfflineTill till, long? newest, Rejection? breach) => breach switch
    {
        DeviceChainBroken broken => new(DeviceFault.ChainBroken, broken.Sequence, broken.Sequence),
        DeviceSequenceGap gap when gap.Got > till.Sequence + 1 => new(DeviceFault.SequenceGap, till.Sequence + 1, gap.Got),
        _ when newest < till.Sequence => new(DeviceFault.ChainBroken, till.Sequence, newest.Value),
        _ => null,
    };

    private static OfflineTill After(OfflineTill state, TakenRecord record) => state with { Sequence = record.Sequence, Hash = record.Hash };

    private static OfflineUse? Counted(OfflineTill state, TakenRecord record) =>
        state.Use is { } use ? use with { Count = use.Count + 1, Sum = use.Sum + record.Granted } : null;
}
