using System.Security.Cryptography;
using Ledger.Postgres;
using NodaTime;
using Xunit;

namespace Ledger.Tests.Schema;

/// <summary>Secrets of merchants.</summary>
public sealed class SecretsTests : IAsyncLifetime
{
    private SchemaDatabase database = null!;

    private Secrets Secrets => new(database.Source, SystemClock.Instance);

    public async Task InitializeAsync()
    {
        database = await SchemaDatabase.CreateAsync();
        await new Migrations(database.Source).ApplyAsync();
    }

    public async Task DisposeAsync() => await database.DisposeAsync();

    [Fact]
    public async Task Instances_that_ask_at_once_agree_on_one_secret()
    {
        var secrets = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => OfAsync(Secrets, "m-1", "limits")));
        Assert.Single(secrets.Select(Convert.ToHexString).Distinct(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Merchants_and_names_have_secrets_of_their_own()
    {
        var secrets = Secrets;
        string[] all = [await HexAsync("m-1", "limits"), await HexAsync("m-1", "codes"), await HexAsync("m-2", "limits")];
        Assert.Equal(3, all.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(all[0], await HexAsync("m-1", "limits"));

        async Task<string> HexAsync(string book, string name) => Convert.ToHexString(await OfAsync(secrets, book, name));
    }

    private static Task<byte[]> OfAsync(Secrets secrets, string book, string name) =>
        secrets.OfAsync(book, name, () => RandomNumberGenerator.GetBytes(32), CancellationToken.None).AsTask();
}
