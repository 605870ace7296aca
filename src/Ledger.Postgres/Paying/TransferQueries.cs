using System.Text.Json;
using Ledger.Transfers;
using Npgsql;

namespace Ledger.Postgres.Paying;

/// <summary>Plain reads about transfers: no lock, no scribe.</summary>
public sealed class TransferQueries(NpgsqlDataSource database)
{
    private readonly BookQueries queries = new(database);

    /// <summary>A transfer of the merchant; null where none was ordered under the number.</summary>
    public async Task<TransferView?> OneAsync(string book, string number, CancellationToken cancellation) =>
        await queries.StateAsync(book, TransferStream.Of(number), cancellation) is { Order: not null } transfer ? TransferView.From(transfer) : null;

    /// <summary>Transfers of the merchant in the order of their numbers.</summary>
    /// <param name="state">Null: of every state.</param>
    public async Task<IReadOnlyList<TransferView>> ListAsync(string book, TransferState? state, string after, int limit, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(SqlFile.Read("query_transfers.sql"));
        object[] values = [book, after, state?.ToString().ToLowerInvariant() ?? "", limit];
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return [.. (await ReadAsync(command, _ => book, 0, cancellation)).Select(row => TransferView.From(row.Transfer))];
    }

    /// <summary>Every transfer of every book.</summary>
    public async Task<IReadOnlyList<(string Book, Transfer Transfer)>> AllAsync(CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(SqlFile.Read("audit_transfers.sql"));
        return await ReadAsync(command, row => row.GetString(0), 1, cancellation);
    }

    /// <param name="first">The column of the stream's id; its state and the state's schema follow.</param>
    private async Task<List<(string Book, Transfer Transfer)>> ReadAsync(NpgsqlCommand command, Func<NpgsqlDataReader, string> bookOf, int first, CancellationToken cancellation)
    {
        var (found, old) = (new List<(string Book, Transfer Transfer)>(), new List<(int At, string Stream)>());
        await using (var row = await command.ExecuteReaderAsync(cancellation))
        {
            while (await row.ReadAsync(cancellation))
            {
                var isKnown = !row.IsDBNull(first + 1) && !row.IsDBNull(first + 2) && row.GetInt32(first + 2) == TransferStream.Type.Schema;
                if (!isKnown) old.Add((found.Count, row.GetString(first)));
                found.Add((bookOf(row), isKnown ? JsonSerializer.Deserialize<Transfer>(row.GetString(first + 1), LedgerJson.Options)! : Transfer.None));
            }
        }

        // A state of another shape is folded from its events.
        foreach (var (at, stream) in old) found[at] = (found[at].Book, await queries.StateAsync(found[at].Book, TransferStream.Type.At(stream), cancellation));
        return found;
    }
}
