using System.Text;
using Ledger.FuCards.Draws;

namespace Ledger.Tests.FuCards.Draws;

/// <summary>Makes the proof of a small campaign, as honest as the real one.</summary>
internal static class Proofs
{
    public const int Users = 24;

    /// <returns>Its lines, without their ends.</returns>
    public static List<string> Make(PotWeight weight, long cap = Limits.PrizeCap, long amount = 1_000_07, long? deadline = null, GrandRules? grand = null)
    {
        var seed = Enumerable.Range(7, 32).Select(i => (byte)i).ToArray();
        List<CardSource> sources = [new("scan", [24, 24, 24, 24, 4]), new("shop-1", [1, 1, 1, 1, 1])];
        string[] types = ["1001", "1002", "1003", "1004", "1005"];
        if (grand is not null) (types, sources) = ([.. types, grand.Card], [.. sources.Select(source => source with { Weights = [.. source.Weights, 1 + (source.Weights[0] / 2)] })]);
        var rules = new PotRules(amount, 20, cap, weight);
        var commitment = new Commitment("spring-2026", Commitment.HashOf(seed), new("quicknet", 4_711, deadline is null ? null : new(1_000, 3)), types, sources, rules, deadline, grand);
        var beacon = BeaconValue.Of(4_712, [1, 2, 3, 4, 5, 6, 7, 8]);
        var key = PotKey.Of(seed, beacon);

        using var writer = new ProofWriter();
        using var hash = new DrawsHash();
        var (lines, grandUsers) = (new List<string>(), new HashSet<string>(StringComparer.Ordinal));
        foreach (var user in Enumerable.Range(1, Users).Select(i => $"u-{i}").Order(StringComparer.Ordinal))
        {
            for (var i = 1; i <= 4; i++)
            {
                var source = sources[i % 2];
                var type = types[CardDraw.Draw(seed, user, i, source.Weights)];
                if (type == grand?.Card) grandUsers.Add(user);
                var line = writer.Draw(new(user, i, source.Name, type));
                hash.Add(line);
                lines.Add(Encoding.UTF8.GetString(line).TrimEnd('\n'));
            }
        }

        // Two shards with a gap between their numbers.
        var tickets = Enumerable.Range(1, Users).Select(i => i <= 10 ? i : 990L + i).ToList();
        var shards = tickets.Select(ticket => (ticket, TicketWeights.Of(weight, key, ticket))).GroupBy(ticket => ticket.ticket > 10).ToList();
        var plan = PotPlanner.Of(rules, [.. shards]);
        var draw = grand is null ? null : new GrandDraw(key, grand);
        foreach (var (ticket, i) in tickets.Select((ticket, i) => (ticket, i)))
        {
            if (grandUsers.Contains($"u-{i + 1}")) draw!.Add(ticket);
        }

        var (amounts, tree) = (new PotAmounts(rules, plan), new MerkleTree());
        foreach (var (ticket, i) in tickets.Select((ticket, i) => (ticket, i)))
        {
            var isGrand = grandUsers.Contains($"u-{i + 1}");
            tree.Add(ticket, $"u-{i + 1}", isGrand);
            long? won = isGrand ? new GrandAmounts(grand!, draw!.Plan).Of(key, ticket) : null;
            lines.Add(Encoding.UTF8.GetString(writer.Ticket(new(ticket, $"u-{i + 1}", amounts.Of(ticket, TicketWeights.Of(weight, key, ticket)), won))).TrimEnd('\n'));
        }

        var header = new ProofHeader(
            commitment, commitment.Digest(), Convert.ToHexStringLower(seed), beacon, new(Users, Convert.ToHexStringLower(tree.Root()), hash.Count, hash.Value()), plan, draw?.Plan);
        lines.Insert(0, Encoding.UTF8.GetString(writer.Header(header)).TrimEnd('\n'));
        return lines;
    }

    public static ProofReport Check(IEnumerable<string> lines, ProofKnowledge? knowledge = null)
    {
        using var check = new ProofCheck(knowledge ?? new());
        foreach (var line in lines) check.Line(Encoding.UTF8.GetBytes(line));
        return check.End();
    }

    public static string Text(IEnumerable<string> lines) => string.Concat(lines.Select(line => line + "\n"));
}
