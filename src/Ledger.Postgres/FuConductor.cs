using Ledger.FuCards;
using Ledger.FuCards.Draws;
using NodaTime;

namespace Ledger.Postgres;

/// <summary>
/// Takes a campaign and its shards from step to step. Every step is an operation on one book that may be repeated, by this instance or another one: what
/// a crash left half-way goes on from where it was.
/// </summary>
public sealed class FuConductor(Func<Operation, CancellationToken, Task<Outcome>> submit, BookQueries books, FuQueries queries, IClock clock)
{
    private const string Actor = "fu-conductor";

    /// <summary>Does everything that can be done now.</summary>
    public async Task AdvanceAsync(string owner, string campaign, Instant now, CancellationToken cancellation)
    {
        var state = await books.StateAsync(owner, FuStreams.CampaignOf(campaign), cancellation);
        if (state.Rules is not { } rules || state.Status < FuCampaignStatus.Committed) return;
        var run = new Run(new(owner, campaign, 0, rules.Shards), rules, now, cancellation);
        switch (state.Status)
        {
            case FuCampaignStatus.Committed or FuCampaignStatus.Open:
                // While it is open there is nothing to do, and that is most of its time.
                var (isOver, isOpen) = (now >= rules.Timeline.Deadline, state.Status == FuCampaignStatus.Open);
                if (isOpen && !isOver) break;
                await ShardsAsync(run, FuShardStatus.None, _ => new FuShardCommand.OpenShard(campaign, rules, now));
                if (!isOpen && now >= rules.Timeline.OpensAt && (await StatusesAsync(run)).All(status => status != FuShardStatus.None))
                    await submit(FuOperations.Do(RequestFor(owner, now), new FuCampaignCommand.OpenFuCampaign(campaign, now)), cancellation);
                if (isOver) await SealAsync(run);
                break;
            case FuCampaignStatus.Revealed:
                await AllocateAsync(run, state);
                break;
            case FuCampaignStatus.Paying:
                await PayAsync(run, state);
                break;
        }
    }

    /// <summary>Shards close; when every escrow is back and nothing is on its way any more, they are sealed, and then the campaign.</summary>
    private async Task SealAsync(Run run)
    {
        var (campaign, now) = (run.First.Campaign, run.Now);
        await ShardsAsync(run, FuShardStatus.Open, _ => new FuShardCommand.CloseShard(campaign, now));
        if ((await StatusesAsync(run)).Any(status => status < FuShardStatus.Closing)) return;
        // Read in one moment, after the last shard closed: nothing leaves a hand any more, so what is at rest stays at rest.
        var cards = await queries.CardsAsync(run.First, run.Rules.Types, run.Cancellation);
        if (cards.Any(sums => sums.Escrowed != 0 || sums.OnTheirWay != 0)) return;

        var tickets = await TicketsAsync(run);
        await ShardsAsync(run, FuShardStatus.Closing, shard => new FuShardCommand.SealShard(campaign, tickets[shard], now));
        if ((await StatusesAsync(run)).Any(status => status < FuShardStatus.Sealed)) return;
        var (tree, grand) = (new MerkleTree(), 0L);
        foreach (var book in FuQueries.BooksOf(run.First))
        {
            await foreach (var (user, isGrand) in queries.TicketsAsync(book, run.Cancellation))
            {
                tree.Add(tree.Count + 1, user, isGrand);
                grand += isGrand ? 1 : 0;
            }
        }

        if (cards.SingleOrDefault(sums => sums.Type == run.Rules.Grand?.Card)?.Consumed is { } consumed && consumed != grand)
            throw new InvalidOperationException($"Campaign {campaign} has {grand} tickets in the grand draw, its tallies say {consumed}.");
        if (tree.Count != tickets.Sum()) throw new InvalidOperationException($"Campaign {campaign} has {tree.Count} tickets, its tallies say {tickets.Sum()}.");
        // The time at which the root is published, which many tickets make a later one: a round of the beacon that was out by then does not count.
        now = Instant.Max(now, Times.Cut(clock.GetCurrentInstant()));
        await submit(FuOperations.Do(RequestFor(run.First.Owner, now), new FuCampaignCommand.SealFuCampaign(
            campaign, tickets, Convert.ToHexStringLower(tree.Root()), now, run.Rules.Grand is null ? null : grand)), run.Cancellation);
    }

    private async Task AllocateAsync(Run run, FuCampaign state)
    {
        var (campaign, now) = (run.First.Campaign, run.Now);
        var key = PotKey.Of(Convert.FromHexString(state.Seed!), state.Beacon!);
        var (plan, amounts) = FuPot.Split(run.Rules.Pot, key, state.Tickets);
        if (run.Rules.Grand is { } rules) plan = plan with { Grand = await GrandAsync(run, rules, key) };
        if (await submit(FuOperations.Do(RequestFor(run.First.Owner, now), new FuCampaignCommand.AllocatePot(campaign, plan, amounts, now)), run.Cancellation) is Outcome.Rejected(var reason))
            throw new InvalidOperationException($"Campaign {campaign} cannot be allocated: {reason.Slug}.");
        await AdvanceAsync(run.First.Owner, campaign, now, run.Cancellation);
    }

    private async Task<GrandPlan> GrandAsync(Run run, GrandRules rules, byte[] key)
    {
        var (draw, ticket) = (new GrandDraw(key, rules), 0L);
        foreach (var book in FuQueries.BooksOf(run.First))
        {
            await foreach (var (_, isGrand) in queries.TicketsAsync(book, run.Cancellation))
            {
                ticket++;
                if (isGrand) draw.Add(ticket);
            }
        }

        return draw.Plan;
    }

    private async Task PayAsync(Run run, FuCampaign state)
    {
        var (campaign, now) = (run.First.Campaign, run.Now);
        var key = Convert.ToHexStringLower(PotKey.Of(Convert.FromHexString(state.Seed!), state.Beacon!));
        await ShardsAsync(run, FuShardStatus.Sealed, shard => new FuShardCommand.PayShard(campaign, state.Tickets.Take(shard).Sum(), key, state.Plan!, now));
        if (now < run.Rules.Timeline.ClaimsUntil) return;
        await ShardsAsync(run, FuShardStatus.Paying, _ => new FuShardCommand.EndShard(campaign, now));
        if ((await StatusesAsync(run)).Any(status => status < FuShardStatus.Ended)) return;
        var (claimed, amount) = (FuTallies.Claimed(campaign), FuTallies.ClaimedAmount(campaign));
        var sums = await queries.TalliesAsync(FuQueries.BooksOf(run.First), [claimed, amount], run.Cancellation);
        await submit(FuOperations.Do(RequestFor(run.First.Owner, now), new FuCampaignCommand.CloseFuCampaign(
            campaign, sums.Where(row => row.Key == claimed).Sum(row => row.Value), sums.Where(row => row.Key == amount).Sum(row => row.Value), now)), run.Cancellation);
    }

    /// <summary>Takes every shard a step further that stands before it.</summary>
    private async Task ShardsAsync(Run run, FuShardStatus from, Func<int, FuShardCommand> step)
    {
        var statuses = await StatusesAsync(run);
        await Task.WhenAll(statuses.Select((status, shard) => status == from
            ? submit(FuOperations.Do(RequestFor((run.First with { Shard = shard }).Id, run.Now), step(shard)), run.Cancellation) : Task.FromResult<Outcome>(null!)));
    }

    // Each step of a shard is one entry, so the stream's version is its status.
    private async Task<FuShardStatus[]> StatusesAsync(Run run)
    {
        var ids = FuQueries.BooksOf(run.First);
        var versions = await books.VersionsAsync(ids, FuStreams.ShardOf(run.First.Campaign), run.Cancellation);
        return [.. ids.Select(id => (FuShardStatus)versions.GetValueOrDefault(id))];
    }

    private async Task<long[]> TicketsAsync(Run run)
    {
        var ids = FuQueries.BooksOf(run.First);
        var tallies = (await queries.TalliesAsync(ids, [FuTallies.Tickets(run.First.Campaign)], run.Cancellation)).ToDictionary(row => row.Book, row => row.Value, StringComparer.Ordinal);
        return [.. ids.Select(id => tallies.GetValueOrDefault(id))];
    }

    /// <summary>Without a key: the streams themselves tell a second time from the first.</summary>
    private static Request RequestFor(string book, Instant now) => new(book, Key: null, ReadOnlyMemory<byte>.Empty, Actor, now);

    private sealed record Run(FuBook First, FuRules Rules, Instant Now, CancellationToken Cancellation);
}
