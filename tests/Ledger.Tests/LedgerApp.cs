using Ledger.Api;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Xunit;

namespace Ledger.Tests;

/// <summary>The service in this process on a database of its own: a class fixture.</summary>
public sealed class LedgerApp : IAsyncLifetime
{
    /// <summary>The settings that bound rates.</summary>
    public static readonly IReadOnlyList<string> NoRates = ["Till", "Merchant", "Address", "Guess", "MerchantGuess", "AddressGuess"];

    private readonly LedgerDatabase database = new();
    private WebApplicationFactory<Callers>? factory;
    private LedgerClient? client;

    public LedgerClient Client => client ?? throw new InvalidOperationException("The service is not started yet.");

    public NpgsqlDataSource Database => database.Source;

    public string ConnectionString => database.ConnectionString;

    public string PlatformKey { get; private set; } = "";

    public T Service<T>()
        where T : notnull => factory!.Services.GetRequiredService<T>();

    public async Task InitializeAsync()
    {
        await database.InitializeAsync();
        PlatformKey = await Database.PlatformKeyAsync();
        factory = Start(ConnectionString);
        client = new(factory.CreateClient(new() { AllowAutoRedirect = false }));
    }

    /// <summary>A new merchant with a store, a till, and a key for each.</summary>
    public Task<Shop> OpenShopAsync() => Shop.OpenAsync(Client, PlatformKey);

    public async Task DisposeAsync()
    {
        client?.Dispose();
        if (factory is not null) await factory.DisposeAsync();
        await database.DisposeAsync();
    }

    /// <summary>The service on any database; the caller disposes it.</summary>
    /// <param name="settings">What differs from the defaults. Rates are off where nothing is said of them: tests are in a hurry.</param>
    public static WebApplicationFactory<Callers> Start(string connectionString, params (string Name, string Value)[] settings) => new WebApplicationFactory<Callers>().WithWebHostBuilder(host => host
        .UseSetting("ConnectionStrings:Ledger", connectionString)
        .UseSettings([.. NoRates.Select(name => ($"Rates:{name}:PerSecond", "0")), .. settings])
        .ConfigureLogging(logging => logging.ClearProviders()));
}

internal static class Settings
{
    public static IWebHostBuilder UseSettings(this IWebHostBuilder host, IEnumerable<(string Name, string Value)> settings)
    {
        foreach (var (name, value) in settings) host.UseSetting(name, value);
        return host;
    }
}

/// <summary>A merchant made for a test, with the keys that act for it.</summary>
public sealed record Shop(LedgerClient Client, string Id, string MerchantKey, string TillKey)
{
    public const string Store = "store-1";
    public const string Till = "till-1";

    /// <summary>Terms that hold now and for years: 5 yuan off 30.</summary>
    public const string Terms =
        """{"benefit":{"kind":"fixedAmount","off":500},"minimumSpend":3000,"validity":{"windowStart":"2020-01-01T00:00:00+08:00","windowEnd":"2190-01-01T00:00:00+08:00"}}""";

    private static int opened;

    public static async Task<Shop> OpenAsync(LedgerClient client, string platformKey)
    {
        ArgumentNullException.ThrowIfNull(client);
        var id = FormattableString.Invariant($"shop-{Interlocked.Increment(ref opened)}");
        Expect(201, await client.PostAsync("/v1/merchants", new { id, name = "Tea House" }, platformKey));
        var merchantKey = Expect(201, await client.PostAsync("/v1/keys", new { scope = "merchant" }, platformKey, null, ("Ledger-Merchant", id))).Said("secret");
        Expect(201, await client.PostAsync("/v1/stores", new { id = Store, name = "Riverside" }, merchantKey));
        Expect(201, await client.PostAsync($"/v1/stores/{Store}/tills", new { id = Till }, merchantKey));
        var tillKey = Expect(201, await client.PostAsync("/v1/keys", new { scope = "till", store = Store, till = Till }, merchantKey)).Said("secret");
        return new(client, id, merchantKey, tillKey);
    }

    /// <summary>Drafts, submits and approves a campaign.</summary>
    /// <param name="terms">JSON of the terms; null: <see cref="Terms"/>.</param>
    public async Task CampaignAsync(string id, long quota = 1_000_000, string? terms = null)
    {
        Expect(201, await Client.PostAsync("/v1/campaigns", $$"""{"id":"{{id}}","name":"{{id}}","quota":{{quota}},"terms":{{terms ?? Terms}}}""", MerchantKey));
        Expect(200, await Client.PostAsync($"/v1/campaigns/{id}/submit", null, MerchantKey));
        Expect(200, await Client.PostAsync($"/v1/campaigns/{id}/approve", null, MerchantKey));
    }

    public Task<Answer> TryIssueAsync(string campaign, string member, string? requestKey = null) =>
        Client.PostAsync("/v1/coupons", new { campaign, member }, MerchantKey, requestKey);

    /// <summary>The code of a coupon just issued.</summary>
    public async Task<string> IssueAsync(string campaign, string member = "m-1") => Expect(201, await TryIssueAsync(campaign, member)).Said("code");

    public Task<Answer> RedeemAsync(string code, string? requestKey = null, long amount = 4200) =>
        Client.PostAsync("/v1/redemptions", new { code, amount }, TillKey, requestKey);

    /// <summary>The answer, if it has that status.</summary>
    public static Answer Expect(int status, Answer answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        Assert.True(answer.Status == status, $"expected {status}, got {answer}");
        return answer;
    }
}
