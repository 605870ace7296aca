using System.Text.Json;
using Ledger.Agreements;
using NodaTime;
using Npgsql;

namespace Ledger.Postgres.Audit;

/// <summary>One fact of a light membership, and where an amount due was reckoned, that reckoning as it stands and as it should.</summary>
/// <param name="Stored">Canonical JSON of the trace, byte for byte what the book holds; null: the fact reckons nothing.</param>
/// <param name="Recomputed">The same from the facts before it.</param>
public sealed record ExplainedFact(string Type, Instant At, AgreementStatus Status, Money? Due, string? Stored, string? Recomputed)
{
    public bool Agrees => Stored == Recomputed;
}

/// <summary>Why a light membership cost what it cost.</summary>
public static class AgreementExplanation
{
    /// <summary>Its facts in order; empty: the book has no such agreement.</summary>
    public static async Task<IReadOnlyList<ExplainedFact>> ReadAsync(NpgsqlDataSource source, string book, string agreement, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        var (types, facts, stored) = (new List<string>(), new List<AgreementEvent>(), new List<string?>());
        await using var command = source.CreateCommand(SqlFile.Read("query_stream_events.sql"));
        command.Parameters.Add(new() { Value = book });
        command.Parameters.Add(new() { Value = AgreementStreams.AgreementOf(agreement).Id });
        await using (var rows = await command.ExecuteReaderAsync(cancellation))
        {
            while (await rows.ReadAsync(cancellation))
            {
                var data = rows.GetFieldValue<byte[]>(1);
                types.Add(rows.GetString(0));
                facts.Add((AgreementEvent)Catalogue.Events[rows.GetString(0)].Read(data));
                using var json = JsonDocument.Parse(data);
                stored.Add(json.RootElement.TryGetProperty("trace", out var trace) ? Canonical(System.Text.Encoding.UTF8.GetBytes(trace.GetRawText())) : null);
            }
        }

        var explained = Explanation.Of(facts).ToDictionary(one => one.Fact);
        return [.. facts.Select((fact, i) => explained.TryGetValue(i, out var one)
            ? new ExplainedFact(types[i], fact.At, fact.Status, one.Recomputed.Due, stored[i], Canonical(JsonSerializer.SerializeToUtf8Bytes(one.Recomputed, LedgerJson.Options)))
            : new ExplainedFact(types[i], fact.At, fact.Status, null, stored[i], null))];
    }

    private static string Canonical(byte[] json) => System.Text.Encoding.UTF8.GetString(CanonicalJson.Of(json));
}
