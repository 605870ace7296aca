using System.Diagnostics;
using NodaTime;

namespace Ledger.FuCards;

/// <summary>
/// Who has something that only so many users of a campaign may have: a natural person, a device. It stands in the shard of its
/// own key, so that users of different shards meet there; claiming it comes before the step in the hand's shard, and may be repeated by the same user.
/// </summary>
public sealed record FuClaim(IReadOnlyList<string> Users)
{
    public static FuClaim None { get; } = new([]);

    public bool Equals(FuClaim? other) => other is not null && Lists.Same(Users, other.Users);

    public override int GetHashCode() => Users.Count;
}

public enum FuClaimKind
{
    Person,
    Device,
}

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record FuClaimEvent
{
    private FuClaimEvent() { }

    public sealed record FuKeyClaimed(string Campaign, FuClaimKind Kind, string User, Instant At) : FuClaimEvent;
}

/// <param name="Limit">Users that may have it.</param>
/// <param name="Refusal">What the next one is told.</param>
public sealed record ClaimFuKey(string Campaign, FuClaimKind Kind, string User, int Limit, Rejection Refusal, Instant Now);

/// <summary>First come, first served; who has it already has it. Pure.</summary>
public static class FuClaimDecider
{
    public static Decision<FuClaimEvent> Decide(ClaimFuKey command, FuClaim state)
    {
        ArgumentNullException.ThrowIfNull(command);
        ArgumentNullException.ThrowIfNull(state);
        if (state.Users.Contains(command.User, StringComparer.Ordinal)) return Decision<FuClaimEvent>.Unchanged;
        return state.Users.Count >= command.Limit ? command.Refusal : new FuClaimEvent.FuKeyClaimed(command.Campaign, command.Kind, command.User, command.Now);
    }

    /// <summary>Never refuses and never computes: what happened is already in the event.</summary>
    public static FuClaim Evolve(FuClaim state, FuClaimEvent fact) => fact switch
    {
        FuClaimEvent.FuKeyClaimed e => new([.. state.Users, e.User]),
        _ => throw new UnreachableException($"{fact}"),
    };
}
