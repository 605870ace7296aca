using System.Diagnostics;
using NodaTime;

namespace Ledger.Providers;

/// <summary>
/// A service provider: acts for merchants that authorise it. It has a book of its own, which knows who these merchants are; whether it may act
/// stands in the merchant's book alone.
/// </summary>
/// <param name="Name">A trade name; null while there is no provider.</param>
public sealed record Provider(string? Name)
{
    public static Provider None { get; } = new((string?)null);
}

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record ProviderEvent
{
    private ProviderEvent() { }

    public sealed record ProviderRegistered(string Name, Instant At) : ProviderEvent;
}

public abstract record ProviderCommand
{
    private ProviderCommand() { }

    public sealed record RegisterProvider(string Name, Instant At) : ProviderCommand;
}

public sealed record ProviderAlreadyRegistered(string Name) : Rejection(
    RejectionKind.Conflict, "A provider of this id is already registered under another name", "Choose another id, or use the provider as it is.");

public sealed record ProviderUnknown(string Provider) : Rejection(
    RejectionKind.NotFound, "There is no provider of this id", "Let the platform register it first: POST /v1/providers.");

/// <summary>A provider registers once. Pure.</summary>
public static class ProviderDecider
{
    public static Decision<ProviderEvent> Decide(ProviderCommand command, Provider state) => (command, state) switch
    {
        (ProviderCommand.RegisterProvider c, { Name: null }) => new ProviderEvent.ProviderRegistered(c.Name, c.At),
        (ProviderCommand.RegisterProvider c, { Name: { } name }) when name == c.Name => Decision<ProviderEvent>.Unchanged,
        (ProviderCommand.RegisterProvider, { Name: { } name }) => new ProviderAlreadyRegistered(name),
        _ => throw new UnreachableException($"{command} on {state}"),
    };

    /// <summary>Never refuses and never computes: what happened is already in the event.</summary>
    public static Provider Evolve(Provider state, ProviderEvent fact) => fact switch
    {
        ProviderEvent.ProviderRegistered e => new(e.Name),
        _ => throw new UnreachableException($"{fact}"),
    };
}

/// <summary>The one stream <c>provider</c> of a provider's book.</summary>
public static class ProviderStream
{
    public static StreamType<Provider, ProviderEvent> Type { get; } = new("provider", Schema: 1, Provider.None, ProviderDecider.Evolve);

    public static Stream<Provider, ProviderEvent> Stream { get; } = Type.At("provider");

    public static Operation Register(Request request, string name)
    {
        ArgumentNullException.ThrowIfNull(request);
        return new(request, [Stream], [], book =>
        {
            var state = book.State(Stream);
            var decision = ProviderDecider.Decide(new ProviderCommand.RegisterProvider(name, request.Now), state);
            return Verdict.Of(Stream, state, decision, (_, provider) => new ProviderView(request.Book, provider.Name!));
        });
    }
}

/// <summary>A provider as the API shows it.</summary>
public sealed record ProviderView(string Id, string Name);
