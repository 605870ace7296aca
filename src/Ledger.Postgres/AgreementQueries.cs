using Ledger.Agreements;
using NodaTime;
using Npgsql;

namespace Ledger.Postgres;

/// <summary>Plain reads of light memberships. Everything asks for one merchant's rows.</summary>
public sealed class AgreementQueries(NpgsqlDataSource database, BookQueries books)
{
    /// <summary>A plan with its current terms; null where the merchant has none of this id.</summary>
    public async Task<PlanView?> PlanAsync(string book, string id, CancellationToken cancellation)
    {
        var plan = await books.StateAsync(book, AgreementStreams.PlanOf(id), cancellation);
        return plan.Name is null ? null : PlanView.Of(id, plan, (await TermsAsync(book, id, plan.Version, cancellation))!);
    }

    public async Task<IReadOnlyList<PlanView>> PlansAsync(string book, string after, int limit, CancellationToken cancellation)
    {
        var ids = new List<string>();
        await using (var command = Command("query_light_plans.sql", book, after, limit))
        {
            await using var row = await command.ExecuteReaderAsync(cancellation);
            while (await row.ReadAsync(cancellation)) ids.Add(row.GetString(0));
        }

        var views = new List<PlanView>();
        foreach (var id in ids) views.Add((await PlanAsync(book, id, cancellation))!);
        return views;
    }

    /// <summary>One version of a plan's terms; null where there is none.</summary>
    public async Task<PlanTerms?> TermsAsync(string book, string id, int version, CancellationToken cancellation) =>
        (await books.StateAsync(book, AgreementStreams.TermsOf(id, version), cancellation)).Terms;

    public Task<Agreement> AgreementAsync(string book, string id, CancellationToken cancellation) => books.StateAsync(book, AgreementStreams.AgreementOf(id), cancellation);

    /// <summary>The light memberships of a person that are not settled, but for those of others that the person left, the latest last, with what quitting would cost.</summary>
    public async Task<IReadOnlyList<MembershipView>> OfMemberAsync(string book, string member, Instant now, CancellationToken cancellation)
    {
        var views = new List<MembershipView>();
        var spans = (await books.StateAsync(book, AgreementStreams.MemberOf(member), cancellation)).Spans;
        foreach (var span in spans.GroupBy(span => span.Agreement, StringComparer.Ordinal).Select(joined => joined.Last()))
        {
            var state = await AgreementAsync(book, span.Agreement, cancellation);
            var isLeft = !span.IsSigner && span.Until <= now && span.Until < state.Ends;
            if (isLeft || state.Status is AgreementStatus.Settled or AgreementStatus.Waived) continue;
            views.Add(new(
                span.Agreement, span.IsSigner, span.From, span.Until, state.Status, state.Accrued - state.Reversed, span.IsSigner ? QuitQuoteView.Of(span.Agreement, state, now) : null));
        }

        return views;
    }

    /// <summary>What may still be collected, and how old it is.</summary>
    public async Task<ExposureReport> ExposureAsync(string book, Instant now, CancellationToken cancellation)
    {
        var ages = new List<ExposureAge>();
        await using var command = Command("query_report_agreements.sql", book, now.ToDateTimeUtc());
        await using var row = await command.ExecuteReaderAsync(cancellation);
        while (await row.ReadAsync(cancellation)) ages.Add(new(row.GetString(0), row.GetInt64(1), new(row.GetInt64(2)), new(row.GetInt64(3))));
        ages.Sort((a, b) => Array.IndexOf(ExposureAge.Order, a.Age) - Array.IndexOf(ExposureAge.Order, b.Age));
        return new(ages.Sum(age => age.Agreements), Money.Sum(ages.Select(age => age.Exposure)), ages);
    }

    private NpgsqlCommand Command(string file, params object[] parameters)
    {
        var command = database.CreateCommand(SqlFile.Read(file));
        foreach (var parameter in parameters) command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        return command;
    }
}

/// <summary>What a merchant may still come to collect from open light memberships: while they run the least of fee, benefit and guarantee, later what is due.</summary>
public sealed record ExposureReport(long Agreements, Money Exposure, IReadOnlyList<ExposureAge> Ages);

/// <param name="Age">running; or days since the end: 0-30, 31-60, 61-90, over-90.</param>
/// <param name="Benefit">What was enjoyed in these.</param>
public sealed record ExposureAge(string Age, long Agreements, Money Exposure, Money Benefit)
{
    internal static string[] Order { get; } = ["running", "0-30", "31-60", "61-90", "over-90"];
}
