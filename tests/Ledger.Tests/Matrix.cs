using System.Text;
using System.Text.Json;

namespace Ledger.Tests;

/// <summary>What a decider answers to every command in every state, as a table: one row a command and state.</summary>
internal static class Matrix
{
    /// <summary>
    /// The answers: stored names of the facts, <c>-</c> for nothing to do, the refusal's name in brackets. A combination without an
    /// answer, or a fact that the state cannot take, fails by its exception.
    /// </summary>
    public static string Of<TCommand, TState, TEvent>(
        Func<TCommand, TState, Decision<TEvent>> decide,
        Func<TState, TEvent, TState> evolve,
        IEnumerable<(string Name, TCommand Command)> commands,
        IEnumerable<(string Name, TState State)> states)
        where TEvent : notnull
    {
        var text = new StringBuilder();
        foreach (var (commandName, command) in commands)
        {
            text.Append(commandName).Append('\n');
            foreach (var (stateName, state) in states)
            {
                var answer = decide(command, state) switch
                {
                    Decision<TEvent>.Rejected(var reason) => $"[{reason.Slug}]",
                    Decision<TEvent>.Accepted { Events: [] } => "-",
                    Decision<TEvent>.Accepted(var facts) => string.Join(" + ", facts.Select(fact => JsonNamingPolicy.SnakeCaseLower.ConvertName(fact.GetType().Name))),
                    var other => throw new System.Diagnostics.UnreachableException($"{other}"),
                };
                if (decide(command, state) is Decision<TEvent>.Accepted accepted) _ = accepted.Events.Aggregate(state, evolve);
                text.Append("    ").Append(stateName.PadRight(24)).Append(answer).Append('\n');
            }
        }

        return text.ToString();
    }

    /// <summary>Whether the commands hold at least one of every kind that there is.</summary>
    public static IEnumerable<string> Missing<TCommand>(IEnumerable<TCommand> commands) =>
        typeof(TCommand).GetNestedTypes().Except(commands.Select(command => command!.GetType())).Select(type => type.Name);
}
