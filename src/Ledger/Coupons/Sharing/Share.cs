using System.Diagnostics;
using NodaTime;

namespace Ledger.Coupons.Sharing;

/// <summary>A link to a campaign that someone shared.</summary>
/// <param name="Campaign">Empty while there is none.</param>
/// <param name="Surface">Where it was shared; null: not said.</param>
public sealed record Share(string Campaign, Sharer Sharer, Surface? Surface, Instant At)
{
    public static Share None { get; } = new("", new(SharerKind.Member, ""), null, default);
}

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record ShareEvent
{
    private ShareEvent() { }

    /// <param name="Number">The caller's own number of the share.</param>
    public sealed record CampaignShared(string Number, string Campaign, Sharer Sharer, Surface? Surface, Instant At) : ShareEvent;
}

public abstract record ShareCommand
{
    private ShareCommand() { }

    /// <param name="Shared">What the sharer shared in this hour already.</param>
    public sealed record ShareCampaign(SharingRules Rules, long Shared, string Number, string Campaign, Sharer Sharer, Surface? Surface, Instant At) : ShareCommand;
}

public sealed record ShareDiffers(string Share, Instant At) : Rejection(
    RejectionKind.Conflict, "Another share is booked under this number", "Read the first with GET /v1/shares/{share}; give this one a number of its own.");

public sealed record ShareUnknown(string Share) : Rejection(
    RejectionKind.NotFound, "There is no share under this number", "Book it first: POST /v1/shares.");

/// <summary>Streams of shares: <c>share-{number}</c>. Pure.</summary>
public static class ShareStream
{
    public static StreamType<Share, ShareEvent> Type { get; } = new("share", Schema: 1, Share.None, Evolve, TalliesOf);

    public static Stream<Share, ShareEvent> Of(string number) => Type.At($"share-{number}");

    /// <summary>Reads top to bottom: the first line that matches answers.</summary>
    public static Decision<ShareEvent> Decide(ShareCommand command, Share state) => (command, state) switch
    {
        (ShareCommand.ShareCampaign c, { Campaign: not "" } s) when (s.Campaign, s.Sharer, s.Surface) == (c.Campaign, c.Sharer, c.Surface) => Decision<ShareEvent>.Unchanged,
        (ShareCommand.ShareCampaign c, { Campaign: not "" } s) => new ShareDiffers(c.Number, s.At),
        (ShareCommand.ShareCampaign c, _) when c.Rules.Refusal(c.Sharer, c.Campaign, c.Shared, c.At) is { } reason => reason,
        (ShareCommand.ShareCampaign c, _) => new ShareEvent.CampaignShared(c.Number, c.Campaign, c.Sharer, c.Surface, c.At),
        _ => throw new UnreachableException($"{command} on {state}"),
    };

    /// <summary>Never refuses and never computes: what happened is already in the event.</summary>
    public static Share Evolve(Share state, ShareEvent fact) => fact switch
    {
        ShareEvent.CampaignShared e => new(e.Campaign, e.Sharer, e.Surface, e.At),
        _ => throw new UnreachableException($"{fact}"),
    };

    /// <summary>Shares by sharer and hour; gifts that are shares count in the same (<see cref="CouponTallies"/>).</summary>
    public static IReadOnlyList<TallyChange> TalliesOf(ShareEvent fact) => fact switch
    {
        ShareEvent.CampaignShared e => [new(e.Sharer.Tally(e.At), 1)],
        _ => throw new UnreachableException($"{fact}"),
    };

    /// <summary>Books a share of a campaign; the same again, under whatever key, answers the same.</summary>
    public static Operation Book(Request request, string number, string campaign, Sharer sharer, Surface? surface)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(sharer);
        var (stream, shared, tally) = (Of(number), CampaignStreams.Of(campaign), sharer.Tally(request.Now));
        return new(request, [stream, shared, SharingRulesStream.Stream], [tally], book =>
        {
            if (book.State(shared).Status == CampaignStatus.None) return new CampaignUnknown(campaign);
            var command = new ShareCommand.ShareCampaign(book.State(SharingRulesStream.Stream), book.Tally(tally), number, campaign, sharer, surface, request.Now);
            return Verdict.Of(stream, book.State(stream), Decide(command, book.State(stream)), (_, share) => ShareView.Of(number, share));
        });
    }
}

/// <summary>A share as the API shows it.</summary>
public sealed record ShareView(string Share, string Campaign, Sharer Sharer, Surface? Surface, Instant At)
{
    public static ShareView Of(string number, Share share)
    {
        ArgumentNullException.ThrowIfNull(share);
        return new(number, share.Campaign, share.Sharer, share.Surface, share.At);
    }
}
