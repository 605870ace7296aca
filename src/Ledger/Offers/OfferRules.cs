using System.Diagnostics;
using NodaTime;

namespace Ledger.Offers;

/// <summary>Which payments bring which coupon: a merchant's rule for the page that says a payment succeeded.</summary>
/// <param name="MinimumAmount">Of the payment.</param>
/// <param name="Portals">Where the payment began; null: anywhere, said or not.</param>
/// <param name="PerMember">Coupons of this rule that one member gets, ever; null: no limit but the campaign's.</param>
public sealed record OfferRule(string Id, string Campaign, Money MinimumAmount, IReadOnlyList<Portal>? Portals = null, int? PerMember = null)
{
    public bool IsFor(Money amount, Portal? portal) => amount >= MinimumAmount && (Portals is null || (portal is { } at && Portals.Contains(at)));

    public bool Equals(OfferRule? other) =>
        other is not null && (Id, Campaign, MinimumAmount, PerMember) == (other.Id, other.Campaign, other.MinimumAmount, other.PerMember) && Lists.Same(Portals, other.Portals);

    public override int GetHashCode() => HashCode.Combine(Id, Campaign, MinimumAmount);
}

/// <summary>The rules in force, in the order in which they were first set.</summary>
public sealed record OfferRules(IReadOnlyList<OfferRule> Rules)
{
    public static OfferRules None { get; } = new([]);

    public bool Equals(OfferRules? other) => other is not null && Lists.Same(Rules, other.Rules);

    public override int GetHashCode() => Rules.Count;
}

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record OfferRulesEvent
{
    private OfferRulesEvent() { }

    /// <summary>In the place of the one with the same id, if there is one.</summary>
    public sealed record OfferRuleSet(OfferRule Rule, Instant At) : OfferRulesEvent;

    public sealed record OfferRuleEnded(string Rule, Instant At) : OfferRulesEvent;
}

public abstract record OfferRulesCommand
{
    private OfferRulesCommand() { }

    public sealed record SetOfferRule(OfferRule Rule, Instant At) : OfferRulesCommand;

    public sealed record EndOfferRule(string Rule, Instant At) : OfferRulesCommand;
}

public sealed record TooManyOfferRules(int Limit) : Rejection(
    RejectionKind.RuleViolated, "As many offer rules as a merchant may have are in force", "End one that is no longer needed: POST /v1/offer-rules/{id}/end.");

/// <summary>Sets and ends rules. The same command again changes nothing. Pure.</summary>
public static class OfferRulesDecider
{
    public static Decision<OfferRulesEvent> Decide(OfferRulesCommand command, OfferRules state) => (command, state) switch
    {
        (OfferRulesCommand.SetOfferRule c, var s) when s.Rules.Contains(c.Rule) => Decision<OfferRulesEvent>.Unchanged,
        (OfferRulesCommand.SetOfferRule c, { Rules.Count: >= Limits.MaxOfferRules } s) when s.Rules.All(rule => rule.Id != c.Rule.Id) => new TooManyOfferRules(Limits.MaxOfferRules),
        (OfferRulesCommand.SetOfferRule c, _) => new OfferRulesEvent.OfferRuleSet(c.Rule, c.At),
        (OfferRulesCommand.EndOfferRule c, var s) when s.Rules.All(rule => rule.Id != c.Rule) => Decision<OfferRulesEvent>.Unchanged,
        (OfferRulesCommand.EndOfferRule c, _) => new OfferRulesEvent.OfferRuleEnded(c.Rule, c.At),
        _ => throw new UnreachableException($"{command} on {state}"),
    };

    /// <summary>Never refuses and never computes: what happened is already in the event.</summary>
    public static OfferRules Evolve(OfferRules state, OfferRulesEvent fact) => fact switch
    {
        OfferRulesEvent.OfferRuleSet e when state.Rules.Any(rule => rule.Id == e.Rule.Id) => new([.. state.Rules.Select(rule => rule.Id == e.Rule.Id ? e.Rule : rule)]),
        OfferRulesEvent.OfferRuleSet e => new([.. state.Rules, e.Rule]),
        OfferRulesEvent.OfferRuleEnded e => new([.. state.Rules.Where(rule => rule.Id != e.Rule)]),
        _ => throw new UnreachableException($"{fact}"),
    };
}

/// <summary>The one stream <c>offer-rules</c> of a merchant's book.</summary>
public static class OfferRulesStream
{
    public static StreamType<OfferRules, OfferRulesEvent> Type { get; } = new("offer_rules", Schema: 1, OfferRules.None, OfferRulesDecider.Evolve);

    public static Stream<OfferRules, OfferRulesEvent> Stream { get; } = Type.At("offer-rules");

    /// <summary>Any command of rules; the answer is the rules that are then in force.</summary>
    public static Operation Operation(Request request, OfferRulesCommand command) => new(request, [Stream], [], book =>
        Verdict.Of(Stream, book.State(Stream), OfferRulesDecider.Decide(command, book.State(Stream)), (_, rules) => rules));
}
