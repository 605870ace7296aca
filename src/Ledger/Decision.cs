using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ledger;

/// <summary>What a decider answers: the facts to append, or the one business reason to refuse.</summary>
public abstract record Decision<TEvent>
{
    private Decision() { }

    public sealed record Accepted(IReadOnlyList<TEvent> Events) : Decision<TEvent>;

    public sealed record Rejected(Rejection Reason) : Decision<TEvent>;

    /// <summary>The command was already carried out: accepted again, nothing new to append.</summary>
    public static Decision<TEvent> Unchanged { get; } = new Accepted([]);

    public static implicit operator Decision<TEvent>(TEvent fact) => new Accepted([fact]);
    public static implicit operator Decision<TEvent>(TEvent[] facts) => new Accepted(facts);
    public static implicit operator Decision<TEvent>(Rejection reason) => new Rejected(reason);
}

/// <summary>A business reason to refuse a command. Expected, typed, and never thrown; its own members are the facts.</summary>
/// <param name="Kind">Decides the HTTP status and nothing else.</param>
/// <param name="Title">States the fact in one sentence, the same for every occurrence.</param>
/// <param name="Next">Says what the caller does next.</param>
public abstract record Rejection(
    [property: JsonIgnore] RejectionKind Kind, [property: JsonIgnore] string Title, [property: JsonIgnore] string Next)
{
    /// <summary>The name over HTTP: <c>AlreadyUsed</c> is <c>already-used</c>.</summary>
    [JsonIgnore]
    public string Slug => SlugOf(GetType());

    /// <summary>The code that it concerns, where several coupons were presented.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Presented { get; init; }

    /// <summary>The same, naming the code where it is one of several.</summary>
    internal Rejection Of(string code, int presented) => presented > 1 ? this with { Presented = code } : this;

    public static string SlugOf(Type rejection)
    {
        ArgumentNullException.ThrowIfNull(rejection);
        return JsonNamingPolicy.KebabCaseLower.ConvertName(rejection.Name);
    }
}

/// <summary>404 (nothing of that name here), 409 (the state forbids it), 422 (a rule forbids it) and 423 (someone else has it for now).</summary>
public enum RejectionKind
{
    NotFound,
    Conflict,
    RuleViolated,
    Locked,

    /// <summary>403: the caller may not, and learns nothing else.</summary>
    Forbidden,

    /// <summary>400: what was sent cannot be meant so.</summary>
    Malformed,
}
