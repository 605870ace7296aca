using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Ledger.FuCards.Draws;
using Xunit;

namespace Ledger.Tests.FuCards.Draws;

/// <summary>Who wins the grand prize, and what a verifier says where a file tells it otherwise.</summary>
public sealed class GrandDrawTests
{
    private static readonly byte[] s_key = [.. Enumerable.Range(0, 64).Select(i => (byte)i)];
    private static readonly GrandRules s_rules = new("1006", 700_00, 3);

    /// <summary>The example of docs/fu-proof.md; its hashes were computed by another program.</summary>
    [Fact]
    public void G1_Of_five_tickets_that_take_part_1_and_6_have_the_smallest_hashes()
    {
        var plan = Draw(new("1006", 700_00, 2), [1, 3, 4, 6, 7]);
        Assert.Equal(new(5, 2, new("08bf684b76ae5003f15ba923962084b5e2449876e4a03c47166c8444fc495a61", 6)), plan);
        var amounts = new GrandAmounts(new("1006", 700_00, 2), plan);
        Assert.Equal([700_00L, 0, 0, 700_00, 0], new long[] { 1, 3, 4, 6, 7 }.Select(ticket => amounts.Of(s_key, ticket)));
    }

    [Fact]
    public void Where_fewer_take_part_than_may_win_all_win_and_the_rest_is_not_given_out()
    {
        var plan = Draw(new("1006", 700_00, 100), [1, 3, 4, 6, 7]);
        Assert.Equal((5, 5, 4L), (plan.Tickets, plan.Winners, plan.Last!.Ticket));
        Assert.Equal(new(0, 0, null), Draw(s_rules, []));
        Assert.Equal(0, new GrandAmounts(s_rules, Draw(s_rules, [])).Of(s_key, 1));
    }

    /// <summary>Against the plainest way: all hashes in memory, sorted as text.</summary>
    [Fact]
    public void Winners_follow_from_the_tickets_alone_whatever_their_order_and_shards() => Holds.For(
        from tickets in Gen.Choose(1, 5_000).ListOf()
        from winners in Gen.Choose(1, 40)
        from turn in Gen.Choose(0, 1_000)
        select (Tickets: tickets.Distinct().Select(ticket => (long)ticket).ToList(), Rules: new GrandRules("1006", 700_00, winners), Turn: turn),
        given =>
        {
            var plan = Draw(given.Rules, given.Tickets);
            // Sharded: who is in which shard, and which shard comes first, says another order.
            Assert.Equal(plan, Draw(given.Rules, given.Tickets.GroupBy(ticket => (ticket * 31 + given.Turn) % 5).OrderBy(shard => (shard.Key + given.Turn) % 5).SelectMany(shard => shard.Reverse())));
            var amounts = new GrandAmounts(given.Rules, plan);
            var expected = given.Tickets.OrderBy(Hash, StringComparer.Ordinal).ThenBy(ticket => ticket).Take(given.Rules.Winners).Order();
            Assert.Equal(expected, given.Tickets.Where(ticket => amounts.Of(s_key, ticket) > 0).Order());
            Assert.Equal(given.Rules.Prize * Math.Min(given.Rules.Winners, given.Tickets.Count), given.Tickets.Sum(ticket => amounts.Of(s_key, ticket)));
        });

    [Fact]
    public void The_root_covers_who_takes_part()
    {
        var roots = new[] { (false, false), (true, false), (false, true), (true, true) }.Select(flags =>
        {
            var tree = new MerkleTree();
            tree.Add(1, "u-1", flags.Item1);
            tree.Add(2, "u-2", flags.Item2);
            Assert.True(MerkleTree.Verify(
                tree.Root(), MerkleTree.Leaf(2, "u-2", flags.Item2), 1, 2, MerkleTree.Proof([MerkleTree.Leaf(1, "u-1", flags.Item1), MerkleTree.Leaf(2, "u-2", flags.Item2)], 1, 2)));
            return Convert.ToHexStringLower(tree.Root());
        });
        Assert.Distinct(roots, StringComparer.Ordinal);
    }

    /// <summary>Files of campaigns without a grand card are what they ever were, to the byte.</summary>
    [Theory]
    [InlineData(PotWeight.Uniform, "09ac5cc128bd7c6555dc21bb0ad2522b5ab6ccc85adac68579ad5ab0209d85fd")]
    [InlineData(PotWeight.Normal, "9383198a9f5d158c3b65a3f31361c6058434c69b6041a9bd2e29427cc27bf0f6")]
    public void A_proof_without_a_grand_draw_is_of_the_first_format_and_unchanged(PotWeight weight, string hash) =>
        Assert.Equal(hash, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Proofs.Text(Proofs.Make(weight))))));

    [Theory]
    [InlineData("flag", "the Merkle root of the tickets is not the sealed one")]
    [InlineData("winner", "the grand prize of ticket ")]
    [InlineData("amount", "the commitment's hash does not follow from the commitment")]
    [InlineData("more", "tickets in the grand draw 4 cannot win")]
    [InlineData("last", "tickets win in the grand draw, the file says 3")]
    [InlineData("count", "tickets take part in the grand draw, the file says ")]
    [InlineData("format", "line 1 is not what a proof has there, or is spelled otherwise")]
    public void What_is_changed_of_the_grand_draw_is_named(string what, string sentence)
    {
        var lines = Proofs.Make(PotWeight.Uniform, grand: s_rules);
        var header = JsonNode.Parse(lines[0])!;
        switch (what)
        {
            case "flag": Change(",\"grand\":0", ""); break;
            case "winner": Change("\"grand\":0", "\"grand\":70000"); break;
            case "amount": header["commitment"]!["grand"]!["prize"] = 700_01; break;
            case "more": header["grand"]!["winners"] = 4; break;
            case "last": header["grand"]!["last"]!["hash"] = new string('f', 64); break;
            case "count": header["grand"]!["tickets"] = header["grand"]!["tickets"]!.GetValue<long>() + 1; break;
            default: header["format"] = "fu-proof-1"; break;
        }

        lines[0] = header.ToJsonString();
        Assert.Contains(sentence, Proofs.Check(lines).Difference, StringComparison.Ordinal);

        void Change(string from, string to)
        {
            var place = lines.FindIndex(line => line.Contains(from, StringComparison.Ordinal));
            lines[place] = lines[place].Replace(from, to, StringComparison.Ordinal);
        }
    }

    /// <summary>Who makes the whole file anew has it agree with itself, and not with what was published in time.</summary>
    [Fact]
    public void Another_grand_prize_is_another_commitment()
    {
        string Of(List<string> lines) => JsonNode.Parse(lines[0])!["commitmentHash"]!.GetValue<string>();
        var (published, forged) = (Of(Proofs.Make(PotWeight.Uniform, grand: s_rules)), Proofs.Make(PotWeight.Uniform, grand: s_rules with { Prize = 700_01 }));
        Assert.Null(Proofs.Check(forged).Difference);
        Assert.Equal("the commitment is not the one that was published", Proofs.Check(forged, new(Commitment: published)).Difference);
    }

    [Fact]
    public void One_user_checks_the_grand_prize_alone()
    {
        var lines = Proofs.Make(PotWeight.Uniform, grand: s_rules);
        var winner = JsonNode.Parse(lines.First(line => line.Contains("\"grand\":70000", StringComparison.Ordinal)))!["user"]!.GetValue<string>();
        Assert.Equal((null, 1, 700_00), (Proofs.Check(lines, new(User: winner)).Difference, Proofs.Check(lines, new(User: winner)).Tickets, Proofs.Check(lines, new(User: winner)).Grand));
    }

    private static GrandPlan Draw(GrandRules rules, IEnumerable<long> tickets)
    {
        var draw = new GrandDraw(s_key, rules);
        foreach (var ticket in tickets) draw.Add(ticket);
        return draw.Plan;
    }

    private static string Hash(long ticket)
    {
        var message = new byte[13];
        "grand"u8.CopyTo(message);
        BinaryPrimitives.WriteInt64BigEndian(message.AsSpan(5), ticket);
        return Convert.ToHexStringLower(HMACSHA256.HashData(s_key, message));
    }
}
