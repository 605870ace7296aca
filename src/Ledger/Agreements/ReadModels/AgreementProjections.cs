using NodaTime;

namespace Ledger.Agreements.ReadModels;

/// <summary>A row of <c>agreements</c>; amounts in minor units.</summary>
public sealed record AgreementRow(
    string Book, string Agreement, string Member, string Plan, string Status, long Fee, long Guarantee, Instant? EndsAt, long Benefit, long Due, long Collected, long Refunded);

/// <summary>The read model of light memberships by another road than its SQL: what the agreement is after its facts. Holds one state an agreement.</summary>
public sealed class AgreementProjections(string book)
{
    private readonly Dictionary<string, Agreement> agreements = new(StringComparer.Ordinal);
    private readonly HashSet<(string Stream, Instant DueAt)> timers = [];

    public IEnumerable<AgreementRow> Rows => agreements.Select(pair => RowOf(pair.Key["agreement-".Length..], pair.Value));

    /// <summary>The streams that are to be asked, and when.</summary>
    public IEnumerable<(string Stream, Instant DueAt)> Timers => timers;

    /// <summary>Takes the book's next entry; entries of other slices change nothing.</summary>
    public void Apply(string stream, object fact)
    {
        if (fact is not AgreementEvent happened) return;
        var state = agreements[stream] = AgreementEvolution.Evolve(agreements.GetValueOrDefault(stream, Agreement.None), happened);
        if (state.DueAt is { } due) timers.Add((stream, due));
    }

    private AgreementRow RowOf(string id, Agreement state)
    {
        var (offer, isSigned) = (state.Offer!, state.Signature is not null);
        return new(
            book, id, offer.Member, offer.Plan, state.Status.ToString(), isSigned ? offer.Terms.Settlement.Ceiling(offer.Terms.Guarantee).Minor : 0,
            isSigned ? offer.Terms.Guarantee.Minor : 0, state.Ends, (state.Accrued - state.Reversed).Minor, state.Settlements.Sum(one => one.Due.Minor),
            state.Settlements.Sum(one => one.Collected.Minor), state.Settlements.Sum(one => one.Refunded.Minor));
    }
}
