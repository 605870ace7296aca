using System.Collections.Concurrent;
using NodaTime;
using Npgsql;

namespace Ledger.Postgres;

/// <summary>A merchant's secrets by name. Made when they are first asked for; several instances agree on one; remembered for ever, as they never change.</summary>
public sealed class Secrets(NpgsqlDataSource database, IClock clock)
{
    private readonly ConcurrentDictionary<(string Book, string Name), byte[]> known = new();

    /// <summary>The secret, made by <paramref name="make"/> where the merchant has none of this name. Hand it to nobody.</summary>
    public async ValueTask<byte[]> OfAsync(string book, string name, Func<byte[]> make, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(make);
        if (known.TryGetValue((book, name), out var secret)) return secret;
        if (await FindAsync(book, name, cancellation) is not { } found)
        {
            await using var create = database.CreateCommand(SqlFile.Read("secret_create.sql"));
            object[] values = [book, name, make(), clock.GetCurrentInstant().ToDateTimeUtc()];
            foreach (var value in values) create.Parameters.Add(new() { Value = value });
            await create.ExecuteNonQueryAsync(cancellation);
            found = (await FindAsync(book, name, cancellation))!;
        }

        return known.GetOrAdd((book, name), found);
    }

    private async Task<byte[]?> FindAsync(string book, string name, CancellationToken cancellation)
    {
        await using var find = database.CreateCommand(SqlFile.Read("secret_find.sql"));
        find.Parameters.Add(new() { Value = book });
        find.Parameters.Add(new() { Value = name });
        return await find.ExecuteScalarAsync(cancellation) as byte[];
    }
}
