using Ledger.Coupons.Groups;
using NodaTime;
using static Ledger.Coupons.CouponCommand;

namespace Ledger.Coupons.Sales;

/// <summary>The requests of channels about sold coupons, as operations.</summary>
public static class SaleOperations
{
    /// <summary>Books a payment and issues what was paid for, all or nothing. The same payment again answers the first sale.</summary>
    /// <param name="trade">The payment's trade number.</param>
    /// <param name="codes">Fresh codes, one for each coupon: 1 to <see cref="Limits.MaxSold"/>.</param>
    /// <param name="date">The business date of <paramref name="at"/> in the merchant's zone: it names the day's tallies.</param>
    public static Operation Sell(
        Request request, string campaignId, string trade, string member, Money paid, IReadOnlyList<string> codes, string? channel, Instant at, LocalDate date)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (campaign, stream) = (CampaignStreams.Of(campaignId), SaleStream.Of(trade));
        var (all, toMember) = (CouponTallies.Issued(campaignId), CouponTallies.IssuedTo(campaignId, member));
        var (toMemberToday, today) = (CouponTallies.IssuedTo(campaignId, member, date), CouponTallies.IssuedOn(campaignId, date));
        return new(request, [campaign, stream, .. codes.Select(CouponStream.Of)], [all, toMember, toMemberToday, today], book =>
        {
            if (book.State(stream).Group is { } group) return new PaymentIsOfGroup(trade, group);
            if (book.State(stream) is { Codes.Count: > 0 } earlier)
            {
                return (earlier.Campaign, earlier.Member, earlier.Paid, earlier.Codes.Count) == (campaignId, member, paid, codes.Count)
                    ? Shown(book, request, trade, earlier)
                    : new TradeAlreadyBooked(trade);
            }

            var running = book.State(campaign);
            if (running.Status == CampaignStatus.None) return new CampaignUnknown(campaignId);
            var version = CampaignStreams.TermsOf(campaignId, running.TermsVersion);
            if (!book.Has(version)) return new Verdict.NeedsMore([version]);
            var terms = book.State(version).Terms!;
            if (terms.Sale is not { } sale) return new CampaignSellsNothing(campaignId);
            if (new Money(sale.Price.Minor * codes.Count) is var price && price != paid) return new PaidIsNotThePrice(price, paid);

            var sold = new SaleEvent.VouchersSold(campaignId, running.TermsVersion, member, paid, codes, channel, at, date);
            var (changes, coupons) = (new List<Change> { new(stream, sold) }, new Dictionary<string, Coupon>(StringComparer.Ordinal));
            for (var i = 0; i < codes.Count; i++)
            {
                var coupon = CouponStream.Of(codes[i]);
                var issued = new IssuedSoFar(book.Tally(all) + i, book.Tally(toMember) + i, book.Tally(toMemberToday) + i, book.Tally(today) + i);
                var ofSale = new CouponSale(trade, i + 1, sale.Price, sale.Payee, sale.Commission(), sale.IsOverdueRefundable, sale.IsRefundableBeforeUse);
                if (book.State(coupon).Status != CouponStatus.None) return new CodeTaken(codes[i]);
                switch (CouponDecider.Decide(new IssueCoupon(codes[i], campaignId, running, terms, issued, member, channel, at, ofSale), Coupon.None))
                {
                    case Decision<CouponEvent>.Rejected(var reason):
                        return reason;
                    case Decision<CouponEvent>.Accepted(var facts):
                        changes.AddRange(coupon.With(facts));
                        coupons[codes[i]] = facts.Aggregate(Coupon.None, CouponDecider.Evolve);
                        break;
                }
            }

            return new Verdict.Accepted(changes, SaleView.Of(trade, VoucherSale.Evolve(VoucherSale.None, sold), code => coupons[code], request.Now));
        });
    }

    /// <summary>The buyer gives coupons back before their use: all that are named, or whichever of the sale still can be. What somebody accepted as a gift is no longer the buyer's to give back.</summary>
    /// <param name="numbers">Empty: every coupon that can be.</param>
    public static Operation Refund(Request request, string trade, IReadOnlyList<int> numbers, Instant at, string? reason) => OnSale(request, trade, (book, sale) =>
    {
        if (numbers.Where(number => number > sale.Codes.Count).ToList() is [var none, ..]) return new RefundUnknown(trade, none);
        var named = numbers.Count == 0 ? sale.Codes : [.. numbers.Distinct().Select(number => sale.Codes[number - 1])];
        return Decided(book, request, trade, sale, named, new RefundVoucher(at, request.Now, reason), isAny: numbers.Count == 0);
    });

    /// <summary>The channel says what became of a refund.</summary>
    public static Operation Answer(Request request, string trade, int number, bool isPaid, string reference, string? reason, Instant at) => OnSale(request, trade, (book, sale) =>
        number < 1 || number > sale.Codes.Count
            ? new RefundUnknown(trade, number)
            : Decided(book, request, trade, sale, [sale.Codes[number - 1]], new AnswerRefund(isPaid, reference, reason, at), isAny: false));

    private static Operation OnSale(Request request, string trade, Func<BookStates, VoucherSale, Verdict> decide)
    {
        var stream = SaleStream.Of(trade);
        return new(request, [stream], [], book =>
        {
            var sale = book.State(stream);
            if (sale.Codes.Count == 0) return sale.Group is { } group ? new PaymentIsOfGroup(trade, group) : new SaleUnknown(trade);
            var missing = sale.Codes.Select(CouponStream.Of).Where(coupon => !book.Has(coupon)).ToList<StreamName>();
            return missing.Count > 0 ? new Verdict.NeedsMore(missing) : decide(book, sale);
        });
    }

    /// <param name="isAny">Refusals are passed over unless all are refused; the one refusal of a sale of one is its own.</param>
    private static Verdict Decided(BookStates book, Request request, string trade, VoucherSale sale, IReadOnlyList<string> codes, CouponCommand command, bool isAny)
    {
        var (changes, after, refused) = (new List<Change>(), new Dictionary<string, Coupon>(StringComparer.Ordinal), new List<Rejection>());
        foreach (var code in codes)
        {
            var (stream, state) = (CouponStream.Of(code), book.State(CouponStream.Of(code)));
            switch (IsTaken(state) ? new GiftTaken() : CouponDecider.Decide(command, state))
            {
                case Decision<CouponEvent>.Rejected(var reason):
                    refused.Add(reason.Of(code, codes.Count));
                    break;
                case Decision<CouponEvent>.Accepted(var facts):
                    changes.AddRange(stream.With(facts));
                    after[code] = facts.Aggregate(state, CouponDecider.Evolve);
                    break;
            }
        }

        if (refused.Count > 0 && (!isAny || codes.Count == 1)) return refused[0];
        if (refused.Count == codes.Count) return new NothingToRefund(trade);
        return new Verdict.Accepted(changes, SaleView.Of(trade, sale, code => after.GetValueOrDefault(code) ?? book.State(CouponStream.Of(code)), request.Now));

        // What somebody accepted is not the buyer's to give back; what goes back already does.
        bool IsTaken(Coupon state) => command is RefundVoucher && state.Member != sale.Member && state.Sold?.Standing is not (PriceStanding.RefundRequested or PriceStanding.Refunded);
    }

    private static Verdict Shown(BookStates book, Request request, string trade, VoucherSale sale)
    {
        var missing = sale.Codes.Select(CouponStream.Of).Where(coupon => !book.Has(coupon)).ToList<StreamName>();
        return missing.Count > 0
            ? new Verdict.NeedsMore(missing)
            : new Verdict.Accepted([], SaleView.Of(trade, sale, code => book.State(CouponStream.Of(code)), request.Now));
    }
}
