using System.Buffers;
using System.IO.Pipelines;
using Ledger.FuCards;
using Ledger.FuCards.Draws;

namespace Ledger.Postgres;

/// <summary>Writes the public proof of a campaign whose pot is allocated, in memory that does not grow with it: draws are read twice, as the header has their hash.</summary>
public sealed class FuProof(FuQueries queries)
{
    private const int FlushBytes = 1 << 16;

    /// <param name="campaign">Paying or closed: no hand changes any more.</param>
    public async Task WriteAsync(FuBook first, FuCampaign campaign, PipeWriter to, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(campaign);
        ArgumentNullException.ThrowIfNull(to);
        var (plan, seed, beacon) = (campaign.Plan!, campaign.Seed!, campaign.Beacon!);
        using var lines = new ProofWriter();
        using var hash = new DrawsHash();
        await foreach (var draw in queries.DrawsAsync(first, cancellation)) hash.Add(lines.Draw(draw));
        to.Write(lines.Header(new(
            campaign.Rules!.Commit(first.Campaign, campaign.SeedHash!), campaign.Digest!, seed, beacon, new(plan.Tickets, campaign.Root!, hash.Count, hash.Value()), plan.Whole(),
            plan.Grand)));
        await foreach (var draw in queries.DrawsAsync(first, cancellation))
        {
            to.Write(lines.Draw(draw));
            if (to.UnflushedBytes > FlushBytes) await to.FlushAsync(cancellation);
        }

        var (key, prizes, ticket) = (PotKey.Of(Convert.FromHexString(seed), beacon), new PotAmounts(plan.Pot, plan.Whole()), 0L);
        var grand = plan.Grand is null ? null : new GrandAmounts(campaign.Rules.Grand!, plan.Grand);
        foreach (var shard in FuQueries.BooksOf(first))
        {
            await foreach (var (user, isGrand) in queries.TicketsAsync(shard, cancellation))
            {
                ticket++;
                to.Write(lines.Ticket(new(ticket, user, prizes.Of(ticket, TicketWeights.Of(plan.Pot.Weight, key, ticket)), isGrand ? grand?.Of(key, ticket) : null)));
                if (to.UnflushedBytes > FlushBytes) await to.FlushAsync(cancellation);
            }
        }

        await to.FlushAsync(cancellation);
    }
}
