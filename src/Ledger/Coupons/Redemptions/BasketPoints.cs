using Ledger.Coupons.Baskets;
using Ledger.Points;
using NodaTime;

namespace Ledger.Coupons.Redemptions;

/// <summary>Points that a customer uses beside coupons.</summary>
/// <param name="Points">At most so many; null: as many as there are. Never more than pay for what the coupons leave.</param>
public sealed record PresentedPoints(string Program, string Member, long? Points = null)
{
    /// <summary>What names them among the redeemables of a basket.</summary>
    public string Code => PointsPart.PartyOf(Program);
}

/// <summary>The part of a basket that points pay: after all coupons, at the programme's value, by a spend that the redemption alone moves.</summary>
internal static class BasketPoints
{
    /// <summary>Points are never shown alone, so a refusal of them says that it is theirs.</summary>
    private const int Both = 2;

    /// <summary>The id of the spend that a request makes; no request about points alone reaches it.</summary>
    public static string IdOf(string requestKey) => PointsSpendStream.IdOf(requestKey, "r");

    public static IReadOnlyList<StreamName> StreamsOf(PresentedPoints? points, string id) => points is null
        ? []
        : [PointsStreams.ProgramOf(points.Program), PointsStreams.AccountOf(points.Program, points.Member), PointsSpendStream.Of(id)];

    /// <summary>How many points are used on a basket and what they take off, or why none are. The first line that refuses answers.</summary>
    /// <param name="account">As the clock left it.</param>
    /// <param name="coupons">What was taken off before.</param>
    public static Checked<PointsPart> Price(
        PresentedPoints shown, string id, PointsAccount account, PointsTerms terms, Basket basket, IReadOnlyList<RedeemedCoupon> coupons, Stated? stated)
    {
        var left = Left(basket, coupons);
        var (amount, available) = (new Money(Apportion.Sum(left)), Math.Min(account.Available, terms.MaximumSpend ?? long.MaxValue));
        if (stated?.Member is { } member && member != shown.Member) return new OwnerMismatch();
        if (shown.Points is { } asked && PointsDecider.Refusal(account, asked, terms) is { } refusal) return refusal;
        if (shown.Points is null && available < terms.MinimumSpend) return new InsufficientPoints(account.Available, account.PendingPoints, account.Held);
        var used = terms.Value.Towards(amount, shown.Points ?? Math.Min(available, Limits.MaxPoints), terms.MinimumSpend);
        if (terms.Value.Of(used) == Money.Zero) return new NothingToDiscount(amount);
        if (used < terms.MinimumSpend) return new SpendBelowMinimum(terms.MinimumSpend);
        return Part(id, shown.Program, shown.Member, used, terms, left);
    }

    /// <summary>Decides with what points take off the basket; null where none are shown.</summary>
    /// <param name="then">Given the points that are to be moved, where any are.</param>
    public static Verdict With(
        BookStates book, PresentedPoints? shown, string id, PricedBasket priced, Instant now, Stated? stated, Func<PricedBasket, PointsMove?, Verdict> then)
    {
        if (shown is null) return then(priced, null);
        if (book.State(PointsStreams.ProgramOf(shown.Program)).Name is null) return new PointsProgramUnknown(shown.Program).Of(shown.Code, Both);
        return book.WithTerms(shown.Program, null, (home, terms) =>
        {
            var asked = new Asked(shown.Program, shown.Member, now, home.Zone());
            var account = PointsClock.Until(asked, book.State(PointsStreams.AccountOf(shown.Program, shown.Member)));
            return Price(shown, id, account, terms, priced.Basket, priced.Coupons, stated) switch
            {
                Checked<PointsPart>.Passed(var part) => then(priced with { Points = part }, new(book, id, home, terms, asked, part.Points, shown.Code)),
                Checked<PointsPart>.Refused(var reason) => reason.Of(shown.Code, Both),
                var other => throw new System.Diagnostics.UnreachableException($"{other}"),
            };
        });
    }

    /// <summary>Decides for a spend that a redemption or a hold made; what is decided of the coupons comes first.</summary>
    /// <param name="change">What becomes of the points.</param>
    public static Verdict Along(
        Verdict coupons, BookStates book, string? id, Instant now, Func<PointsSpend, PointsTerms, Asked, Verdict> change, Func<object, object, object>? answer = null)
    {
        if (id is null || coupons is not Verdict.Accepted { Changes.Count: > 0 } accepted) return coupons;
        if (!book.Has(PointsSpendStream.Of(id))) return new Verdict.NeedsMore([PointsSpendStream.Of(id)]);
        var spend = book.State(PointsSpendStream.Of(id));
        return Joined(accepted, SpendOperations.WithSpend(book, id, now, new PointsSpendUnknown(id), change), PointsPart.PartyOf(spend.Program), answer);
    }

    /// <summary>Decides with what a hold of points takes off its basket, as it was quoted.</summary>
    /// <param name="over">Where the clock has ended the hold of the points.</param>
    public static Verdict Held(
        BookStates book, string? id, Basket basket, IReadOnlyList<RedeemedCoupon> coupons, Instant now, Rejection over, Func<PointsPart?, Verdict> then) =>
        id is null ? then(null)
        : !book.Has(PointsSpendStream.Of(id)) ? new Verdict.NeedsMore([PointsSpendStream.Of(id)])
        : SpendOperations.WithSpend(book, id, now, new PointsSpendUnknown(id), (spend, terms, _) =>
            book.State(PointsStreams.AccountOf(spend.Program, spend.Member)).Holds.Any(hold => hold.Id == id)
                ? then(Part(id, spend.Program, spend.Member, spend.Points, terms, Left(basket, coupons)))
                : over);

    /// <summary>Whoever asks for more streams asks in the same round trip for what the points lead to.</summary>
    /// <param name="id">The spend; null: there are no points.</param>
    public static Verdict Asking(BookStates book, string? id, Verdict verdict)
    {
        if (id is null || verdict is not Verdict.NeedsMore more) return verdict;
        if (!book.Has(PointsSpendStream.Of(id))) return Also(book, more, PointsSpendStream.Of(id));
        var spend = book.State(PointsSpendStream.Of(id));
        return spend.Status == SpendStatus.None ? more : Also(
            book, more, PointsStreams.ProgramOf(spend.Program), PointsStreams.AccountOf(spend.Program, spend.Member), PointsStreams.TermsOf(spend.Program, spend.Version));
    }

    /// <summary>The same for points that are shown.</summary>
    public static Verdict Asking(BookStates book, PresentedPoints? shown, Verdict verdict) =>
        shown is not null && verdict is Verdict.NeedsMore more && book.State(PointsStreams.ProgramOf(shown.Program)) is { Name: not null } home
            ? Also(book, more, PointsStreams.TermsOf(shown.Program, home.Version))
            : verdict;

    private static Verdict.NeedsMore Also(BookStates book, Verdict.NeedsMore more, params StreamName[] streams) =>
        more with { Streams = [.. more.Streams.Concat(streams.Where(stream => !book.Has(stream))).DistinctBy(stream => stream.Id, StringComparer.Ordinal)] };

    /// <summary>Both or neither: a refusal of the points names them.</summary>
    public static Verdict Joined(Verdict.Accepted coupons, Verdict points, string code, Func<object, object, object>? answer = null) => points switch
    {
        Verdict.Accepted moved => new Verdict.Accepted([.. coupons.Changes, .. moved.Changes], answer is null ? coupons.Answer : answer(coupons.Answer, moved.Answer)),
        Verdict.Rejected(var reason) => reason.Of(code, Both),
        _ => points,
    };

    private static PointsPart Part(string id, string program, string member, long points, PointsTerms terms, long[] left)
    {
        var discount = terms.Value.Of(points);
        return new(id, program, member, points, discount, LineShare.Of(Apportion.ByWeight(discount.Minor, left)));
    }

    /// <summary>What the coupons leave of each line.</summary>
    private static long[] Left(Basket basket, IReadOnlyList<RedeemedCoupon> coupons)
    {
        long[] left = [.. basket.Lines.Select(line => line.Amount.Minor)];
        foreach (var (line, amount) in coupons.SelectMany(coupon => coupon.Lines)) left[line] -= amount.Minor;
        return left;
    }
}

/// <summary>Points that were priced for a basket, and are to be held or spent with its coupons.</summary>
internal sealed record PointsMove(BookStates Book, string Id, PointsProgram Home, PointsTerms Terms, Asked Asked, long Points, string Code)
{
    public Verdict Hold(Verdict coupons, Instant until, string order) => Along(coupons, () => SpendOperations.Held(Book, Id, Home, Terms, Asked, Points, until, order));

    public Verdict Spend(Verdict coupons, string order) => Along(coupons, () => SpendOperations.Spent(Book, Id, Home, Terms, Asked, Points, order));

    private Verdict Along(Verdict coupons, Func<Verdict> move) =>
        coupons is Verdict.Accepted accepted ? BasketPoints.Joined(accepted, move(), Code) : coupons;
}
