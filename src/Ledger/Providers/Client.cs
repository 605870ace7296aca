using System.Diagnostics;
using NodaTime;

namespace Ledger.Providers;

/// <summary>A merchant as the provider's book knows it: it follows the merchant's own.</summary>
/// <param name="Since">Since when it is so.</param>
/// <param name="Entry">The entry of the merchant's book that says so; 0: none yet.</param>
public sealed record Client(bool IsServed, Instant Since, long Entry)
{
    public static Client None { get; } = new(false, default, 0);
}

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record ClientEvent
{
    private ClientEvent() { }

    /// <param name="Entry">Of the merchant's book.</param>
    public sealed record MerchantGained(string Merchant, long Entry, Instant At) : ClientEvent;

    public sealed record MerchantLost(string Merchant, long Entry, Instant At) : ClientEvent;
}

public abstract record ClientCommand
{
    private ClientCommand() { }

    public sealed record NoteService(string Merchant, bool IsServed, long Entry, Instant At) : ClientCommand;
}

/// <summary>Takes what is newer than what is known: news may overtake each other on their way between two books. Pure.</summary>
public static class ClientDecider
{
    public static Decision<ClientEvent> Decide(ClientCommand command, Client state) => (command, state) switch
    {
        (ClientCommand.NoteService c, var s) when c.Entry <= s.Entry => Decision<ClientEvent>.Unchanged,
        (ClientCommand.NoteService { IsServed: true } c, _) => new ClientEvent.MerchantGained(c.Merchant, c.Entry, c.At),
        (ClientCommand.NoteService c, _) => new ClientEvent.MerchantLost(c.Merchant, c.Entry, c.At),
        _ => throw new UnreachableException($"{command} on {state}"),
    };

    /// <summary>Never refuses and never computes: what happened is already in the event.</summary>
    public static Client Evolve(Client state, ClientEvent fact) => fact switch
    {
        ClientEvent.MerchantGained e => new(true, e.At, e.Entry),
        ClientEvent.MerchantLost e => new(false, e.At, e.Entry),
        _ => throw new UnreachableException($"{fact}"),
    };
}

/// <summary>Streams of a provider's book: <c>client-{merchant}</c>.</summary>
public static class ClientStream
{
    public static StreamType<Client, ClientEvent> Type { get; } = new("client", Schema: 1, Client.None, ClientDecider.Evolve);

    public static Stream<Client, ClientEvent> Of(string merchant) => Type.At($"client-{merchant}");

    /// <summary>Writes down in the provider's book what the merchant's says.</summary>
    public static Operation Note(Request request, string merchant, bool isServed, long entry, Instant at)
    {
        var stream = Of(merchant);
        return new(request, [stream], [], book =>
        {
            var state = book.State(stream);
            return Verdict.Of(stream, state, ClientDecider.Decide(new ClientCommand.NoteService(merchant, isServed, entry, at), state), (_, after) => after);
        });
    }
}

/// <summary>A merchant that a provider may act for.</summary>
public sealed record ClientView(string Merchant, Instant Since);
