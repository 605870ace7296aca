using System.Security.Cryptography;
using System.Text;
using FsCheck.Fluent;
using Ledger.Coupons.Offline;
using NodaTime;
using Xunit;
using static Ledger.Tests.Moments;

namespace Ledger.Tests.Coupons.Offline;

public class TillChainTests
{
    private static readonly Instant s_at = At("2026-02-17T18:30:00.5+08:00");

    /// <summary>Records 1 to 6 of till t1.</summary>
    private static readonly TillRecord[] s_chain = [.. Chain("t1", 6)];

    [Fact]
    public void The_hash_is_that_of_the_canonical_JSON()
    {
        var record = new TillRecord("t1", 1, TillRecord.Genesis, "ABC", new(100_00), new(20_00), s_at, null);
        var json = $$"""{"amount":10000,"businessTime":"2026-02-17T10:30:00.500000Z","code":"ABC","discount":2000,"previousHash":"{{TillRecord.Genesis}}","sequence":1,"till":"t1"}""";
        Assert.Equal(HashOf(json), record.Hash());

        json = json[..^1] + ",\"token\":\"T:+ %.\"}";
        Assert.Equal(HashOf(json), (record with { Token = "T:+ %." }).Hash());
    }

    [Fact]
    public void Every_member_counts_in_the_hash()
    {
        var record = s_chain[1];
        TillRecord[] others =
        [
            record with { Till = "t2" }, record with { Sequence = 3 }, record with { PreviousHash = TillRecord.Genesis }, record with { Code = "X" },
            record with { Amount = new(1) }, record with { Discount = new(1) }, record with { BusinessTime = s_at + Tick }, record with { Token = "T" }, record with { Order = "1" },
        ];
        Assert.Distinct([record.Hash(), .. others.Select(other => other.Hash())], StringComparer.Ordinal);
    }

    [Fact]
    public void A_first_batch_is_accepted_and_moves_the_head()
    {
        var batch = TillChain.Check(TillHead.Start("t1"), s_chain, Nothing);
        Assert.Equal(s_chain.Select(record => new TillVerdict.Accepted(record, record.Hash())), batch.Verdicts);
        Assert.Equal(Head(6), batch.Head);
    }

    [Fact]
    public void The_second_time_everything_is_replayed()
    {
        var batch = TillChain.Check(Head(6), s_chain, Known);
        Assert.Equal(s_chain.Select(record => new TillVerdict.Replayed(record)), batch.Verdicts);
        Assert.Equal(Head(6), batch.Head);
    }

    [Fact]
    public void A_batch_may_begin_with_what_is_known_already()
    {
        var batch = TillChain.Check(Head(3), s_chain[1..], Known);
        Assert.Equal("Replayed Replayed Accepted Accepted Accepted", Kinds(batch));
        Assert.Equal(Head(6), batch.Head);
    }

    [Fact]
    public void What_a_batch_says_twice_counts_once() =>
        Assert.Equal("Accepted Replayed Accepted Replayed", Kinds(TillChain.Check(Head(0), [s_chain[0], s_chain[0], s_chain[1], s_chain[0]], Nothing)));

    /// <summary>The lost record keeps all after it out until it comes.</summary>
    [Fact]
    public void A_missing_record_is_a_gap()
    {
        var batch = TillChain.Check(Head(1), [s_chain[1], s_chain[3], s_chain[4]], Known);
        Assert.Equal(
            [
                new TillVerdict.Accepted(s_chain[1], s_chain[1].Hash()),
                new TillVerdict.Refused(s_chain[3], new DeviceSequenceGap(3, 4)),
                new TillVerdict.Refused(s_chain[4], new DeviceSequenceGap(3, 5)),
            ],
            batch.Verdicts);
        Assert.Equal(Head(2), batch.Head);
        Assert.Equal("Accepted Accepted Accepted", Kinds(TillChain.Check(batch.Head, s_chain[2..5], Known)));
    }

    [Fact]
    public void A_changed_record_breaks_the_chain_where_the_next_one_names_it()
    {
        var changed = s_chain[2] with { Discount = new(1) };
        var batch = TillChain.Check(Head(2), [changed, s_chain[3]], Known);
        Assert.Equal([new TillVerdict.Accepted(changed, changed.Hash()), new TillVerdict.Refused(s_chain[3], new DeviceChainBroken(4))], batch.Verdicts);
    }

    [Fact]
    public void Another_record_under_a_number_that_is_taken_is_no_replay()
    {
        foreach (var sequence in new[] { 2, 3 })
        {
            var other = s_chain[sequence - 1] with { Code = "OTHER" };
            Assert.Equal([new TillVerdict.Refused(other, new DeviceChainBroken(sequence))], TillChain.Check(Head(3), [other], Known).Verdicts);
        }

        // Below what is still kept, the till's word counts.
        var old = s_chain[0] with { Code = "OTHER" };
        Assert.Equal([new TillVerdict.Replayed(old)], TillChain.Check(Head(3), [old], Nothing).Verdicts);
    }

    [Fact]
    public void Records_of_another_till_or_without_a_number_do_not_belong()
    {
        TillRecord[] strange = [s_chain[0] with { Till = "t2" }, s_chain[0] with { Sequence = 0 }, s_chain[0] with { Sequence = long.MinValue }, s_chain[0] with { Sequence = long.MaxValue }];
        Assert.Equal(
            [new DeviceChainBroken(1), new DeviceChainBroken(0), new DeviceChainBroken(long.MinValue), new DeviceSequenceGap(4, long.MaxValue)],
            TillChain.Check(Head(3), strange, Nothing).Verdicts.Cast<TillVerdict.Refused>().Select(verdict => verdict.Reason));
    }

    /// <summary>However a till cuts, repeats and reorders what it forwards, each record is accepted once and in order.</summary>
    [Fact]
    public void Any_forwarding_accepts_each_record_once() => Holds.For(Gen.Choose(0, 5).ListOf().ListOf(), batches =>
    {
        var head = Head(0);
        var accepted = new List<TillRecord>();
        foreach (var batch in batches.Append([0, 1, 2, 3, 4, 5]).Select(batch => batch.ToArray()))
        {
            var answer = TillChain.Check(head, batch.Select(i => s_chain[i]), Known);
            Assert.Equal(batch.Length, answer.Verdicts.Count);
            accepted.AddRange(answer.Verdicts.OfType<TillVerdict.Accepted>().Select(verdict => verdict.Record));
            head = answer.Head;
        }

        Assert.Equal(s_chain, accepted);
        Assert.Equal(Head(6), head);
    });

    private static IEnumerable<TillRecord> Chain(string till, int count)
    {
        var previous = TillRecord.Genesis;
        for (var sequence = 1; sequence <= count; sequence++)
        {
            var record = new TillRecord(till, sequence, previous, $"CODE{sequence}", new(100_00), new(20_00), s_at + Duration.FromMinutes(sequence), null);
            previous = record.Hash();
            yield return record;
        }
    }

    private static TillHead Head(int sequence) => sequence == 0 ? TillHead.Start("t1") : new("t1", sequence, s_chain[sequence - 1].Hash());

    private static string? Known(long sequence) => s_chain[sequence - 1].Hash();

    private static string? Nothing(long sequence) => null;

    private static string Kinds(TillBatch batch) => string.Join(' ', batch.Verdicts.Select(verdict => verdict.GetType().Name));

    private static string HashOf(string json) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(json)));
}
