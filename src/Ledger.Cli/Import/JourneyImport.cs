using Ledger.Coupons;
using NodaTime;

namespace Ledger.Cli.Import;

/// <summary>Imports a <see cref="Journey"/>: one merchant, every coupon worth 100 cents, every redemption at noon of its date.</summary>
internal sealed class JourneyImport
{
    private static readonly Money Value = new(100);
    private static readonly LocalTime Noon = new(12, 0);

    private readonly DateTimeZone zone = DateTimeZoneProviders.Tzdb["America/New_York"];
    private readonly Journey journey;
    private readonly string merchant;
    private readonly string prefix;
    private readonly bool isFull;

    public JourneyImport(Journey journey, string merchant, bool isFull) =>
        (this.journey, this.merchant, this.isFull, prefix) = (journey, merchant, isFull, isFull ? "cj-full" : "cj");

    public long Coupons => journey.Campaigns.Sum(campaign => campaign.Issued);

    public MerchantPlan Plan() => new(
        prefix,
        new NewMerchant(merchant, "The Complete Journey", zone.Id, "USD"),
        [.. journey.Stores.Select(store => new NewStore($"store-{store}", $"Store {store}"))],
        [.. journey.Campaigns.Select(Campaign)]);

    /// <summary>Made one after another as they are sent: the full reading has many more coupons than fit in memory.</summary>
    public IEnumerable<Chunk> Chunks()
    {
        foreach (var campaign in journey.Campaigns)
        {
            var writer = new ChunkWriter(merchant, $"{prefix}-issue-{campaign.Number}");
            var at = Midnight(campaign.Start);
            foreach (var coupon in campaign.Coupons())
            {
                writer.Add(
                    new NewCoupon(coupon.Campaign, $"hh-{coupon.Household}", at, FormattableString.Invariant($"{coupon.Upc}/{coupon.Number}")),
                    campaign.IsRedeemed(coupon) ? coupon : null);
                if (writer.Lines == ChunkWriter.FullLines) yield return writer.Take();
            }

            if (writer.Lines > 0) yield return writer.Take();
        }
    }

    public IReadOnlyCollection<PlannedRedemption> Redemptions() =>
    [
        .. from campaign in journey.Campaigns
           from pair in campaign.Redeemed
           from redemption in pair.Value.Order().Select((date, i) => (Date: date, Number: i + 1))
           orderby redemption.Date
           select new PlannedRedemption(
               merchant,
               new CouponKey(campaign.Id, pair.Key.Household, pair.Key.Upc, redemption.Number),
               FormattableString.Invariant($"{prefix}-redeem-{campaign.Number}-{pair.Key.Household}-{pair.Key.Upc}-{redemption.Number}"),
               Value,
               redemption.Date.At(Noon).InZoneLeniently(zone).ToInstant()),
    ];

    /// <summary>What the reports must say once everything was accepted.</summary>
    public Figures Expected()
    {
        var figures = new Figures();
        foreach (var campaign in journey.Campaigns)
        {
            var (subject, redeemed) = ($"campaign {campaign.Id}", campaign.Redeemed.Values.Sum(dates => (long)dates.Count));
            SetTotals(figures, subject, campaign.Issued, redeemed);
            figures.Set(subject, "members", campaign.Members.Count());
            figures.Set(subject, "membersRedeeming", campaign.Redeeming.Count());
            foreach (var date in campaign.Redeemed.Values.SelectMany(dates => dates)) figures.Add($"month {date:uuuu-MM}", "redeemed", 1);
        }

        SetTotals(figures, "merchant", Coupons, Redemptions().Count);
        figures.Set("merchant", "campaigns", journey.Campaigns.Count);
        figures.Set("merchant", "members", journey.Campaigns.SelectMany(campaign => campaign.Members).Distinct(StringComparer.Ordinal).Count());
        figures.Set("merchant", "membersRedeeming", journey.Campaigns.SelectMany(campaign => campaign.Redeeming).Distinct(StringComparer.Ordinal).Count());
        figures.Set("merchant", "faceValued", Coupons);
        figures.Set("merchant", "faceValue", Coupons * Value.Minor);
        return figures;
    }

    /// <summary>What the reference answers beside the data set say, under the same names.</summary>
    public Figures Expected(string folder)
    {
        var figures = new Figures();
        var file = CsvFile.In(folder, "complete-journey-campaigns");
        foreach (var row in file.Rows("campaign_id", isFull ? "issued_full" : "issued", "redeemed", "households_redeeming"))
        {
            figures.Set($"campaign cj-{row.Fields[0]}", "issued", row.Whole(1));
            figures.Set($"campaign cj-{row.Fields[0]}", "redeemed", row.Whole(2));
            figures.Set($"campaign cj-{row.Fields[0]}", "membersRedeeming", row.Whole(3));
        }

        foreach (var row in CsvFile.In(folder, "complete-journey-months").Rows("month", "redeemed")) figures.Set($"month {row.Fields[0]}", "redeemed", row.Whole(1));
        figures.Set("merchant", "stores", CsvFile.In(folder, "complete-journey-stores").Rows("store_id").Count());
        return figures;
    }

    /// <summary>Reads the reports, once they have caught up.</summary>
    public async Task<Figures> ReportedAsync(ImportRun run, ServiceClient service, CancellationToken cancellation)
    {
        var figures = new Figures();
        await run.ReadReportsAsync([merchant], async (_, totals, ct) =>
        {
            figures.SetAll("merchant", totals);
            await foreach (var row in service.GetRowsAsync(merchant, "/v1/reports/campaigns", ct)) figures.SetAll($"campaign {row.GetProperty("campaign").GetString()}", row);
            foreach (var month in Months())
            {
                var days = $"/v1/reports/days?from={month:uuuu-MM-dd}&to={month.PlusMonths(1):uuuu-MM-dd}";
                await foreach (var row in service.GetRowsAsync(merchant, days, ct))
                {
                    figures.Add($"month {month:uuuu-MM}", "redeemed", row.GetProperty("redeemed").GetInt64());
                }
            }
        }, cancellation);
        figures.Set("merchant", "stores", run.Stores);
        return figures;
    }

    private static void SetTotals(Figures figures, string subject, long issued, long redeemed)
    {
        figures.Set(subject, "issued", issued);
        figures.Set(subject, "redeemed", redeemed);
        figures.Set(subject, "amount", redeemed * Value.Minor);
        figures.Set(subject, "discount", redeemed * Value.Minor);
    }

    private NewCampaign Campaign(JourneyCampaign campaign)
    {
        var (from, to) = (Midnight(campaign.Start), Midnight(campaign.End.PlusDays(1)));
        var terms = new NewTerms(NewBenefit.FixedAmount(Value), Money.Zero, new Validity(from, to));
        return new(campaign.Id, $"Campaign {campaign.Number}", Math.Max(campaign.Issued, 1), from, to, terms);
    }

    /// <summary>The first day of every month in which a coupon may be redeemed.</summary>
    private IEnumerable<LocalDate> Months()
    {
        if (journey.Campaigns.Count == 0) yield break;
        var last = journey.Campaigns.Max(campaign => campaign.End);
        var first = journey.Campaigns.Min(campaign => campaign.Start);
        for (var month = new LocalDate(first.Year, first.Month, 1); month <= last; month = month.PlusMonths(1)) yield return month;
    }

    private Instant Midnight(LocalDate date) => Times.StartOfDay(date, zone);
}
