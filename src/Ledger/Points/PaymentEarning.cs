using System.Diagnostics;
using NodaTime;

namespace Ledger.Points;

/// <summary>By which programme a merchant's payments earn points.</summary>
/// <param name="Program">Payments earn under the terms that it has when they are looked at; null: they earn nothing.</param>
/// <param name="Funder">Who pays for the points.</param>
/// <param name="MinimumAmount">Of the payment.</param>
/// <param name="Ever">Every programme in which payments ever earned, in the order of their beginning: where a refund looks.</param>
public sealed record PaymentEarning(string? Program, string Funder, Money MinimumAmount, IReadOnlyList<string> Ever)
{
    public static PaymentEarning None { get; } = new(null, "", Money.Zero, []);

    public bool Equals(PaymentEarning? other) =>
        other is not null && (Program, Funder, MinimumAmount) == (other.Program, other.Funder, other.MinimumAmount) && Lists.Same(Ever, other.Ever);

    public override int GetHashCode() => HashCode.Combine(Program, Funder, MinimumAmount);
}

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record PaymentEarningEvent
{
    private PaymentEarningEvent() { }

    /// <summary>In the place of what was set before.</summary>
    public sealed record PaymentEarningSet(string Program, string Funder, Money MinimumAmount, Instant At) : PaymentEarningEvent;

    public sealed record PaymentEarningEnded(Instant At) : PaymentEarningEvent;
}

public abstract record PaymentEarningCommand
{
    private PaymentEarningCommand() { }

    public sealed record SetPaymentEarning(string Program, string Funder, Money MinimumAmount, Instant At) : PaymentEarningCommand;

    public sealed record EndPaymentEarning(Instant At) : PaymentEarningCommand;
}

public sealed record TooManyEarningPrograms(int Limit) : Rejection(
    RejectionKind.RuleViolated, "Payments earned in as many programmes as they ever may", "Publish new terms of a programme that payments earned in before.");

/// <summary>The one stream <c>payment-earning</c> of a merchant's book. The same command again changes nothing. Pure.</summary>
public static class PaymentEarningStream
{
    public static StreamType<PaymentEarning, PaymentEarningEvent> Type { get; } = new("payment_earning", Schema: 1, PaymentEarning.None, Evolve);

    public static Stream<PaymentEarning, PaymentEarningEvent> Stream { get; } = Type.At("payment-earning");

    /// <summary>Reads top to bottom: the first line that matches answers.</summary>
    public static Decision<PaymentEarningEvent> Decide(PaymentEarningCommand command, PaymentEarning state) => (command, state) switch
    {
        (PaymentEarningCommand.SetPaymentEarning c, var s) when (c.Program, c.Funder, c.MinimumAmount) == (s.Program, s.Funder, s.MinimumAmount) =>
            Decision<PaymentEarningEvent>.Unchanged,
        (PaymentEarningCommand.SetPaymentEarning c, { Ever.Count: >= Limits.MaxEarningPrograms } s) when !s.Ever.Contains(c.Program, StringComparer.Ordinal) =>
            new TooManyEarningPrograms(Limits.MaxEarningPrograms),
        (PaymentEarningCommand.SetPaymentEarning c, _) => new PaymentEarningEvent.PaymentEarningSet(c.Program, c.Funder, c.MinimumAmount, c.At),
        (PaymentEarningCommand.EndPaymentEarning, { Program: null }) => Decision<PaymentEarningEvent>.Unchanged,
        (PaymentEarningCommand.EndPaymentEarning c, _) => new PaymentEarningEvent.PaymentEarningEnded(c.At),
        _ => throw new UnreachableException($"{command} on {state}"),
    };

    /// <summary>Any command; the answer is what then holds.</summary>
    public static Operation Operation(Request request, PaymentEarningCommand command) => new(request, [Stream], [], book =>
        Verdict.Of(Stream, book.State(Stream), Decide(command, book.State(Stream)), (_, earning) => earning));

    /// <summary>Never refuses and never computes: what happened is already in the event.</summary>
    private static PaymentEarning Evolve(PaymentEarning state, PaymentEarningEvent fact) => fact switch
    {
        PaymentEarningEvent.PaymentEarningSet e => new(e.Program, e.Funder, e.MinimumAmount, [.. state.Ever.Append(e.Program).Distinct(StringComparer.Ordinal)]),
        PaymentEarningEvent.PaymentEarningEnded => state with { Program = null },
        _ => throw new UnreachableException($"{fact}"),
    };
}
