using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Ledger.Tests.Proof;

internal enum Verb
{
    Issue,
    Earn,
    Check,
    Redeem,
    Hold,
    Commit,
    Release,
    Void,
    Return,
    Reverse,
    Deactivate,
}

/// <summary>One request of a client, in words that the wire and the oracle share.</summary>
/// <param name="Target">The campaign, code, hold, redemption or request key that it is about.</param>
internal sealed record Ask(Verb Verb, string Key, string Target)
{
    public string Member { get; init; } = "";

    /// <summary>Who the till says shows the coupons; null: it does not say.</summary>
    public string? Stated { get; init; }

    public long Amount { get; init; }

    /// <summary>Whose points are shown beside, and at most how many; null: none.</summary>
    public (string Member, long? Most)? Points { get; init; }

    /// <summary>The coupons shown; empty: the target alone.</summary>
    public IReadOnlyList<(string Code, int Uses)> Coupons { get; init; } = [];

    public IReadOnlyList<OracleLine>? Lines { get; init; }

    public int Seconds { get; init; }

    public IReadOnlyList<(int Line, int? Quantity, long? Amount)>? Items { get; init; }

    public int? Uses { get; init; }

    public bool Keep { get; init; }

    public IReadOnlyList<(string Code, int Uses)> Shown => Coupons.Count > 0 ? Coupons : [(Target, 1)];

    public bool IsMerchants => Verb is Verb.Issue or Verb.Deactivate;

    public string Path => Verb switch
    {
        Verb.Issue => "/v1/coupons",
        Verb.Earn => "/v1/points/purchases",
        Verb.Check => FormattableString.Invariant($"/v1/coupons/{Target}?amount={Amount}"),
        Verb.Redeem => "/v1/redemptions",
        Verb.Hold => "/v1/holds",
        Verb.Commit => $"/v1/holds/{Target}/commit",
        Verb.Release => $"/v1/holds/{Target}/release",
        Verb.Void => $"/v1/redemptions/{Target}/void",
        Verb.Return => $"/v1/redemptions/{Target}/returns",
        Verb.Reverse => "/v1/reversals",
        _ => $"/v1/coupons/{Target}/deactivate",
    };

    public string? Body => Verb switch
    {
        Verb.Issue => Json.Of(("campaign", Target), ("member", Member)).ToJsonString(),
        Verb.Earn => Json.Of(("program", OraclePoints.Program), ("member", Member), ("order", Target), ("amount", Amount)).ToJsonString(),
        Verb.Redeem or Verb.Hold => Json.Of(
            ("code", Coupons.Count > 0 ? null : Target),
            ("coupons", Coupons.Count > 0 ? Json.List(Coupons, one => Json.Of(("code", one.Code), ("uses", one.Uses))) : null),
            ("amount", Amount), ("seconds", Verb == Verb.Hold ? Seconds : null), ("order", $"order of {Key}"), ("member", Stated),
            ("lines", Lines is null ? null : Json.List(Lines, line => line.ToJson())),
            ("points", Points is { } points ? Json.Of(("program", OraclePoints.Program), ("member", points.Member), ("points", points.Most)) : null)).ToJsonString(),
        Verb.Return => Json.Of(
            ("lines", Items is null ? null : Json.List(Items, item => Json.Of(("line", item.Line), ("quantity", item.Quantity), ("amount", item.Amount)))),
            ("uses", Uses), ("keepCoupons", Keep)).ToJsonString(),
        Verb.Reverse => Json.Of(("request", Target)).ToJsonString(),
        Verb.Deactivate => Json.Of(("reason", "Lost")).ToJsonString(),
        _ => null,
    };
}

internal sealed record OracleLine(long Amount, int Quantity, string? Goods)
{
    public JsonNode ToJson() => Json.Of(("amount", Amount), ("quantity", Quantity), ("goods", Goods));
}

/// <summary>What a campaign promises, as far as the oracle's campaigns do.</summary>
/// <param name="BasisPoints">Of the basket, up to the ceiling; 0: the amount off.</param>
/// <param name="BrandBasisPoints">The brand's part of the discount, the merchant paying the rest; 0: the merchant pays all and no one asks.</param>
/// <param name="Only">The one kind of goods that it discounts; null: any. <paramref name="Never"/> is one that it does not; null: none.</param>
/// <param name="IsBundle">Its uses are a set: only the latest redemption that stands is undone.</param>
/// <param name="From">Microseconds since 1970, as all times of the oracle.</param>
internal sealed record OracleTerms(
    string Campaign, long From, long To, long Off = 0, int BasisPoints = 0, long Ceiling = 0, long Floor = 0, int Uses = 1, bool IsExclusive = false,
    int BrandBasisPoints = 0, long Quota = 1_000_000, int? PerMember = null, string? Only = null, string? Never = null, bool IsBundle = false)
{
    public bool LooksAtGoods => Only is not null || Never is not null;

    /// <summary>A line that names no goods is not among them where the terms name any.</summary>
    public bool Covers(OracleLine line) => !LooksAtGoods || (line.Goods is not null && (Only is null || line.Goods == Only) && line.Goods != Never);

    public string ToJson() => Json.Of(
        ("benefit", BasisPoints > 0
            ? Json.Of(("kind", "percentage"), ("offBasisPoints", BasisPoints), ("ceiling", Ceiling))
            : Json.Of(("kind", "fixedAmount"), ("off", Off))),
        ("minimumSpend", Floor), ("maxUses", Uses), ("isBundle", IsBundle ? true : null),
        ("goods", LooksAtGoods ? Json.Of(("include", Only is null ? null : new JsonArray(Only)), ("exclude", Never is null ? null : new JsonArray(Never))) : null),
        ("validity", Json.Of(("windowStart", Json.Time(From)), ("windowEnd", Json.Time(To)))),
        ("limits", PerMember is null ? null : Json.Of(("perMember", PerMember))), ("stacking", IsExclusive ? Json.Of(("isExclusive", true)) : null),
        ("funding", BrandBasisPoints == 0 ? null : Json.Of(("shares", new JsonArray(
            Json.Of(("party", "merchant"), ("basisPoints", 10_000 - BrandBasisPoints)), Json.Of(("party", "brand-7"), ("basisPoints", BrandBasisPoints))))))).ToJsonString();
}

/// <summary>One coupon's part of a basket.</summary>
internal sealed record OraclePart(OracleCoupon Coupon, int Uses, long Eligible, long Discount, long[] ByLine)
{
    /// <summary>Of a bundle: the redemption before.</summary>
    public string? Before { get; set; }

    public IEnumerable<(string Party, long Amount)> Funding => Split(Discount).Where(share => share.Amount > 0);

    public IEnumerable<(string Party, long Amount)> Split(long discount)
    {
        var brand = discount * Coupon.Terms.BrandBasisPoints / 10_000;
        return [("merchant", discount - brand), ("brand-7", brand)];
    }

    public JsonObject ToJson() => Json.Of(
        ("code", Coupon.Code), ("campaign", Coupon.Terms.Campaign), ("termsVersion", 1), ("eligible", Eligible), ("discount", Discount),
        ("lines", Json.Lines(ByLine)), ("funding", Json.Shares(Funding)), ("uses", Uses), ("before", Before));

    /// <param name="basket">Null where a record beside holds it.</param>
    public JsonObject Breakdown(IReadOnlyList<OracleLine>? basket) => Json.Of(
        ("basket", basket is null ? null : Json.Basket(basket)), ("eligible", Eligible), ("lines", Json.Lines(ByLine)), ("funding", Json.Shares(Funding)));
}

internal sealed record OracleHold(
    string Id, string Key, long Amount, long At, long Until, IReadOnlyList<OracleLine> Lines, IReadOnlyList<OraclePart> Parts, bool IsNamed, OraclePointsPart? Points);

internal sealed class OracleCoupon(string code, string member, OracleTerms terms, long from)
{
    public string Code { get; } = code;

    public string Member { get; } = member;

    public OracleTerms Terms { get; } = terms;

    public long From { get; } = from;

    public string Status { get; set; } = "issued";

    public int Used { get; set; }

    public int Redemptions { get; set; }

    public int Cycles { get; set; }

    public OracleHold? Hold { get; set; }

    public OracleSale? Last { get; set; }

    /// <summary>Of a bundle: the latest redemption that stands.</summary>
    public string? Latest { get; set; }

    public string StatusAt(long now) => Status switch
    {
        "issued" when now < Hold?.Until => "held",
        "issued" when now < Terms.To => "effective",
        "issued" => "expired",
        _ => Status,
    };
}

/// <summary>A redemption.</summary>
internal sealed class OracleSale(string id, string key, long amount, long at, IReadOnlyList<OracleLine> lines, IReadOnlyList<OraclePart> parts, string? hold, bool isNamed, bool isBasket,
    OraclePointsPart? points = null)
{
    public string Id { get; } = id;

    public string Key { get; } = key;

    public long Amount { get; } = amount;

    public long At { get; } = at;

    public IReadOnlyList<OracleLine> Lines { get; } = lines;

    /// <summary>In the order of application.</summary>
    public IReadOnlyList<OraclePart> Parts { get; } = parts;

    public string? Hold { get; } = hold;

    /// <summary>What points took off after the coupons; null: none were used.</summary>
    public OraclePointsPart? Points { get; } = points;

    /// <summary>What of that was taken back, by line, and how many points came back for it.</summary>
    public long[] PointsTaken { get; } = new long[lines.Count];

    public long PointsBack { get; set; }

    /// <summary>Whether the answer shows the basket.</summary>
    public bool IsNamed { get; } = isNamed;

    /// <summary>Made with a record of its own: several coupons, a coupon of several uses, or points.</summary>
    public bool IsBasket { get; } = isBasket;

    public bool IsRecorded { get; set; } = isBasket;

    public bool IsVoided { get; set; }

    public int UsesReturned { get; set; }

    public List<JsonObject> Returns { get; } = [];

    /// <summary>What came back, by line.</summary>
    public long[] Back { get; } = new long[lines.Count];

    public int[] PiecesBack { get; } = new int[lines.Count];

    /// <summary>What of each part was taken back, by line.</summary>
    public long[][] Taken { get; } = [.. parts.Select(_ => new long[lines.Count])];

    /// <summary>Of each bundle: the redemption before this one.</summary>
    public Dictionary<string, string?> Before { get; } = new(StringComparer.Ordinal);

    /// <summary>Parts of which nothing stood after the last return.</summary>
    public HashSet<string> Empty { get; set; } = [];

    public OraclePart PartOf(string code) => Parts.Single(part => part.Coupon.Code == code);

    public string Code => Id[..Id.LastIndexOf('-')];

    public long VoidableUntil => ((((At + (8 * Json.Hour)) / Json.Day) + 1) * Json.Day) - (8 * Json.Hour);

    public JsonObject ToJson()
    {
        var lead = PartOf(Code);
        var discount = Parts.Sum(part => part.Discount) + (Points?.Discount ?? 0);
        var answer = Shape(
            Status(), Code, lead.Coupon.Terms.Campaign, discount, IsRecorded ? Json.Together(Lines, Parts, Points) : IsNamed ? lead.Breakdown(Lines) : null,
            IsRecorded && (Parts.Count > 1 || Parts[0].Uses > 1 || Points is not null) ? Json.List(Parts, part => part.ToJson()) : null,
            Returns.Count > 0 ? Json.List(Returns, back => back.DeepClone()) : null);
        if (Points is not null) answer.Add("points", Points.ToJson());
        return answer;
    }

    /// <summary>As one coupon remembers it.</summary>
    public JsonObject Of(OracleCoupon coupon)
    {
        var part = PartOf(coupon.Code);
        return Shape(
            IsVoided ? "voided" : "redeemed", coupon.Code, coupon.Terms.Campaign, part.Discount,
            IsBasket ? part.Breakdown(null) : IsNamed ? part.Breakdown(Lines) : null, null, null);
    }

    private string Status() =>
        IsVoided ? "voided"
        : Returns.Count == 0 ? "redeemed"
        : UsesReturned > 0 ? UsesReturned == Parts[0].Uses ? "returned" : "partly-returned"
        : Enumerable.Range(0, Lines.Count).All(line => Back[line] == Lines[line].Amount && PiecesBack[line] == Lines[line].Quantity) ? "returned" : "partly-returned";

    private JsonObject Shape(string status, string code, string campaign, long discount, JsonNode? basket, JsonNode? coupons, JsonNode? returns) => Json.Of(
        ("redemptionId", Id), ("status", status), ("code", code), ("campaign", campaign), ("amount", Amount), ("discount", discount), ("payable", Amount - discount),
        ("at", Json.Time(At)), ("voidableUntil", Json.Time(VoidableUntil)), ("store", Shop.Store), ("till", Shop.Till), ("order", $"order of {OrderKey}"),
        ("basket", basket), ("coupons", coupons), ("returns", returns));

    /// <summary>The request that named the order: a hold's commit has the hold's.</summary>
    public string OrderKey { get; init; } = key;
}

/// <summary>JSON as the API spells it, written anew for the oracle.</summary>
internal static class Json
{
    public const long Second = 1_000_000;
    public const long Hour = 3_600 * Second;
    public const long Day = 24 * Hour;

    public static long Now => (DateTime.UtcNow - DateTime.UnixEpoch).Ticks / 10;

    public static string Time(long at) => DateTime.UnixEpoch.AddTicks(at * 10).ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    public static long Parse(string at) => (DateTime.Parse(at, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal) - DateTime.UnixEpoch).Ticks / 10;

    public static string DateOf(long at) => DateTime.UnixEpoch.AddTicks((at + (8 * Hour)) * 10).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    public static string Sha256(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>Members that are null are left out.</summary>
    public static JsonObject Of(params (string Name, JsonNode? Value)[] members)
    {
        var made = new JsonObject();
        foreach (var (name, value) in members)
        {
            if (value is not null) made.Add(name, value);
        }

        return made;
    }

    public static JsonArray List<T>(IEnumerable<T> items, Func<T, JsonNode?> of) => [.. items.Select(of)];

    public static JsonArray Lines(long[] amounts) => List(
        amounts.Select((amount, line) => (Line: line, Amount: amount)).Where(share => share.Amount != 0), share => Of(("line", share.Line), ("amount", share.Amount)));

    public static JsonArray Shares(IEnumerable<(string Party, long Amount)> shares) => List(shares, share => Of(("party", share.Party), ("amount", share.Amount)));

    public static JsonObject Basket(IReadOnlyList<OracleLine> lines) => Of(("lines", List(lines, line => line.ToJson())));

    /// <summary>All parts of a basket in one, and its points.</summary>
    public static JsonObject Together(IReadOnlyList<OracleLine> lines, IReadOnlyList<OraclePart> parts, OraclePointsPart? points)
    {
        long[] byLine = [.. lines.Select((_, line) => parts.Sum(part => part.ByLine[line]) + (points?.ByLine[line] ?? 0))];
        var parties = parts.SelectMany(part => part.Funding).Concat(points?.Funding ?? []).GroupBy(share => share.Party, StringComparer.Ordinal).Select(party => (party.Key, party.Sum(share => share.Amount)));
        return Of(
            ("basket", Basket(lines)), ("eligible", lines.Where((_, line) => byLine[line] > 0).Sum(line => line.Amount)), ("lines", Lines(byLine)), ("funding", Shares(parties)));
    }

    /// <summary>Divides by weight: rounded down, then one more for the largest remainders, the first before later ones.</summary>
    public static long[] Divide(long amount, long[] weights)
    {
        var total = weights.Sum();
        long[] parts = [.. weights.Select(weight => amount * weight / total)];
        foreach (var i in Enumerable.Range(0, weights.Length).OrderByDescending(i => amount * weights[i] % total).Take((int)(amount - parts.Sum()))) parts[i]++;
        return parts;
    }
}
