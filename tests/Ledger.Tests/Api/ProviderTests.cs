using Ledger.Merchants;
using Ledger.Postgres;
using Ledger.Tests.Proof;
using NodaTime;
using Xunit;

namespace Ledger.Tests.Api;

/// <summary>Platform, service provider, merchant, store, till: who acts for whom, since when, and what the others learn.</summary>
public sealed class ProviderTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    private static int made;

    [Fact]
    public async Task A_provider_acts_for_a_merchant_that_authorised_it_and_every_entry_says_so()
    {
        var (shop, isv) = (await app.OpenShopAsync(), await ProviderAsync());
        Shop.Expect(200, await AuthoriseAsync(shop, isv.Id));
        Shop.Expect(201, await app.Client.PostAsync("/v1/stores", new { id = "by-isv", name = "Harbour" }, isv.Key, null, ("Ledger-Merchant", shop.Id)));
        Shop.Expect(201, await app.Client.PostAsync("/v1/stores", new { id = "by-self", name = "Bund" }, shop.MerchantKey));
        Shop.Expect(200, await app.Client.GetAsync("/v1/reports/merchant", isv.Key, ("Ledger-Merchant", shop.Id)));

        var entries = Shop.Expect(200, await app.Client.GetAsync("/v1/events", shop.MerchantKey))["data"].EnumerateArray().ToList();
        var (by, self) = (Opened("by-isv"), Opened("by-self"));
        Assert.Equal(("agency", isv.Id, isv.KeyId), (by.GetProperty("mode").GetString(), by.GetProperty("provider").GetString(), by.GetProperty("actor").GetString()));
        Assert.Equal(["actor"], self.EnumerateObject().Select(member => member.Name), StringComparer.Ordinal);
        await Books.AssertSoundAsync(app.Database);

        System.Text.Json.JsonElement Opened(string store) => entries.Single(entry =>
            entry.GetProperty("type").GetString() == "store_opened" && entry.GetProperty("data").GetProperty("store").GetString() == store).GetProperty("headers");
    }

    /// <summary>Domain 3.8: an agency caller that is not in the tenancy chain.</summary>
    [Fact]
    public async Task An_agency_caller_outside_the_tenancy_chain_learns_nothing()
    {
        var (shop, isv) = (await app.OpenShopAsync(), await ProviderAsync());
        var before = await HeadAsync(shop);
        foreach (var path in new[] { "/v1/merchant", "/v1/events", "/v1/coupons/0000000000000" })
        {
            var (theirs, nobodys) = (await AskAsync(shop.Id), await AskAsync("nobody"));
            Assert.Equal((403, "not-permitted-agency"), (theirs.Status, theirs.Problem));
            Assert.Equal(Anonymous(nobodys), Anonymous(theirs));

            Task<Answer> AskAsync(string merchant) => app.Client.GetAsync(path, isv.Key, ("Ledger-Merchant", merchant));
        }

        Assert.Equal("not-permitted-agency", (await app.Client.PostAsync("/v1/stores", new { id = "s", name = "S" }, isv.Key, null, ("Ledger-Merchant", shop.Id))).Problem);
        Assert.Equal("not-permitted-agency", (await app.Client.GetAsync("/v1/merchant", isv.Key, ("Ledger-Merchant", isv.Id))).Problem);
        Assert.Equal("not-permitted", (await app.Client.GetAsync("/v1/merchant", isv.Key)).Problem);
        Assert.Equal(before, await HeadAsync(shop));

        static string Anonymous(Answer answer) => answer.Text.Replace(answer.Said("requestId"), "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_revocation_takes_effect_at_once_where_it_was_made()
    {
        var (shop, isv) = (await app.OpenShopAsync(), await ProviderAsync());
        Shop.Expect(200, await AuthoriseAsync(shop, isv.Id));
        Shop.Expect(200, await app.Client.GetAsync("/v1/merchant", isv.Key, ("Ledger-Merchant", shop.Id)));
        var revoked = Shop.Expect(200, await app.Client.PostAsync($"/v1/providers/{isv.Id}/revoke", null, shop.MerchantKey));
        Assert.Empty(revoked["providers"].EnumerateArray());
        Assert.Equal("not-permitted-agency", (await app.Client.GetAsync("/v1/merchant", isv.Key, ("Ledger-Merchant", shop.Id))).Problem);

        Shop.Expect(200, await AuthoriseAsync(shop, isv.Id));
        Shop.Expect(200, await app.Client.GetAsync("/v1/merchant", isv.Key, ("Ledger-Merchant", shop.Id)));
    }

    /// <summary>Where another instance still remembers the authorisation, the transaction that would write asks the book.</summary>
    [Fact]
    public async Task No_entry_behind_a_revocation_is_the_providers_whatever_the_edge_remembers()
    {
        var (shop, isv) = (await app.OpenShopAsync(), await ProviderAsync());
        Shop.Expect(200, await AuthoriseAsync(shop, isv.Id));
        Shop.Expect(200, await app.Client.PostAsync($"/v1/providers/{isv.Id}/revoke", null, shop.MerchantKey));
        var late = new Request(shop.Id, LedgerClient.NewKey(), new byte[32], isv.KeyId, Times.Cut(SystemClock.Instance.GetCurrentInstant()), Provider: isv.Id);
        var outcome = await app.Service<Scribes>().SubmitAsync(MerchantStream.Operation(late, new MerchantCommand.OpenStore("late", "Late")), CancellationToken.None);
        Assert.Equal(new Outcome.Rejected(new NotPermittedAgency()), outcome);
    }

    [Fact]
    public async Task What_a_provider_s_question_makes_by_the_way_is_the_providers_too()
    {
        var (shop, isv) = (await app.OpenShopAsync(), await ProviderAsync());
        Shop.Expect(200, await AuthoriseAsync(shop, isv.Id));
        Shop.Expect(200, await app.Client.GetAsync("/v1/merchant", isv.Key, ("Ledger-Merchant", shop.Id)));
        var revoked = new Request(shop.Id, LedgerClient.NewKey(), new byte[32], "test", Times.Cut(SystemClock.Instance.GetCurrentInstant()));
        await app.Service<Scribes>().SubmitAsync(MerchantStream.Operation(revoked, new MerchantCommand.RevokeProvider(isv.Id, revoked.Now)), CancellationToken.None);
        Assert.Equal("not-permitted-agency", (await app.Client.GetAsync("/v1/offline/keys", isv.Key, ("Ledger-Merchant", shop.Id))).Problem);

        Shop.Expect(200, await AuthoriseAsync(shop, isv.Id));
        Shop.Expect(200, await app.Client.GetAsync("/v1/offline/keys", isv.Key, ("Ledger-Merchant", shop.Id)));
        Assert.Equal(isv.Id, await app.Database.AskAsync<string>("select headers ->> 'provider' from ledger.mt_events where tenant_id = $1 and type = 'offline_key_added'", shop.Id));
    }

    [Fact]
    public async Task A_provider_makes_no_keys_and_authorises_nobody_in_a_merchants_name()
    {
        var (shop, isv) = (await app.OpenShopAsync(), await ProviderAsync());
        Shop.Expect(200, await AuthoriseAsync(shop, isv.Id));
        foreach (var (path, body) in new[] { ("/v1/keys", """{"scope":"merchant"}"""), ($"/v1/providers/{isv.Id}/authorise", null), ($"/v1/providers/{isv.Id}/revoke", null) })
            Assert.Equal((403, "not-permitted"), await app.Client.PostAsync(path, body, isv.Key, null, ("Ledger-Merchant", shop.Id)) is var answer ? (answer.Status, answer.Problem) : default);
        Assert.Equal("not-permitted", (await app.Client.PostAsync("/v1/merchants", new { id = "x", name = "X" }, isv.Key)).Problem);
        Assert.Equal("malformed-request", (await app.Client.PostAsync("/v1/keys", new { scope = "provider" }, shop.MerchantKey)).Problem);
        Assert.Equal("not-permitted", (await app.Client.PostAsync($"/v1/providers/{isv.Id}/keys", null, shop.MerchantKey)).Problem);
        Assert.Equal("provider-unknown", (await app.Client.PostAsync("/v1/providers/nobody/keys", null, app.PlatformKey)).Problem);
        Assert.Equal("provider-unknown", (await AuthoriseAsync(shop, "nobody")).Problem);
        Assert.Equal("provider-already-registered", (await app.Client.PostAsync("/v1/providers", new { id = isv.Id, name = "Other" }, app.PlatformKey)).Problem);
    }

    [Fact]
    public async Task A_provider_sees_its_own_merchants_and_no_others()
    {
        var (one, other, isv, rival) = (await app.OpenShopAsync(), await app.OpenShopAsync(), await ProviderAsync(), await ProviderAsync());
        Assert.Empty(await ListAsync(isv.Key));
        foreach (var shop in new[] { one, other }) Shop.Expect(200, await AuthoriseAsync(shop, isv.Id));
        await UntilAsync(isv.Key, one.Id, other.Id);
        Assert.Empty(await ListAsync(rival.Key));
        Shop.Expect(200, await app.Client.PostAsync($"/v1/providers/{isv.Id}/revoke", null, one.MerchantKey));
        await UntilAsync(isv.Key, other.Id);
        Shop.Expect(200, await AuthoriseAsync(one, isv.Id));
        await UntilAsync(isv.Key, one.Id, other.Id);

        Assert.Equal("not-permitted", (await app.Client.GetAsync($"/v1/merchants?provider={isv.Id}", rival.Key)).Problem);
        Assert.Equal("not-permitted", (await app.Client.GetAsync("/v1/merchants", one.MerchantKey)).Problem);
        Assert.Equal("malformed-request", (await app.Client.GetAsync("/v1/merchants", app.PlatformKey)).Problem);
        Assert.Equal(2, Shop.Expect(200, await app.Client.GetAsync($"/v1/merchants?provider={isv.Id}", app.PlatformKey))["data"].GetArrayLength());
        await Books.AssertSoundAsync(app.Database);

        Task UntilAsync(string key, params string[] merchants) => Readers.ReaderTesting.UntilAsync(async () =>
            (await ListAsync(key)).SequenceEqual(merchants.Order(StringComparer.Ordinal), StringComparer.Ordinal));

        async Task<string[]> ListAsync(string key) =>
            [.. Shop.Expect(200, await app.Client.GetAsync("/v1/merchants", key))["data"].EnumerateArray().Select(row => row.GetProperty("merchant").GetString()!)];
    }

    private Task<long> HeadAsync(Shop shop) => app.Database.AskAsync<long>("select head from ledger.books where tenant_id = $1", shop.Id);

    private Task<Answer> AuthoriseAsync(Shop shop, string provider) => app.Client.PostAsync($"/v1/providers/{provider}/authorise", null, shop.MerchantKey);

    private async Task<(string Id, string Key, string KeyId)> ProviderAsync()
    {
        var id = FormattableString.Invariant($"isv-{Interlocked.Increment(ref made)}");
        Shop.Expect(201, await app.Client.PostAsync("/v1/providers", new { id, name = "Cloud Tills" }, app.PlatformKey));
        var key = Shop.Expect(201, await app.Client.PostAsync($"/v1/providers/{id}/keys", null, app.PlatformKey));
        return (id, key.Said("secret"), key.Said("id"));
    }
}
