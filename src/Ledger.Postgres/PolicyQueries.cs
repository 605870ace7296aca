using Ledger.Offers;
using Ledger.Policies;
using Ledger.Postgres.Readers;
using Ledger.Providers;
using NodaTime;
using Npgsql;

namespace Ledger.Postgres;

/// <summary>Plain reads about policies and what follows from what: no lock, no scribe.</summary>
public sealed class PolicyQueries(NpgsqlDataSource database, BookQueries queries)
{
    /// <summary>What the payment of this trade number brought.</summary>
    public async Task<PaymentOffersView> OffersAsync(string book, string trade, CancellationToken cancellation)
    {
        // The policy writes before it moves on: in this order nothing that is ready can look empty.
        await using var command = Command("query_policy_passed.sql", book, PaymentOffersPolicy.Offer.Reader, $"payment-{trade}", PaymentOffersPolicy.Offer.Name);
        var isPast = await command.ExecuteScalarAsync(cancellation) is true;
        var offers = await queries.StateAsync(book, PaymentOffersStream.Of(trade), cancellation);
        return new(trade, isPast || offers.Trade.Length > 0 ? "ready" : "pending", offers.Offers, offers.Returned);
    }

    /// <summary>Entries of one chain after a cursor.</summary>
    public async Task<IReadOnlyList<ChainEntry>> ChainAsync(string book, string correlation, long after, int limit, CancellationToken cancellation)
    {
        var entries = new List<ChainEntry>();
        await using var command = Command("query_chain.sql", book, correlation, after, limit);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        while (await row.ReadAsync(cancellation)) entries.Add(new(BookQueries.Entry(row), row.IsDBNull(11) ? null : row.GetInt64(11)));
        return entries;
    }

    /// <summary>The merchants that a provider serves, after one.</summary>
    public async Task<IReadOnlyList<ClientView>> ClientsAsync(string provider, string after, int limit, CancellationToken cancellation)
    {
        var clients = new List<ClientView>();
        await using var command = Command("query_clients.sql", provider, after, limit);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        while (await row.ReadAsync(cancellation)) clients.Add(new(row.GetString(0), Instant.FromDateTimeUtc(row.GetDateTime(1))));
        return clients;
    }

    /// <summary>What policies could not do for a merchant.</summary>
    public async Task<IReadOnlyList<PolicyOutcome>> OutcomesAsync(string book, (long Entry, string Policy) after, int limit, CancellationToken cancellation)
    {
        var outcomes = new List<PolicyOutcome>();
        await using var command = Command("query_policy_outcomes.sql", book, after.Entry, after.Policy, limit);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        while (await row.ReadAsync(cancellation))
        {
            outcomes.Add(new(
                row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetInt32(4), Instant.FromDateTimeUtc(row.GetDateTime(5)),
                row.IsDBNull(6) ? null : Instant.FromDateTimeUtc(row.GetDateTime(6))));
        }

        return outcomes;
    }

    /// <summary>How every policy stands, over all books.</summary>
    public async Task<IReadOnlyList<PolicyStatus>> StatusAsync(Instant now, CancellationToken cancellation)
    {
        var readers = await ReaderStatus.ReadAsync(database, [.. Policy.All.Select(policy => policy.Reader)], now, cancellation);
        var counts = new Dictionary<string, (long Refused, long Failing)>(StringComparer.Ordinal);
        await using var command = Command("policy_status.sql");
        await using var row = await command.ExecuteReaderAsync(cancellation);
        while (await row.ReadAsync(cancellation)) counts.Add(row.GetString(0), (row.GetInt64(1), row.GetInt64(2)));
        return [.. Policy.All.Select(policy =>
        {
            var (reader, (refused, failing)) = (readers.Single(status => status.Reader == policy.Reader), counts.GetValueOrDefault(policy.Name));
            return new PolicyStatus(policy.Name, reader.BooksBehind, reader.EntriesBehind, reader.LagSeconds, refused, failing);
        })];
    }

    private NpgsqlCommand Command(string file, params ReadOnlySpan<object> values)
    {
        var command = database.CreateCommand(SqlFile.Read(file));
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return command;
    }
}

/// <summary>An entry of a chain.</summary>
/// <param name="Follows">The entry that a policy followed when it wrote this one; null: a request wrote it, which its causation names.</param>
public sealed record ChainEntry(EntryView Entry, long? Follows);

/// <summary>What a policy could not do at an entry.</summary>
/// <param name="Status"><c>refused</c>: it stays so; <c>failing</c>: it is tried again.</param>
/// <param name="Reason">The refusal's name, or what failed.</param>
public sealed record PolicyOutcome(long Entry, string Policy, string Status, string Reason, int Attempts, Instant TriedAt, Instant? NextAt);

/// <summary>How a policy stands.</summary>
/// <param name="LagSeconds">Age of the oldest entry that it has not looked at.</param>
/// <param name="Refused">Entries at which it was refused, ever.</param>
/// <param name="Failing">Entries at which it is to try again.</param>
public sealed record PolicyStatus(string Policy, long BooksBehind, long EntriesBehind, long LagSeconds, long Refused, long Failing);
