using NodaTime;

namespace Ledger.Cli.Import;

/// <summary>A campaign of the journey, with what must be known to issue its coupons.</summary>
/// <param name="IssuesAll">Every targeted household gets every coupon offered; else only those later redeemed are issued.</param>
/// <param name="Redeemed">By household and coupon: the dates on which one was redeemed.</param>
internal sealed record JourneyCampaign(
    string Number, LocalDate Start, LocalDate End, bool IssuesAll, IReadOnlyList<string> Households, IReadOnlyList<string> Upcs,
    SortedDictionary<(string Household, string Upc), List<LocalDate>> Redeemed)
{
    public string Id => $"cj-{Number}";

    public long Issued => (IssuesAll ? (long)Households.Count * Upcs.Count : Redeemed.Count) + Redeemed.Values.Sum(dates => dates.Count - 1L);

    /// <summary>The households that hold a coupon.</summary>
    public IEnumerable<string> Members => IssuesAll ? Upcs.Count == 0 ? [] : Households : Redeeming;

    public IEnumerable<string> Redeeming => Redeemed.Keys.Select(pair => pair.Household).Distinct(StringComparer.Ordinal);

    /// <summary>Every coupon to issue, always in the same order; a household that redeems a kind twice gets one more.</summary>
    public IEnumerable<CouponKey> Coupons()
    {
        var pairs = IssuesAll ? Households.SelectMany(household => Upcs.Select(upc => (household, upc))) : Redeemed.Keys.Select(pair => (pair.Household, pair.Upc));
        foreach (var (household, upc) in pairs) yield return new(Id, household, upc, 1);
        foreach (var ((household, upc), dates) in Redeemed)
        {
            for (var number = 2; number <= dates.Count; number++) yield return new(Id, household, upc, number);
        }
    }

    public bool IsRedeemed(CouponKey coupon) => Redeemed.ContainsKey((coupon.Household, coupon.Upc));
}

/// <summary>The data set "The Complete Journey", or one of its shape, as read from its files.</summary>
internal sealed record Journey(IReadOnlyList<JourneyCampaign> Campaigns, IReadOnlyList<string> Stores)
{
    /// <param name="isFull">Campaigns of type A, too, give every targeted household every coupon offered.</param>
    public static Journey Read(string folder, bool isFull)
    {
        var campaigns = ReadCampaigns(folder, isFull);
        var targeted = ReadPairs(folder, "campaigns", "household_id", campaigns);
        var offered = ReadPairs(folder, "coupons", "coupon_upc", campaigns);
        foreach (var (number, campaign) in campaigns)
        {
            campaigns[number] = campaign with
            {
                Households = [.. targeted[number].Order(StringComparer.Ordinal)],
                Upcs = [.. offered[number].Order(StringComparer.Ordinal)],
            };
        }

        ReadRedemptions(folder, campaigns, targeted, offered);
        var stores = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var row in CsvFile.In(folder, "transactions_sample").Rows("store_id"))
        {
            if (!stores.Contains(row.Fields[0])) stores.Add(row.Id(0, "store-"));
        }

        return new([.. campaigns.Values], [.. stores]);
    }

    private static Dictionary<string, JourneyCampaign> ReadCampaigns(string folder, bool isFull)
    {
        var campaigns = new Dictionary<string, JourneyCampaign>(StringComparer.Ordinal);
        foreach (var row in CsvFile.In(folder, "campaign_descriptions").Rows("campaign_id", "campaign_type", "start_date", "end_date"))
        {
            var campaign = new JourneyCampaign(
                row.Id(0, "cj-"), row.Date(2), row.Date(3), isFull || row.Fields[1] != "Type A", [], [],
                new SortedDictionary<(string Household, string Upc), List<LocalDate>>(PairOrder));
            if (campaign.End < campaign.Start) throw row.Fault("the campaign ends before it starts");
            if (!campaigns.TryAdd(campaign.Number, campaign)) throw row.Fault($"the campaign {campaign.Number} is here twice");
        }

        return campaigns;
    }

    private static Dictionary<string, HashSet<string>> ReadPairs(string folder, string file, string column, Dictionary<string, JourneyCampaign> campaigns)
    {
        var pairs = campaigns.Keys.ToDictionary(number => number, _ => new HashSet<string>(StringComparer.Ordinal), StringComparer.Ordinal);
        foreach (var row in CsvFile.In(folder, file).Rows("campaign_id", column))
        {
            if (!pairs.TryGetValue(row.Fields[0], out var members)) throw row.Fault($"there is no campaign {row.Fields[0]}");
            if (!members.Contains(row.Fields[1])) members.Add(row.Id(1, "hh-"));
        }

        return pairs;
    }

    private static void ReadRedemptions(
        string folder, Dictionary<string, JourneyCampaign> campaigns, Dictionary<string, HashSet<string>> targeted, Dictionary<string, HashSet<string>> offered)
    {
        foreach (var row in CsvFile.In(folder, "coupon_redemptions").Rows("campaign_id", "household_id", "coupon_upc", "redemption_date"))
        {
            var (number, household, upc, date) = (row.Fields[0], row.Fields[1], row.Fields[2], row.Date(3));
            if (!campaigns.TryGetValue(number, out var campaign)) throw row.Fault($"there is no campaign {number}");
            if (!targeted[number].Contains(household) || !offered[number].Contains(upc)) throw row.Fault($"campaign {number} never offered coupon {upc} to household {household}");
            if (date < campaign.Start || date > campaign.End) throw row.Fault($"{date:uuuu-MM-dd} is outside campaign {number}");
            if (!campaign.Redeemed.TryGetValue((household, upc), out var dates)) campaign.Redeemed[(household, upc)] = dates = [];
            dates.Add(date);
        }
    }

    private static Comparer<(string Household, string Upc)> PairOrder { get; } = Comparer<(string Household, string Upc)>.Create((a, b) =>
        string.CompareOrdinal(a.Household, b.Household) is not 0 and var order ? order : string.CompareOrdinal(a.Upc, b.Upc));
}
