using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ledger.Tests.Proof;

/// <summary>What points took off a basket.</summary>
internal sealed record OraclePointsPart(string Spend, string Member, long Points, long Discount, long[] ByLine)
{
    public IEnumerable<(string Party, long Amount)> Funding => [(OraclePoints.Party, Discount)];

    public JsonObject ToJson() => Json.Of(
        ("spend", Spend), ("program", OraclePoints.Program), ("member", Member), ("points", Points), ("discount", Discount), ("lines", Json.Lines(ByLine)));
}

/// <summary>What a request does to points, and what it appends for that.</summary>
internal sealed record OraclePointsChange(OracleAccount After, IReadOnlyList<string> Entries, Action Apply);

/// <summary>One member's points. None expires while the tests run, so which of them are spent does not matter.</summary>
internal sealed class OracleAccount
{
    public long Available { get; set; }

    public long Arrears { get; set; }

    public long Lifetime { get; set; }

    public List<(string Id, long Points, long Until)> Holds { get; private init; } = [];

    public long Held => Holds.Sum(hold => hold.Points);

    public OracleAccount Copy() => new() { Available = Available, Arrears = Arrears, Lifetime = Lifetime, Holds = [.. Holds] };

    /// <summary>What is there pays what is owed; false where nothing does.</summary>
    public bool Pay()
    {
        var paid = Math.Min(Available, Arrears);
        (Available, Arrears) = (Available - paid, Arrears - paid);
        return paid > 0;
    }

    public bool Release(string id)
    {
        if (!Holds.Exists(hold => hold.Id == id)) return false;
        Available += Holds.Find(hold => hold.Id == id).Points;
        Holds.RemoveAll(hold => hold.Id == id);
        return true;
    }

    public JsonObject ToJson() => Json.Of(("available", Available), ("pending", 0), ("held", Held), ("arrears", Arrears));
}

/// <summary>One programme's points, once more and simply.</summary>
internal sealed class OraclePoints
{
    public const string Program = "club";
    public const string Party = "points/club";
    public const string Opening =
        """{"id":"club","name":"Club","terms":{"earning":{"points":1,"per":10},"expiry":{"kind":"afterMonths","months":12},"value":{"amount":2,"points":3},"minimumSpend":5}}""";

    private const long Minimum = 5;

    private readonly Dictionary<string, (string Member, long Amount, bool IsReversed)> orders = new(StringComparer.Ordinal);

    public SortedDictionary<string, OracleAccount> Accounts { get; } = new(StringComparer.Ordinal);

    /// <summary>When holds end.</summary>
    public IEnumerable<long> Turns => Accounts.Values.SelectMany(account => account.Holds).Select(hold => hold.Until);

    /// <summary>As the clock leaves it by now.</summary>
    public OracleAccount At(string member, long now) => Move(member, now, _ => []).After;

    public static string SpendOf(string key) => $"r{Json.Sha256(key)[..24]}";

    /// <summary>As the last entry left it.</summary>
    public bool IsHeld(OraclePointsPart part) => Of(part.Member).Holds.Exists(hold => hold.Id == part.Spend);

    /// <param name="left">What the coupons left of each line.</param>
    public (OraclePointsPart? Part, Expected? Refusal) Price((string Member, long? Most) shown, string spend, long[] left, long now, string? stated)
    {
        var (account, amount) = (At(shown.Member, now), left.Sum());
        var few = Oracle.Refuse(422, "insufficient-points", ("available", account.Available), ("pending", 0), ("held", account.Held));
        if (stated is not null && stated != shown.Member) return Refused(Oracle.Refuse(422, "owner-mismatch"));
        if (shown.Most < Minimum) return Refused(Oracle.Refuse(422, "spend-below-minimum", ("minimum", Minimum)));
        if (account.Available < (shown.Most ?? Minimum)) return Refused(few);
        var most = Math.Min(shown.Most ?? account.Available, (amount + 1) * 2);
        while (Worth(most) > amount) most--;
        var used = most;
        while (used > 0 && Worth(used - 1) == Worth(most)) used--;
        used = Math.Max(used, Math.Min(Minimum, most));
        if (Worth(used) == 0) return Refused(Oracle.Refuse(422, "nothing-to-discount", ("amount", amount)));
        if (used < Minimum) return Refused(Oracle.Refuse(422, "spend-below-minimum", ("minimum", Minimum)));
        return (new(spend, shown.Member, used, Worth(used), Json.Divide(Worth(used), left)), null);

        static (OraclePointsPart?, Expected?) Refused(Expected refusal)
        {
            refusal.Body.Add("presented", Party);
            return (null, refusal);
        }
    }

    public OraclePointsChange Spend(OraclePointsPart part, long now) => Move(part.Member, now, account =>
    {
        account.Available -= part.Points;
        return ["points_spent"];
    }, $"pointsspend-{part.Spend} points_spend_made");

    public OraclePointsChange Hold(OraclePointsPart part, long until, long now) => Move(part.Member, now, account =>
    {
        account.Available -= part.Points;
        account.Holds.Add((part.Spend, part.Points, until));
        return ["points_held"];
    }, $"pointsspend-{part.Spend} points_spend_held");

    public OraclePointsChange Commit(OraclePointsPart part, long now) => Move(part.Member, now, account =>
    {
        account.Holds.RemoveAll(hold => hold.Id == part.Spend);
        return ["points_spent"];
    }, $"pointsspend-{part.Spend} points_spend_made");

    public OraclePointsChange Release(OraclePointsPart part, long now) => Move(
        part.Member, now, account => account.Release(part.Spend) ? ["points_released"] : [], $"pointsspend-{part.Spend} points_spend_released");

    public OraclePointsChange Restore(OraclePointsPart part, long points, long now) => Move(part.Member, now, account =>
    {
        account.Available += points;
        return ["points_restored"];
    }, $"pointsspend-{part.Spend} points_spend_refunded");

    public Expected Earn(string order, string member, long amount, long now)
    {
        var points = amount / 10;
        var change = Move(member, now, account =>
        {
            (account.Available, account.Lifetime) = (account.Available + points, account.Lifetime + points);
            return ["points_earned"];
        }, $"pointspurchase-{Program}/{order} points_purchase_recorded");
        return new(201, Shape(order, member, amount, points, points, change.After), change.Entries, () =>
        {
            change.Apply();
            orders.Add(order, (member, amount, false));
        });
    }

    /// <summary>Takes back what an order earned: from what is there, the rest is owed.</summary>
    public Expected TakeBack(string order, long now)
    {
        var (member, amount, isReversed) = orders[order];
        var points = isReversed ? 0 : amount / 10;
        var change = Move(member, now, account =>
        {
            var there = Math.Min(points, account.Available);
            (account.Available, account.Arrears, account.Lifetime) = (account.Available - there, account.Arrears + points - there, account.Lifetime - points);
            return [.. Enumerable.Repeat("earning_clawed_back", (there > 0 ? 1 : 0) + (there < points ? 1 : 0))];
        }, isReversed ? [] : [$"pointspurchase-{Program}/{order} points_purchase_reversed"]);
        return new(200, Shape(order, member, 0, 0, -points, change.After), change.Entries, () =>
        {
            change.Apply();
            orders[order] = (member, amount, true);
        });
    }

    /// <summary>The clock ended a hold, or what that freed paid what is owed; false where it had no right to.</summary>
    public bool TryClock(string member, string type, JsonElement data, long now) => type switch
    {
        "points_released" => Of(member).Holds.Exists(hold => hold.Id == data.GetProperty("holdId").GetString() && now >= hold.Until)
            && Of(member).Release(data.GetProperty("holdId").GetString()!),
        "arrears_reduced" => Of(member).Pay(),
        _ => false,
    };

    private static long Worth(long points) => points * 2 / 3;

    private static JsonObject Shape(string order, string member, long amount, long points, long change, OracleAccount after) => Json.Of(
        ("program", Program), ("order", order), ("member", member), ("version", 1), ("points", points),
        ("lines", amount == 0 ? new JsonArray() : new JsonArray(Json.Of(("line", ""), ("net", amount)))), ("change", change), ("deduct", 0), ("balance", after.ToJson()));

    private OracleAccount Of(string member)
    {
        if (!Accounts.TryGetValue(member, out var account)) Accounts[member] = account = new();
        return account;
    }

    /// <summary>What the clock has to say comes first; what is there pays what is owed at any time.</summary>
    /// <param name="command">The types of what it appends.</param>
    private OraclePointsChange Move(string member, long now, Func<OracleAccount, string[]> command, params string[] beside)
    {
        var (after, entries) = (Of(member).Copy(), new List<string>(beside));
        Append([]);
        foreach (var hold in after.Holds.Where(hold => now >= hold.Until).OrderBy(hold => hold.Until).ToList())
        {
            after.Release(hold.Id);
            Append(["points_released"]);
        }

        Append(command(after));
        return new(after, entries, () => Accounts[member] = after);

        void Append(string[] types)
        {
            entries.AddRange(types.Select(type => $"points-{Program}/{member} {type}"));
            if (after.Pay()) entries.Add($"points-{Program}/{member} arrears_reduced");
        }
    }
}
