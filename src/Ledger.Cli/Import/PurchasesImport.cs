using System.Globalization;
using NodaTime;
using NodaTime.Text;

namespace Ledger.Cli.Import;

/// <summary>What a household bought at once.</summary>
/// <param name="Paid">What the receipts' lines come to, in cents; 0 where everything was free.</param>
internal sealed record JourneyBasket(string Id, string Store, string Household, LocalDateTime At, long Paid);

/// <summary>
/// Imports the purchases of "The Complete Journey" as payments, one a basket, that earn one point for each whole dollar of it; then refunds a part of
/// them. What members must have then is counted here from the files, and nothing else.
/// </summary>
internal sealed class PurchasesImport
{
    /// <summary>Of a hundred baskets, where refunds are asked for.</summary>
    private const int RefundedOfHundred = 10;

    private const string Prefix = "cj-buy";
    private static readonly LocalDateTimePattern TimePattern = LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd HH:mm:ss");

    private readonly DateTimeZone zone = DateTimeZoneProviders.Tzdb["America/New_York"];
    private readonly string merchant;
    private readonly int? seed;

    /// <param name="seed">Chooses which baskets go back; null: none does.</param>
    public PurchasesImport(string folder, string merchant, int? seed)
    {
        (this.merchant, this.seed) = (merchant, seed);
        var baskets = new SortedDictionary<string, JourneyBasket>(StringComparer.Ordinal);
        foreach (var row in CsvFile.In(folder, "transactions_sample").Rows("household_id", "store_id", "basket_id", "sales_value", "transaction_timestamp"))
        {
            var (household, store, id, cents) = (row.Id(0, "hh-"), row.Id(1, "store-"), BasketOf(row), Cents(row));
            if (!baskets.TryGetValue(id, out var known)) known = new(id, store, household, Time(row), 0);
            if ((known.Store, known.Household) != (store, household)) throw row.Fault($"basket {id} is of another store or household above");
            baskets[id] = known with { Paid = known.Paid + cents };
        }

        Baskets = [.. baskets.Values];
    }

    public IReadOnlyList<JourneyBasket> Baskets { get; }

    /// <summary>Baskets that cost nothing are no payments.</summary>
    public IEnumerable<JourneyBasket> Paid => Baskets.Where(basket => basket.Paid > 0);

    public IReadOnlyList<JourneyBasket> Refunded => [.. Paid.Where(IsRefunded)];

    public MerchantPlan Plan() => new(
        Prefix, new NewMerchant(merchant, "The Complete Journey", zone.Id, "USD"),
        [.. Baskets.Select(basket => basket.Store).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(store => new NewStore($"store-{store}", $"Store {store}"))], []);

    public static IReadOnlyList<PlannedRequest> Programme() =>
    [
        new("/v1/points-programs", $"{Prefix}-club", new
        {
            Id = "club",
            Name = "Club",
            Terms = new { Earning = new { Points = 1, Per = 100 }, Expiry = new { Kind = "onDate", Date = "2099-12-31" }, Value = new { Amount = 1, Points = 1 } },
        }),
        new("/v1/payment-earning", $"{Prefix}-earning", new { Program = "club" }),
    ];

    public IEnumerable<PlannedRequest> Payments() => Paid.Select(basket => new PlannedRequest("/v1/payments", $"{Prefix}-{basket.Id}", new
    {
        Trade = $"b-{basket.Id}",
        Amount = basket.Paid,
        FundChannel = "card",
        Member = $"hh-{basket.Household}",
        Store = $"store-{basket.Store}",
        BusinessTime = basket.At.InZoneLeniently(zone).ToInstant(),
    }));

    public IEnumerable<PlannedRequest> Refunds() => Refunded.Select(basket => new PlannedRequest($"/v1/payments/b-{basket.Id}/refunds", $"{Prefix}-back-{basket.Id}", new
    {
        Refund = "r-1",
        Amount = Back(basket),
        BusinessTime = basket.At.PlusDays(7).InZoneLeniently(zone).ToInstant(),
    }));

    /// <summary>What the reports must say once everything was accepted and followed.</summary>
    public Figures Expected()
    {
        var figures = new Figures();
        foreach (var basket in Paid)
        {
            figures.Add($"store {basket.Store}", "payments", 1);
            figures.Add($"store {basket.Store}", "paid", basket.Paid);
            figures.Add($"store {basket.Store}", "refunded", Back(basket));
            figures.Add("merchant", "points", (basket.Paid - Back(basket)) / 100);
            figures.Add($"member hh-{basket.Household}", "points", (basket.Paid - Back(basket)) / 100);
        }

        return figures;
    }

    /// <summary>The reference answers beside the data set: baskets and cents by store. Their baskets without a price are no payments.</summary>
    public Figures Expected(string folder)
    {
        var figures = new Figures();
        var free = Baskets.Where(basket => basket.Paid == 0).CountBy(basket => basket.Store, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
        foreach (var row in CsvFile.In(folder, "complete-journey-stores").Rows("store_id", "baskets", "sales_cents"))
        {
            figures.Set($"store {row.Fields[0]}", "payments", row.Whole(1) - free.GetValueOrDefault(row.Fields[0]));
            figures.Set($"store {row.Fields[0]}", "paid", row.Whole(2));
        }

        return figures;
    }

    /// <summary>Reads the reports, once they have caught up with the book, and the policies with the payments.</summary>
    public Task<Figures> ReportedAsync(ImportRun run, ServiceClient service, CancellationToken cancellation)
    {
        var expected = Expected();
        return run.SettledAsync(merchant, expected, async ct =>
        {
            // Whoever never had a point has no account.
            var figures = new Figures();
            foreach (var basket in Paid) figures.Set($"member hh-{basket.Household}", "points", 0);
            await foreach (var row in service.GetRowsAsync(merchant, "/v1/reports/payments", ct))
            {
                var store = row.GetProperty("store").GetString()!["store-".Length..];
                figures.Add($"store {store}", "payments", row.GetProperty("payments").GetInt64());
                figures.Add($"store {store}", "paid", row.GetProperty("amount").GetInt64());
                figures.Add($"store {store}", "refunded", row.GetProperty("refunded").GetInt64());
            }

            await foreach (var row in service.GetRowsAsync(merchant, "/v1/reports/points/members?program=club", ct))
            {
                var points = row.GetProperty("available").GetInt64();
                figures.Set($"member {row.GetProperty("member").GetString()}", "points", points);
                figures.Add("merchant", "points", points);
            }

            return figures;
        }, cancellation);
    }

    /// <summary>Every other one goes back as a whole, the others by half, rounded down.</summary>
    private long Back(JourneyBasket basket) => !IsRefunded(basket) ? 0 : Dice(basket) % 2 == 0 ? basket.Paid : Math.Max(1, basket.Paid / 2);

    private bool IsRefunded(JourneyBasket basket) => seed is not null && Dice(basket) / 2 % 100 < RefundedOfHundred;

    /// <summary>The same for the same basket and seed, wherever it runs (FNV-1a).</summary>
    private uint Dice(JourneyBasket basket)
    {
        var dice = 2_166_136_261u;
        foreach (var letter in string.Create(CultureInfo.InvariantCulture, $"{seed}/{basket.Id}")) dice = unchecked((dice ^ letter) * 16_777_619u);
        return dice >> 8;
    }

    private static LocalDateTime Time(CsvRow row)
    {
        var parsed = TimePattern.Parse(row.Fields[4]);
        return parsed.Success ? parsed.Value : throw row.Fault($"\"{row.Fields[4]}\" is no time");
    }

    /// <summary>The file has 4.0128e+10 where it means 40128000000.</summary>
    private static string BasketOf(CsvRow row) => row.Fields[2].Contains("e+", StringComparison.Ordinal)
        && decimal.TryParse(row.Fields[2], NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number) && decimal.IsInteger(number)
            ? number.ToString("0", CultureInfo.InvariantCulture)
            : row.Id(2, "b-");

    /// <summary>To the nearest cent: the file has 4.440892e-16 where it means nothing.</summary>
    private static long Cents(CsvRow row) =>
        decimal.TryParse(row.Fields[3], NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var dollars) && dollars is >= 0 and < 10_000_000
            ? (long)decimal.Round(dollars * 100)
            : throw row.Fault($"\"{row.Fields[3]}\" is no price");
}
