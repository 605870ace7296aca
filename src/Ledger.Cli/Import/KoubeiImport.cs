using System.Globalization;
using Ledger.Coupons;
using NodaTime;
using NodaTime.Text;

namespace Ledger.Cli.Import;

/// <summary>
/// Imports coupons received by Koubei's users: a merchant of the book for each merchant, a campaign for each of its coupons, each row one
/// coupon issued. The file is read twice, first for what must exist, then for the coupons, so that memory holds no row.
/// </summary>
internal sealed class KoubeiImport
{
    private const string FileName = "coupons-received-2016-07";

    /// <summary>Coupons that may wait for their chunk to fill, over all merchants.</summary>
    private const int MaxWaiting = 40_000;

    private static readonly LocalDatePattern DatePattern = LocalDatePattern.CreateWithInvariantCulture("uuuuMMdd");
    private static readonly LocalDate WindowStart = new(2016, 7, 1);
    private static readonly LocalDate WindowEnd = new(2016, 9, 1);
    private static readonly string[] Columns = ["Merchant_id", "Coupon_id", "User_id", "Date_received", "Discount_rate"];
    private const int ValidDays = 15;

    private readonly DateTimeZone zone = DateTimeZoneProviders.Tzdb["Asia/Shanghai"];
    private readonly CsvFile file;
    private readonly SortedDictionary<string, MerchantTotals> merchants = new(StringComparer.Ordinal);
    private readonly SortedDictionary<LocalDate, long> days = [];

    public KoubeiImport(string folder)
    {
        file = CsvFile.In(folder, FileName);
        foreach (var row in file.Rows(Columns)) Count(row);
    }

    public long Coupons => days.Values.Sum();

    public IReadOnlyList<string> Merchants => [.. merchants.Keys.Select(id => $"koubei-{id}")];

    public IReadOnlyList<MerchantPlan> Plan()
    {
        var (from, to) = (Times.StartOfDay(WindowStart, zone), Times.StartOfDay(WindowEnd, zone));
        return
        [
            .. merchants.Select(merchant => new MerchantPlan(
                "koubei",
                new NewMerchant($"koubei-{merchant.Key}", $"Koubei {merchant.Key}", zone.Id, "CNY"),
                [],
                [
                    .. merchant.Value.Campaigns.Select(campaign => new NewCampaign(
                        $"c-{campaign.Key}", $"Coupon {campaign.Key}", campaign.Value.Issued, from, to,
                        new NewTerms(campaign.Value.Benefit, campaign.Value.MinimumSpend, new Validity(from, to, WaitDays: 0, ValidDays)))),
                ])),
        ];
    }

    /// <summary>
    /// A merchant's coupons wait until they fill a chunk; when too many wait in all, the fullest chunk goes early. The order of the file
    /// decides alone, so that another run makes the same chunks.
    /// </summary>
    public IEnumerable<Chunk> Chunks()
    {
        var writers = new SortedDictionary<string, ChunkWriter>(StringComparer.Ordinal);
        var waiting = 0;
        foreach (var row in file.Rows(Columns))
        {
            var id = row.Fields[0];
            if (!writers.TryGetValue(id, out var writer)) writers[id] = writer = new ChunkWriter($"koubei-{id}", $"koubei-issue-{id}");
            var at = row.Date(3, DatePattern).At(new LocalTime(12, 0)).InZoneLeniently(zone).ToInstant();
            writer.Add(new NewCoupon($"c-{row.Fields[1]}", $"u-{row.Fields[2]}", at, row.Line.ToString(CultureInfo.InvariantCulture)));
            waiting++;
            if (waiting == MaxWaiting) writer = writers.Values.MaxBy(other => other.Lines)!;
            if (writer.Lines < ChunkWriter.FullLines && waiting < MaxWaiting) continue;
            waiting -= writer.Lines;
            yield return writer.Take();
        }

        foreach (var writer in writers.Values)
        {
            if (writer.Lines > 0) yield return writer.Take();
        }
    }

    public Figures Expected()
    {
        var figures = new Figures();
        foreach (var (id, totals) in merchants)
        {
            var subject = $"merchant koubei-{id}";
            figures.Set(subject, "campaigns", totals.Campaigns.Count);
            figures.Set(subject, "issued", totals.Campaigns.Values.Sum(campaign => campaign.Issued));
            figures.Set(subject, "redeemed", 0);
            figures.Set(subject, "members", totals.Members.Count);
            figures.Set(subject, "faceValued", totals.Campaigns.Values.Where(campaign => campaign.Benefit.Off is not null).Sum(campaign => campaign.Issued));
            figures.Set(subject, "faceValue", totals.Campaigns.Values.Sum(campaign => campaign.Issued * (campaign.Benefit.Off?.Minor ?? 0)));
        }

        foreach (var (day, issued) in days) figures.Set($"day {day:uuuu-MM-dd}", "issued", issued);
        return figures;
    }

    /// <summary>What the reference answers beside the data set say, under the same names.</summary>
    public static Figures Expected(string folder)
    {
        var figures = new Figures();
        foreach (var row in CsvFile.In(folder, "koubei-merchants").Rows("merchant_id", "issued", "members", "campaigns", "fixed_value_issued", "face_value_fen"))
        {
            var subject = $"merchant koubei-{row.Fields[0]}";
            figures.Set(subject, "issued", row.Whole(1));
            figures.Set(subject, "members", row.Whole(2));
            figures.Set(subject, "campaigns", row.Whole(3));
            figures.Set(subject, "faceValued", row.Whole(4));
            figures.Set(subject, "faceValue", row.Whole(5));
        }

        foreach (var row in CsvFile.In(folder, "koubei-days").Rows("date", "issued")) figures.Set($"day {row.Date(0, DatePattern):uuuu-MM-dd}", "issued", row.Whole(1));
        return figures;
    }

    public async Task<Figures> ReportedAsync(ImportRun run, ServiceClient service, CancellationToken cancellation)
    {
        var figures = new Figures();
        await run.ReadReportsAsync(Merchants, async (merchant, totals, ct) =>
        {
            var path = $"/v1/reports/days?from={WindowStart:uuuu-MM-dd}&to={WindowEnd:uuuu-MM-dd}";
            var issued = await service.GetRowsAsync(merchant, path, ct).ToListAsync(ct);
            lock (figures)
            {
                figures.SetAll($"merchant {merchant}", totals);
                foreach (var row in issued)
                {
                    figures.Add($"day {row.GetProperty("day").GetString()}", "issued", row.GetProperty("issued").GetInt64());
                }
            }
        }, cancellation);
        return figures;
    }

    private void Count(CsvRow row)
    {
        var (merchant, coupon, user, day) = (row.Id(0, "koubei-"), row.Id(1, "c-"), row.Id(2, "u-"), row.Date(3, DatePattern));
        if (day < WindowStart || day >= WindowEnd) throw row.Fault($"{day:uuuu-MM-dd} is outside July and August 2016");
        var (benefit, minimumSpend) = Terms(row);
        if (!merchants.TryGetValue(merchant, out var totals)) merchants[merchant] = totals = new();
        if (!totals.Campaigns.TryGetValue(coupon, out var campaign)) totals.Campaigns[coupon] = campaign = new(benefit, minimumSpend, 0);
        if (campaign.Benefit != benefit || campaign.MinimumSpend != minimumSpend) throw row.Fault($"coupon {coupon} has had another Discount_rate before");
        totals.Campaigns[coupon] = campaign with { Issued = campaign.Issued + 1 };
        totals.Members.Add(user);
        days[day] = days.GetValueOrDefault(day) + 1;
    }

    /// <summary><c>30:5</c> takes 5 yuan off 30 yuan; <c>0.95</c> takes 5 % off.</summary>
    private static (NewBenefit Benefit, Money MinimumSpend) Terms(CsvRow row)
    {
        const decimal FenPerYuan = 100, BasisPoints = 10_000;
        var rate = row.Fields[4];
        if (rate.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon)
        {
            return (NewBenefit.FixedAmount(Whole(rate[(colon + 1)..], FenPerYuan)), Whole(rate[..colon], FenPerYuan));
        }

        var left = Whole(rate, BasisPoints).Minor;
        return left is > 0 and < (long)BasisPoints
            ? (NewBenefit.Percentage((int)((long)BasisPoints - left)), Money.Zero)
            : throw row.Fault($"\"{rate}\" is no discount rate");

        Money Whole(string text, decimal scale) =>
            decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number is > 0 and < 10_000_000
            && decimal.IsInteger(number * scale)
                ? new((long)(number * scale))
                : throw row.Fault($"\"{rate}\" is no discount rate");
    }

    private sealed record CampaignTotals(NewBenefit Benefit, Money MinimumSpend, long Issued);

    private sealed class MerchantTotals
    {
        public SortedDictionary<string, CampaignTotals> Campaigns { get; } = new(StringComparer.Ordinal);

        public HashSet<string> Members { get; } = new(StringComparer.Ordinal);
    }
}
