using Xunit;

namespace Ledger.Tests;

/// <summary>
/// Given past facts, when a command arrives, then these facts follow or this refusal. Every accepted command is decided once more on
/// the state that it led to, where it must append nothing: callers repeat what they got no answer to.
/// </summary>
public sealed class Spec<TCommand, TState, TEvent>(
    Func<TCommand, TState, Decision<TEvent>> decide, Func<TState, TEvent, TState> evolve, TState initial)
    where TCommand : notnull
    where TEvent : notnull
{
    public Past Given(params IEnumerable<TEvent> past) => new(this, past.Aggregate(initial, evolve));

    /// <summary>What a command meets.</summary>
    public sealed class Past(Spec<TCommand, TState, TEvent> spec, TState state)
    {
        public TState State => state;

        public Answer When(TCommand command)
        {
            var decision = spec.Decide(command, state);
            return new(spec, command, state, decision);
        }
    }

    /// <summary>What came of it.</summary>
    public sealed class Answer(Spec<TCommand, TState, TEvent> spec, TCommand command, TState state, Decision<TEvent> decision)
    {
        public void Then(params IEnumerable<TEvent> expected)
        {
            if (decision is Decision<TEvent>.Rejected(var reason)) Assert.Fail($"{command}\nwas refused: {reason}\non {state}");
            Assert.Equal(expected, ((Decision<TEvent>.Accepted)decision).Events);
        }

        public void ThenNothing() => Then();

        public void ThenRefused(Rejection expected)
        {
            if (decision is Decision<TEvent>.Accepted(var facts)) Assert.Fail($"{command}\nwas accepted with {string.Join(", ", facts)}\non {state}");
            Assert.Equal(expected, ((Decision<TEvent>.Rejected)decision).Reason);
        }

        /// <summary>The state that the accepted command leads to.</summary>
        public Past AndThen() => new(spec, ((Decision<TEvent>.Accepted)decision).Events.Aggregate(state, spec.Evolve));
    }

    /// <summary>Decides, and where that is accepted decides again.</summary>
    private Decision<TEvent> Decide(TCommand command, TState state)
    {
        var decision = decide(command, state);
        if (decision is not Decision<TEvent>.Accepted { Events: var facts }) return decision;
        var again = decide(command, facts.Aggregate(state, evolve));
        Assert.True(again is Decision<TEvent>.Accepted { Events: [] }, $"{command}\nanswers {again}\nwhen it is repeated on what followed from it");
        return decision;
    }

    private TState Evolve(TState state, TEvent fact) => evolve(state, fact);
}
