using System.Diagnostics;
using Ledger.Coupons.Baskets;
using Ledger.Coupons.Budgets;
using Ledger.Coupons.Sales;
using Ledger.Coupons.Sharing;
using NodaTime;
using static Ledger.Coupons.CouponCommand;
using static Ledger.Coupons.CouponEvent;

namespace Ledger.Coupons;

/// <summary>
/// The life of one coupon: issued, held, used, perhaps voided and used again; deactivated, or expired by the clock. Pure: no clock,
/// no I/O.
/// </summary>
public static class CouponDecider
{
    /// <summary>What a command does to a coupon, and to its price where it was sold.</summary>
    public static Decision<CouponEvent> Decide(CouponCommand command, Coupon state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return command is RefundVoucher or AnswerRefund ? SoldCouponDecider.Decide(command, state) : SoldCouponDecider.Follow(state, DecideUse(command, state));
    }

    /// <summary>Reads top to bottom: the first line that matches answers.</summary>
    private static Decision<CouponEvent> DecideUse(CouponCommand command, Coupon state) => (command, state) switch
    {
        (IssueCoupon c, { Status: CouponStatus.None }) => IssueDecider.Issue(c),
        (IssueCoupon c, { Status: not CouponStatus.Cancelled } s) when (s.Campaign, s.Member) == (c.CampaignId, c.Member) => Decision<CouponEvent>.Unchanged,
        (IssueCoupon c, _) => new CodeTaken(c.Code),
        (_, { Status: CouponStatus.None }) => new CodeNotFound(),

        // What the clock ended is recorded with what follows.
        (_, var s) when RanOut(command, s) is { } end => Following(end, DecideUse(command, Evolve(s, end))),
        (ConfirmIssue or CancelIssue, var s) => IssueDecider.Decide(command, s),
        (OfferGift or AcceptGift or CancelGift, var s) => GiftDecider.Decide(command, s),

        // A till that lost our answer sends the same request again: accept it, append nothing.
        (RedeemCoupon c, { Status: CouponStatus.Used, Last: { } last }) when last.Request == c.Request => Decision<CouponEvent>.Unchanged,
        (RedeemCoupon c, var s) when StandingRefusal(s, c.Terms, c.At, c.Now ?? c.At, c.Store, c.Uses, c.Stated) is { } reason => reason,
        (RedeemCoupon { Share: null } c, var s) when PriceRefusal(c.Terms, c.Amount, c.Basket, c.Uses, s.Campaign, c.Left, c.Stated?.Discount) is { } reason => reason,
        (RedeemCoupon c, { Status: CouponStatus.Expired } s) => Late(s, c.At, Redeemed(c, s)),
        (RedeemCoupon c, { Hold: not null } s) => new CouponEvent[] { RanOut(s), Redeemed(c, s) },
        (RedeemCoupon c, var s) => Redeemed(c, s),

        (HoldCoupon c, { Hold: { } hold }) when hold.Id == c.HoldId => Decision<CouponEvent>.Unchanged,
        (HoldCoupon c, var s) when StandingRefusal(s, c.Terms, c.At, c.Now, c.Store, c.Uses, c.Stated) is { } reason => reason,
        (HoldCoupon { Share: null } c, var s) when PriceRefusal(c.Terms, c.Amount, c.Basket, c.Uses, s.Campaign, c.Left, c.Stated?.Discount) is { } reason => reason,
        (HoldCoupon c, { Status: CouponStatus.Expired } s) => new CouponEvent[] { new CouponExpiryReversed(s.Campaign, s.Member, c.At), Held(c, s) },
        (HoldCoupon c, { Hold: not null } s) => new CouponEvent[] { RanOut(s), Held(c, s) },
        (HoldCoupon c, var s) => Held(c, s),

        (CommitHold c, { Status: CouponStatus.Used, Last: { } last }) when last.Request == c.Request => Decision<CouponEvent>.Unchanged,
        (CommitHold { Discount: { } quoted } c, { Hold: { } hold }) when hold.Id == c.HoldId && c.Now < hold.ExpiresAt && quoted != hold.Discount =>
            new QuoteChanged(quoted, hold.Discount),
        (CommitHold c, { Hold: { } hold } s) when hold.Id == c.HoldId && c.Now < hold.ExpiresAt => Ended(Committed(c, hold, s), s, c.Now),
        (CommitHold c, { Hold: { } hold }) when hold.Id == c.HoldId => new HoldExpired(hold.ExpiresAt),
        (CommitHold, { Status: CouponStatus.Used, Last: { } last }) => new AlreadyUsed(last.RedemptionId, last.At),
        (CommitHold c, _) => new HoldNotFound(c.HoldId),

        (ReleaseHold c, { Hold: { } hold } s) when hold.Id == c.HoldId => Freed(s, c.Now < hold.ExpiresAt ? Released(s, c.Now) : RanOut(s), c.Now),
        (ReleaseHold c, { Last: { IsVoided: false } last }) when last.Hold == c.HoldId => new AlreadyUsed(last.RedemptionId, last.At),
        (ReleaseHold, _) => Decision<CouponEvent>.Unchanged,

        (VoidRedemption c, { Last: { IsVoided: true } last }) when last.RedemptionId == c.RedemptionId => Decision<CouponEvent>.Unchanged,
        (VoidRedemption c, var s) when c.Number >= 1 && c.Number < s.Redemptions => new AlreadyVoided(c.RedemptionId),
        (VoidRedemption c, { Last: var last }) when last?.RedemptionId != c.RedemptionId => new RedemptionNotFound(c.RedemptionId),
        (VoidRedemption c, { Last: { } last }) when c.At >= VoidableUntil(c, last) => new VoidWindowClosed(VoidableUntil(c, last)),
        (VoidRedemption c, { Last: { } last } s) => new RedemptionVoided(
            last.RedemptionId, s.Campaign, s.Member, last.Amount, last.Discount, c.At, c.Date, s.ValidTo, last.Store, c.Reason, Charged: last.Charged),
        (VoidShare c, { Last: null }) => new RedemptionNotFound(c.RedemptionId),
        (VoidShare c, var s) => new RedemptionVoided(
            c.RedemptionId, s.Campaign, s.Member, c.Amount, c.Discount, c.At, c.Date, s.ValidTo, c.Store, c.Reason, c.Lead, c.Uses, After(s, CouponStatus.Issued),
            c.Latest, c.Charged),

        (ReturnCoupon c, { Last: null }) => new RedemptionNotFound(c.RedemptionId),
        (ReturnCoupon { Uses: > 0 }, { Cycles: >= Limits.MaxReturnCycles }) => new ReturnCyclesExceeded(Limits.MaxReturnCycles),
        (ReturnCoupon c, var s) => Returned(c, s),

        (DeactivateCoupon, { Status: CouponStatus.Used, Last: { } last }) => new AlreadyUsed(last.RedemptionId, last.At),
        (DeactivateCoupon, { Status: CouponStatus.Expired } s) => new Expired(s.ValidTo),
        (DeactivateCoupon, { Status: CouponStatus.Confirming or CouponStatus.Cancelled or CouponStatus.InTransfer } s) => NotYours(s)!,
        (DeactivateCoupon, { Status: CouponStatus.Deactivated }) => Decision<CouponEvent>.Unchanged,
        (DeactivateCoupon c, { Hold: { } hold }) when c.At < hold.ExpiresAt => new AlreadyHeld(hold.ExpiresAt, hold.Till),
        (DeactivateCoupon c, var s) when c.At >= s.ValidTo => new Expired(s.ValidTo),
        (DeactivateCoupon c, { Hold: not null } s) => new CouponEvent[] { RanOut(s), new CouponDeactivated(s.Campaign, s.Member, c.At, c.Reason) },
        (DeactivateCoupon c, var s) => new CouponDeactivated(s.Campaign, s.Member, c.At, c.Reason),

        (HideCoupon, { IsHidden: true }) => Decision<CouponEvent>.Unchanged,
        (HideCoupon c, var s) => new CouponHidden(s.Campaign, s.Member, c.At, s.Status),

        // The timer asks; what is no longer due is nothing to do. A hold outlives the validity: it was placed in time.
        (ExpireCoupon c, { Hold: { } hold } s) when c.Now >= hold.ExpiresAt => Freed(s, RanOut(s), c.Now),
        (ExpireCoupon, { Hold: not null }) => Decision<CouponEvent>.Unchanged,
        (ExpireCoupon c, { Status: CouponStatus.Issued } s) when c.Now >= s.ValidTo => new CouponExpired(s.Campaign, s.Member, s.ValidTo),
        (ExpireCoupon, _) => Decision<CouponEvent>.Unchanged,

        _ => throw new UnreachableException($"{command} on {state}"),
    };

    /// <summary>What was decided after something that the clock ended: a refusal leaves that to the timer.</summary>
    internal static Decision<CouponEvent> Following(CouponEvent end, Decision<CouponEvent> decision) =>
        decision is Decision<CouponEvent>.Accepted(var facts) ? new Decision<CouponEvent>.Accepted([end, .. facts]) : decision;

    /// <summary>Never refuses and never computes: what happened is already in the event.</summary>
    public static Coupon Evolve(Coupon state, CouponEvent fact) => fact switch
    {
        CouponIssued e => new(e.ConfirmBy is null ? CouponStatus.Issued : CouponStatus.Confirming, e.Campaign, e.TermsVersion, e.Member, e.ValidFrom, e.ValidTo, 0, null)
        {
            Sold = Sold.Of(e.Sale),
            Surface = e.Surface,
            Claim = e.ConfirmBy is { } by ? new(by, e.LimitKeys, e.FaceValue, e.Date) : null,
        },
        CouponIssueConfirmed => state with { Status = CouponStatus.Issued, Claim = null },
        CouponIssueCancelled => state with { Status = CouponStatus.Cancelled, Claim = null },
        CouponGiftOffered e => state with { Status = CouponStatus.InTransfer, Gift = new(e.GiftId, e.Member, e.To, e.At, e.ExpiresAt, GiftStatus.Offered) },
        CouponGiftAccepted e => state with { Status = CouponStatus.Issued, Member = e.Member, Gift = state.Gift! with { Status = GiftStatus.Accepted }, IsHidden = null },
        CouponGiftEnded e => state with { Status = CouponStatus.Issued, Gift = state.Gift! with { Status = e.Reason } },
        CouponRedeemed e => state with
        {
            Status = e.UsesLeft is null ? CouponStatus.Used : CouponStatus.Issued,
            Redemptions = state.Redemptions + 1,
            Last = new(e.RedemptionId, e.Request, e.Amount, e.Discount, e.At, e.VoidableUntil, e.Store, e.Till, e.Order, IsVoided: false, e.Basket, e.Hold, e.Charged),
            Hold = null,
            Uses = state.Uses + (e.Uses ?? 1),
            Latest = e.IsBundle is true ? e.RedemptionId : null,
            Step = e.Step ?? state.Step,
        },
        CouponHeld e => state with
        {
            Step = e.Step ?? state.Step,
            Hold = new(e.HoldId, e.Request, e.Amount, e.Discount, e.At, e.ExpiresAt, e.Store, e.Till, e.Order, e.Basket, e.Uses, e.With, e.Channel, e.Charged, e.Points),
        },
        CouponHoldReleased => state with { Hold = null },
        RedemptionVoided e => state with
        {
            Status = e.Status ?? CouponStatus.Issued,
            Last = state.Last!.RedemptionId == e.RedemptionId ? state.Last with { IsVoided = true } : state.Last,
            Uses = state.Uses - (e.Uses ?? 1),
            Latest = e.Latest,
        },
        CouponReturned e => state with
        {
            Status = e.Status,
            Uses = state.Uses - (e.Uses ?? 0),
            Cycles = state.Cycles + (e.Uses is null ? 0 : 1),
            Latest = e.Latest,
        },
        CouponDeactivated => state with { Status = CouponStatus.Deactivated },
        CouponHidden => state with { IsHidden = true },
        CouponExpired => state with { Status = CouponStatus.Expired },
        CouponExpiryReversed => state with { Status = CouponStatus.Issued },
        _ => SoldCouponDecider.Evolve(state, fact),
    };

    /// <summary>Why the coupon may not be used now and here, whatever the basket; null when it may. The first line that refuses answers.</summary>
    /// <param name="now">When the request was received, by which holds end; <paramref name="at"/> is when it happened.</param>
    public static Rejection? StandingRefusal(Coupon s, CouponTerms terms, Instant at, Instant now, string? store, int uses, Stated? stated = null)
    {
        ArgumentNullException.ThrowIfNull(terms);
        return s switch
        {
            _ when stated?.Member is { } member && member != s.Member => new OwnerMismatch(),
            { Status: CouponStatus.Used, Last: { } last } => new AlreadyUsed(last.RedemptionId, last.At),
            { Sold: { Standing: PriceStanding.RefundRequested or PriceStanding.Refunded, Sale: var sale } } => new RefundUnderWay(sale.Id, sale.Number),
            { Status: CouponStatus.Deactivated } => new Deactivated(),
            { Status: CouponStatus.ReturnedExpired } => new Expired(s.ValidTo),
            _ when NotYours(s, now) is { } reason => reason,
            { Hold: { } hold } when now < hold.ExpiresAt => new AlreadyHeld(hold.ExpiresAt, hold.Till),
            _ when at < s.ValidFrom => new NotYetValid(s.ValidFrom),
            _ when at >= s.ValidTo => new Expired(s.ValidTo),
            _ when !terms.IsUsableAt(at) => new OutsideTimeWindow(at, terms.TimeZone),
            _ when !terms.Allows(store) => new StoreNotAllowed(store),
            _ when !terms.AllowsChannel(stated?.Channel) => new ChannelNotAllowed(stated?.Channel),
            _ when uses > terms.Uses - s.Uses => new UsesExhausted(uses, terms.Uses - s.Uses),
            _ => null,
        };
    }

    /// <summary>The same by the clock: an offer that ran out has given the coupon back, an issue that was not confirmed in time has ended.</summary>
    internal static Rejection? NotYours(Coupon s, Instant now) => s.Status switch
    {
        CouponStatus.Confirming or CouponStatus.Cancelled or CouponStatus.InTransfer when RanOut(s, now) is null => NotYours(s),
        CouponStatus.Confirming => new IssueCancelled(),
        _ => null,
    };

    /// <summary>Why a coupon is nobody's to use whose issue is not confirmed, or that is on its way to another member.</summary>
    private static Rejection? NotYours(Coupon s) => s switch
    {
        { Claim: { } claim } => new IssueNotConfirmed(claim.ConfirmBy),
        { Status: CouponStatus.Cancelled } => new IssueCancelled(),
        { Status: CouponStatus.InTransfer, Gift: { } gift } => new InTransfer(gift.ExpiresAt),
        _ => null,
    };

    /// <summary>Why the coupon, alone, takes nothing off the basket, or not what the till quoted; null when it does.</summary>
    private static Rejection? PriceRefusal(
        CouponTerms terms, Money amount, Basket? basket, int uses, string campaign, IReadOnlyDictionary<(string, string), Money>? left, Money? quoted) =>
        PriceRefusal(terms, amount, basket, uses, campaign, left)
        ?? (quoted is { } said && DiscountOf(terms, amount, basket, uses, campaign, left).Discount is var discount && said != discount ? new QuoteChanged(said, discount) : null);

    /// <summary>Why the coupon, alone, takes nothing off the basket; null when it does.</summary>
    private static Rejection? PriceRefusal(
        CouponTerms terms, Money amount, Basket? basket, int uses, string campaign, IReadOnlyDictionary<(string, string), Money>? left) => (basket is not null || terms.LooksAtBaskets || uses > 1) switch
        {
            true => (PriceOf(terms, amount, basket, uses, campaign, left) as Priced.Refused)?.Reason,
            _ when amount < terms.MinimumSpend => new FloorNotMet(terms.MinimumSpend, amount),
            _ when terms.Benefit.On(amount) == Money.Zero => new NothingToDiscount(amount),
            _ => null,
        };

    private static Priced PriceOf(
        CouponTerms terms, Money amount, Basket? basket, int uses, string campaign, IReadOnlyDictionary<(string, string), Money>? left) =>
        Pricing.Of(basket ?? Basket.Of(amount), [new Candidate("", terms, Campaign: campaign, Uses: uses)], left).Coupons[0];

    /// <summary>What a coupon that is not refused takes off; with the basket where it matters, or was named.</summary>
    private static (Money Discount, Breakdown? Basket) DiscountOf(
        CouponTerms terms, Money amount, Basket? basket, int uses, string campaign, IReadOnlyDictionary<(string, string), Money>? left)
    {
        if (basket is null && !terms.LooksAtBaskets && uses == 1) return (terms.Benefit.On(amount), null);
        var priced = (Priced.Applied)PriceOf(terms, amount, basket, uses, campaign, left);
        return (priced.Discount, new(basket ?? Basket.Of(amount), priced.Eligible, priced.Lines, priced.Funding));
    }

    private static CouponRedeemed Redeemed(RedeemCoupon c, Coupon s)
    {
        var (discount, basket) = c.Share is { } share ? (share.Discount, share.Breakdown) : DiscountOf(c.Terms, c.Amount, c.Basket, c.Uses, s.Campaign, c.Left);
        return new(
            c.Share?.Id ?? CouponStream.RedemptionId(c.Code, s.Redemptions + 1), c.Request, s.Campaign, s.Member, c.Amount, discount,
            c.At, c.At.InZone(c.Terms.Zone()).Date, c.Terms.VoidableUntil(c.At), c.Store, c.Till, c.Order, Hold: null, basket,
            c.Share?.Lead, Counted(c.Terms, c.Uses), LeftAfter(c.Terms, s, c.Uses), c.Stated?.Channel, c.Terms.IsBundle, c.Step,
            MoneyBudgets.Charged(c.Terms, basket?.Funding));
    }

    /// <summary>A use in time that was reported after the expiry; uses that are left have expired all the same.</summary>
    private static CouponEvent[] Late(Coupon s, Instant at, CouponRedeemed redeemed)
    {
        var reversed = new CouponExpiryReversed(s.Campaign, s.Member, at);
        return redeemed.UsesLeft is null ? [reversed, redeemed] : [reversed, redeemed, new CouponExpired(s.Campaign, s.Member, s.ValidTo)];
    }

    /// <summary>Uses that a hold leaves after the validity ended: the clock has asked before and asks no more.</summary>
    private static CouponEvent[] Ended(CouponRedeemed redeemed, Coupon s, Instant now) =>
        redeemed.UsesLeft is null || now < s.ValidTo ? [redeemed] : [redeemed, new CouponExpired(s.Campaign, s.Member, s.ValidTo)];

    private static CouponHeld Held(HoldCoupon c, Coupon s)
    {
        var (discount, basket) = c.Share is { } share ? (share.Discount, share.Breakdown) : DiscountOf(c.Terms, c.Amount, c.Basket, c.Uses, s.Campaign, c.Left);
        return new(
            c.HoldId, c.Request, s.Campaign, s.Member, c.Amount, discount, c.At, c.ExpiresAt, c.Store, c.Till, c.Order, basket, Counted(c.Terms, c.Uses), c.Share?.With,
            c.Stated?.Channel, c.Step, MoneyBudgets.Charged(c.Terms, basket?.Funding), c.Share?.Points);
    }

    private static CouponRedeemed Committed(CommitHold c, CouponHold hold, Coupon s) => new(
        c.Of?.Id ?? CouponStream.RedemptionId(c.Code, s.Redemptions + 1), c.Request, s.Campaign, s.Member, hold.Amount, hold.Discount,
        c.At, c.At.InZone(c.Terms.Zone()).Date, c.Terms.VoidableUntil(c.At), hold.Store, hold.Till, hold.Order, hold.Id, c.Of?.Breakdown ?? hold.Basket,
        c.Of?.Lead, hold.Uses, LeftAfter(c.Terms, s, hold.Uses ?? 1), hold.Channel, c.Terms.IsBundle, Step: null, hold.Charged);

    /// <summary>Uses are told of coupons that have several.</summary>
    private static int? Counted(CouponTerms terms, int uses) => terms.Uses > 1 ? uses : null;

    private static int? LeftAfter(CouponTerms terms, Coupon s, int uses) => terms.Uses - s.Uses - uses is > 0 and var left ? left : null;

    /// <summary>Uses come back to a coupon that lives; one that was ended otherwise stays as it is. Null: <paramref name="back"/> is what an entry means that says nothing.</summary>
    private static CouponStatus? After(Coupon s, CouponStatus back) =>
        s.Status is CouponStatus.Used or CouponStatus.Issued ? back == CouponStatus.Issued ? null : back : s.Status;

    private static CouponReturned Returned(ReturnCoupon c, Coupon s)
    {
        var back = c.At < s.ValidTo || s.Status == CouponStatus.Issued ? CouponStatus.Issued : CouponStatus.ReturnedExpired;
        return new(
            c.RedemptionId, c.Number, s.Campaign, s.Member, c.Amount, c.Return.Discount, c.Return.Funding,
            c.Uses > 0 && s.Status is CouponStatus.Used or CouponStatus.Issued ? back : s.Status, c.Uses > 0 ? c.Uses : null, c.At, c.Date, s.ValidTo, c.Store, c.Lead,
            c.Latest, MoneyBudgets.Freed(c.Charged, c.Return.Funding));
    }

    private static Instant VoidableUntil(VoidRedemption c, CouponUse last) => Instant.Max(last.VoidableUntil, last.At + c.Grace);

    private static CouponHoldReleased Released(Coupon s, Instant at) => new(s.Hold!.Id, s.Campaign, s.Member, HoldEnd.Released, at, s.Hold.Charged);

    /// <summary>The end, by the clock of the command, of the time for confirming the issue or accepting the gift; null where it is not over.</summary>
    private static CouponEvent? RanOut(CouponCommand command, Coupon s) => command switch
    {
        RedeemCoupon c => RanOut(s, c.Now ?? c.At),
        HoldCoupon c => RanOut(s, c.Now),
        DeactivateCoupon c => RanOut(s, c.At),
        ExpireCoupon c => RanOut(s, c.Now),
        ConfirmIssue c => RanOut(s, c.Now),
        CancelIssue c => RanOut(s, c.Now),
        OfferGift c => RanOut(s, c.Now),
        AcceptGift c => RanOut(s, c.Now),
        CancelGift c => RanOut(s, c.Now),
        _ => null,
    };

    private static CouponEvent? RanOut(Coupon s, Instant now) => IssueDecider.TimedOut(s, now) ?? (CouponEvent?)GiftDecider.RanOut(s, now);

    internal static CouponHoldReleased RanOut(Coupon s) => new(s.Hold!.Id, s.Campaign, s.Member, HoldEnd.Expired, s.Hold.ExpiresAt, s.Hold.Charged);

    /// <summary>The end of a hold; where the validity ended meanwhile, the clock has asked before and asks no more.</summary>
    private static CouponEvent[] Freed(Coupon s, CouponHoldReleased end, Instant now) =>
        now < s.ValidTo ? [end] : [end, new CouponExpired(s.Campaign, s.Member, s.ValidTo)];
}

/// <summary>The counters of issuing: which keys there are, and what an entry adds to them. Those of money are <see cref="MoneyBudgets"/>'.</summary>
public static class CouponTallies
{
    public static string Issued(string campaign) => $"issued/{campaign}";

    public static string IssuedTo(string campaign, string member) => $"issued/{campaign}/member/{member}";

    public static string IssuedTo(string campaign, string member, LocalDate date) => $"issued/{campaign}/member/{member}/{date:uuuu-MM-dd}";

    /// <param name="key">Stands for the natural person (<see cref="Ledger.LimitKeys"/>).</param>
    public static string IssuedToPerson(string campaign, string key) => $"issued/{campaign}/person/{key}";

    /// <param name="key">Stands for the phone number.</param>
    public static string IssuedToPhone(string campaign, string key) => $"issued/{campaign}/phone/{key}";

    public static string IssuedOn(string campaign, LocalDate date) => $"issued/{campaign}/day/{date:uuuu-MM-dd}";

    /// <summary>The keys that the limits of a terms version make a coupon count in.</summary>
    public static IReadOnlyList<string> LimitKeys(string campaign, IssueLimits limits, string member, LocalDate date, string? person = null, string? phone = null)
    {
        ArgumentNullException.ThrowIfNull(limits);
        var keys = new List<string>();
        if (limits.PerMember is not null) keys.Add(IssuedTo(campaign, member));
        if (limits.PerMemberPerDay is not null) keys.Add(IssuedTo(campaign, member, date));
        if (limits.PerPerson is not null) keys.Add(IssuedToPerson(campaign, person!));
        if (limits.PerPhone is not null) keys.Add(IssuedToPhone(campaign, phone!));
        if (limits.PerDay is not null) keys.Add(IssuedOn(campaign, date));
        return keys;
    }

    /// <summary>Deactivating gives nothing back, cancelling the issue does.</summary>
    public static IReadOnlyList<TallyChange> Of(CouponEvent fact) => fact switch
    {
        CouponIssued { Sale: { } sale } e => [.. Counted(e), new(SaleTallies.Paid(e.Campaign), sale.Price.Minor), new(SaleTallies.Open(e.Campaign), sale.Price.Minor)],
        CouponIssued e => Counted(e),
        CouponIssueCancelled e => [new(Issued(e.Campaign), -1), .. e.LimitKeys.Select(key => new TallyChange(key, -1))],
        CouponGiftOffered { Surface.Portal: Portal.Friends } e => [new(new Sharer(SharerKind.Member, e.Member).Tally(e.At), 1)],
        _ => SaleTallies.Of(fact) ?? MoneyBudgets.Of(fact),
    };

    private static TallyChange[] Counted(CouponIssued e)
    {
        var changes = new TallyChange[1 + e.LimitKeys.Count];
        changes[0] = new(Issued(e.Campaign), 1);
        for (var i = 1; i < changes.Length; i++) changes[i] = new(e.LimitKeys[i - 1], 1);
        return changes;
    }
}
