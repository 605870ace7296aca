using Ledger.Postgres;
using Ledger.Postgres.Local;
using Npgsql;
using Xunit;

namespace Ledger.Tests.Api;

/// <summary>A given database may sort text by a language's rules, where case and punctuation count last: lists must be whole there too.</summary>
public sealed class CollationTests(LedgerDatabase neighbour) : IClassFixture<LedgerDatabase>
{
    private const string Name = "ledger_of_another_collation";

    [Fact]
    public async Task Campaigns_are_listed_to_the_end_whatever_the_collation()
    {
        try
        {
            await neighbour.Source.ExecuteAsync($"create database {Name} template template0 encoding 'UTF8' locale_provider icu icu_locale 'en-US' locale 'C'");
        }
        catch (PostgresException exception) when (exception.SqlState is PostgresErrorCodes.FeatureNotSupported or PostgresErrorCodes.SyntaxError)
        {
            return; // Programs without ICU: this server knows no such database.
        }

        var connection = PostgresDatabases.For(neighbour.ConnectionString, Name);
        await using var database = NpgsqlDataSource.Create(connection);
        await new Migrations(database).ApplyAsync();
        await using var service = LedgerApp.Start(connection);
        using var client = new LedgerClient(service.CreateClient());
        var shop = await Shop.OpenAsync(client, await database.PlatformKeyAsync());
        string[] ids = ["a", "A", "b", "b.1", "b-1", "B", "z", "Z", "zz", new('Z', Limits.MaxId), new('z', Limits.MaxId)];
        foreach (var id in ids) await shop.CampaignAsync(id);
        var listed = new List<string>();
        for (var (page, cursor) = (0, ""); page < 20; page++)
        {
            var answer = Shop.Expect(200, await client.GetAsync($"/v1/campaigns?limit=2{cursor}", shop.MerchantKey));
            listed.AddRange(answer["data"].EnumerateArray().Select(campaign => campaign.GetProperty("id").GetString()!));
            if (!answer.Json.TryGetProperty("nextCursor", out var next)) break;
            cursor = $"&cursor={Uri.EscapeDataString(next.GetString()!)}";
        }

        Assert.Equal(string.Join(' ', ids.Order(StringComparer.Ordinal)), string.Join(' ', listed.Order(StringComparer.Ordinal)));
    }
}
