using NodaTime;
using static Ledger.Coupons.CampaignEvent;
using static Ledger.Coupons.CouponEvent;
using static Ledger.Coupons.Groups.GroupEvent;

namespace Ledger.Coupons.ReadModels;

/// <summary>A row of <c>wallets</c>: who has the coupon.</summary>
public sealed record WalletRow(string Book, string Code, string Member, string Campaign, int TermsVersion, Instant ValidTo, bool Hidden);

/// <summary>A row of <c>campaign_totals</c>. Issued is net of issues that were cancelled; amount, discount and expired are net of what was taken back; a basket counts for each coupon used on it.</summary>
public sealed record CampaignTotalsRow(
    string Book, string Campaign, long Issued, long Redeemed, long Voided, long Returned, long Deactivated, long Expired, Money Amount, Money Discount,
    long FaceValued, Money FaceValue);

/// <summary>A row of <c>store_days</c>; the store is empty for issuing and where a redemption named none.</summary>
public sealed record StoreDayRow(string Book, LocalDate Day, string Store, long Issued, long Redeemed, long Voided, long Returned, Money Amount, Money Discount);

/// <summary>A row of <c>surface_totals</c>: coupons whose issue named where; position and owner are empty where it left them out.</summary>
/// <param name="Converted">Coupons that were ever redeemed.</param>
public sealed record SurfaceTotalsRow(
    string Book, string Campaign, string Portal, string Position, string Owner, long Issued, long Converted, long Redeemed, long Voided);

/// <summary>A row of <c>timers</c>, as long as nobody was asked.</summary>
public sealed record TimerRow(string Book, string Stream, Instant DueAt);

/// <summary>
/// The read models of the coupon slice by another road than their SQL: one pass over a book's entries in order, through the same
/// <see cref="CouponDecider.Evolve"/> that the scribe uses. The audit compares the two. Holds one state a coupon.
/// </summary>
public sealed class CouponProjections(string book)
{
    private readonly Dictionary<string, Coupon> coupons = new(StringComparer.Ordinal);
    private readonly Dictionary<string, CampaignTotalsRow> totals = new(StringComparer.Ordinal);
    private readonly Dictionary<(LocalDate Day, string Store), StoreDayRow> days = [];
    private readonly Dictionary<(string Campaign, Surface Surface), SurfaceTotalsRow> surfaces = [];
    private readonly HashSet<(string Stream, Instant DueAt)> timers = [];

    public IEnumerable<WalletRow> Wallets => coupons.Select(pair =>
        new WalletRow(book, pair.Key, pair.Value.Member, pair.Value.Campaign, pair.Value.TermsVersion, pair.Value.ValidTo, pair.Value.IsHidden is true));

    public IEnumerable<CampaignTotalsRow> CampaignTotals => totals.Values;

    public IEnumerable<StoreDayRow> StoreDays => days.Values;

    public IEnumerable<SurfaceTotalsRow> SurfaceTotals => surfaces.Values;

    public IEnumerable<TimerRow> Timers => timers.Select(timer => new TimerRow(book, timer.Stream, timer.DueAt));

    /// <summary>Takes the book's next entry; entries of other slices change nothing.</summary>
    public void Apply(string stream, object fact)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (fact is CouponEvent happened)
        {
            var code = stream["coupon-".Length..];
            var coupon = coupons[code] = CouponDecider.Evolve(coupons.GetValueOrDefault(code, Coupon.None), happened);
            if (coupon.Surface is { } surface) Place(coupon, surface, happened);
            Count(happened);
        }

        Wind(stream, fact);
    }

    private void Place(Coupon coupon, Surface surface, CouponEvent fact)
    {
        var row = surfaces.GetValueOrDefault((coupon.Campaign, surface))
            ?? new(book, coupon.Campaign, $"{surface.Portal}", $"{surface.Position}", $"{surface.Owner}", 0, 0, 0, 0);
        surfaces[(coupon.Campaign, surface)] = fact switch
        {
            CouponIssued => row with { Issued = row.Issued + 1 },
            CouponIssueCancelled => row with { Issued = row.Issued - 1 },
            CouponRedeemed => row with { Redeemed = row.Redeemed + 1, Converted = row.Converted + (coupon.Redemptions == 1 ? 1 : 0) },
            RedemptionVoided => row with { Voided = row.Voided + 1 },
            _ => row,
        };
    }

    private void Count(CouponEvent fact)
    {
        switch (fact)
        {
            case CouponIssued e:
                Add(e.Campaign, t => t with
                {
                    Issued = t.Issued + 1,
                    FaceValued = t.FaceValued + (e.FaceValue is null ? 0 : 1),
                    FaceValue = t.FaceValue + (e.FaceValue ?? Money.Zero),
                });
                Add(e.Date, null, d => d with { Issued = d.Issued + 1 });
                break;
            case CouponRedeemed e:
                Add(e.Campaign, t => t with { Redeemed = t.Redeemed + 1, Amount = t.Amount + e.Amount, Discount = t.Discount + e.Discount });
                Add(e.Date, e.Store, d => d with { Redeemed = d.Redeemed + 1, Amount = d.Amount + Once(e.Lead, e.Amount), Discount = d.Discount + e.Discount });
                break;
            case RedemptionVoided e:
                Add(e.Campaign, t => t with { Voided = t.Voided + 1, Amount = t.Amount - e.Amount, Discount = t.Discount - e.Discount });
                Add(e.Date, e.Store, d => d with { Voided = d.Voided + 1, Amount = d.Amount - Once(e.Lead, e.Amount), Discount = d.Discount - e.Discount });
                break;
            case CouponReturned e:
                Add(e.Campaign, t => t with { Returned = t.Returned + 1, Amount = t.Amount - e.Amount, Discount = t.Discount - e.Discount });
                Add(e.Date, e.Store, d => d with { Returned = d.Returned + 1, Amount = d.Amount - Once(e.Lead, e.Amount), Discount = d.Discount - e.Discount });
                break;
            case CouponDeactivated e:
                Add(e.Campaign, t => t with { Deactivated = t.Deactivated + 1 });
                break;
            case CouponExpired e:
                Add(e.Campaign, t => t with { Expired = t.Expired + 1 });
                break;
            case CouponExpiryReversed e:
                Add(e.Campaign, t => t with { Expired = t.Expired - 1 });
                break;
            case CouponIssueCancelled e:
                Add(e.Campaign, t => t with
                {
                    Issued = t.Issued - 1,
                    FaceValued = t.FaceValued - (e.FaceValue is null ? 0 : 1),
                    FaceValue = t.FaceValue - (e.FaceValue ?? Money.Zero),
                });
                Add(e.Date, null, d => d with { Issued = d.Issued - 1 });
                break;
            case CouponHidden or CouponHeld or CouponHoldReleased or CouponIssueConfirmed or CouponGiftOffered or CouponGiftAccepted or CouponGiftEnded or VoucherSettled or VoucherSettlementReversed
                or VoucherRefundRequested or VoucherRefundPaid or VoucherRefundFailed or VoucherBreakageBooked or VoucherBreakageReversed:
                break;
            default:
                throw new System.Diagnostics.UnreachableException($"{fact}");
        }
    }

    /// <summary>The basket's amount stands with the coupon that the redemption is named by.</summary>
    private static Money Once(string? lead, Money amount) => lead is null ? amount : Money.Zero;

    private void Wind(string stream, object fact)
    {
        switch (fact)
        {
            case CouponIssued e:
                timers.Add((stream, e.ValidTo));
                if (e.ConfirmBy is { } by) timers.Add((stream, by));
                break;
            case RedemptionVoided e:
                timers.Add((stream, e.ValidTo));
                break;
            case CouponReturned { Status: CouponStatus.Issued } e:
                timers.Add((stream, e.ValidTo));
                break;
            case CouponHeld e:
                timers.Add((stream, e.ExpiresAt));
                break;
            case CouponGiftOffered e:
                timers.Add((stream, e.ExpiresAt));
                break;
            case FuCards.FuHandEvent.CardEscrowed e:
                timers.Add((stream, e.ExpiresAt));
                break;
            case GroupOpened e:
                timers.Add((stream, e.Deadline));
                break;
            case CampaignApproved e:
                timers.Add((stream, e.EndsAt));
                break;
            default:
                break;
        }
    }

    private void Add(string campaign, Func<CampaignTotalsRow, CampaignTotalsRow> change) => totals[campaign] = change(
        totals.GetValueOrDefault(campaign) ?? new(book, campaign, 0, 0, 0, 0, 0, 0, Money.Zero, Money.Zero, 0, Money.Zero));

    private void Add(LocalDate day, string? store, Func<StoreDayRow, StoreDayRow> change)
    {
        var key = (day, store ?? "");
        days[key] = change(days.GetValueOrDefault(key) ?? new(book, day, key.Item2, 0, 0, 0, 0, Money.Zero, Money.Zero));
    }
}
