using System.Diagnostics;
using Ledger.Coupons.Codes;
using NodaTime;

namespace Ledger.Coupons.Offline;

/// <summary>What a merchant's tills need to know to be offline.</summary>
/// <param name="Keys">Oldest first; the last one signs, and tokens of the others are still taken.</param>
public sealed record OfflineSettings(TillLimits Limits, IReadOnlyList<OfflineKey> Keys)
{
    public static OfflineSettings None { get; } = new(TillLimits.Default, []);

    /// <summary>Never refuses and never computes: what happened is already in the event.</summary>
    public static OfflineSettings Evolve(OfflineSettings state, OfflineSettingsEvent fact) => fact switch
    {
        OfflineSettingsEvent.OfflineKeyAdded e => state with { Keys = [.. state.Keys, new(e.Number, e.KeyId, e.Pem, e.At)] },
        OfflineSettingsEvent.OfflineLimitsChanged e => state with { Limits = e.Limits },
        _ => throw new UnreachableException($"{fact}"),
    };

    public OfflineKeyRing Ring() => new(Keys.Select(key => OfflinePublicKey.FromPem(key.Pem)));

    public bool Equals(OfflineSettings? other) => other is not null && Limits == other.Limits && Lists.Same(Keys, other.Keys);

    public override int GetHashCode() => HashCode.Combine(Limits, Keys.Count);
}

/// <summary>A public key; its private part is a secret of the merchant, outside the book.</summary>
/// <param name="Number">1, 2, 3 ...: it names the secret.</param>
/// <param name="Pem">SubjectPublicKeyInfo.</param>
public sealed record OfflineKey(int Number, string KeyId, string Pem, Instant MadeAt);

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record OfflineSettingsEvent
{
    private OfflineSettingsEvent() { }

    /// <summary>From now on this key signs.</summary>
    public sealed record OfflineKeyAdded(int Number, string KeyId, string Pem, Instant At) : OfflineSettingsEvent;

    /// <summary>For each till from its next synchronisation on.</summary>
    public sealed record OfflineLimitsChanged(TillLimits Limits) : OfflineSettingsEvent;
}

/// <summary>The one stream <c>offline</c> of every book.</summary>
public static class OfflineSettingsStream
{
    public static StreamType<OfflineSettings, OfflineSettingsEvent> Type { get; } = new("offline", Schema: 1, OfflineSettings.None, OfflineSettings.Evolve);

    public static Stream<OfflineSettings, OfflineSettingsEvent> Stream { get; } = Type.At("offline");

    /// <summary>Makes the key of that number the one that signs; a number that is there already changes nothing.</summary>
    public static Operation AddKey(Request request, int number, OfflinePublicKey key)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(key);
        return On(request, settings => settings.Keys.Count switch
        {
            var count when number <= count => Decision<OfflineSettingsEvent>.Unchanged,
            >= Ledger.Limits.MaxOfflineKeys => new TooManyOfflineKeys(Ledger.Limits.MaxOfflineKeys),
            _ => new OfflineSettingsEvent.OfflineKeyAdded(number, key.Id, key.ToPem(), request.Now),
        });
    }

    public static Operation ChangeLimits(Request request, TillLimits limits) => On(request, settings =>
        settings.Limits == limits ? Decision<OfflineSettingsEvent>.Unchanged : new OfflineSettingsEvent.OfflineLimitsChanged(limits));

    private static Operation On(Request request, Func<OfflineSettings, Decision<OfflineSettingsEvent>> decide) => new(request, [Stream], [], book =>
    {
        var state = book.State(Stream);
        return Verdict.Of(Stream, state, decide(state), (_, settings) => OfflineSettingsView.Of(settings));
    });
}

/// <summary>A merchant's settings as the API shows them.</summary>
/// <param name="Keys">Oldest first; the last one signs.</param>
public sealed record OfflineSettingsView(TillLimits Limits, IReadOnlyList<OfflineKeyView> Keys)
{
    public static OfflineSettingsView Of(OfflineSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return new(settings.Limits, [.. settings.Keys.Select(key => new OfflineKeyView(key.KeyId, key.MadeAt))]);
    }
}

public sealed record OfflineKeyView(string KeyId, Instant MadeAt);

public sealed record TooManyOfflineKeys(int Limit) : Rejection(
    RejectionKind.RuleViolated, "The merchant has made as many signing keys as a book holds", "Go on with the key that signs now.");
