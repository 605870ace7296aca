using System.Text;
using Ledger.Coupons;
using Xunit;

namespace Ledger.Tests.Proof;

/// <summary>Stored states are a convenience: what another version of the code stored is folded anew, and old entries are read for ever.</summary>
public sealed class StoredStateTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    [Theory]
    [InlineData("state_schema = 0")]
    [InlineData("state_schema = 0, state = '{\"shape\":\"of long ago\"}'")]
    [InlineData("state = null")]
    [InlineData("state = null, state_schema = null")]
    public async Task A_state_of_another_shape_is_folded_from_the_events_and_written_back(string change)
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        var code = await shop.IssueAsync("spring");
        var first = Shop.Expect(201, await shop.RedeemAsync(code)).Said("redemptionId");
        Shop.Expect(200, await shop.Client.PostAsync($"/v1/redemptions/{first}/void", null, shop.TillKey));
        await app.Database.ExecuteAsync($"update ledger.mt_streams set {change} where tenant_id = $1", shop.Id);

        // Reads fold too.
        var check = Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{code}?amount=4200", shop.TillKey));
        Assert.True(check["redeemable"].GetBoolean());
        Assert.Equal(0, Shop.Expect(200, await shop.Client.GetAsync("/v1/reports/merchant", shop.MerchantKey))["membersRedeeming"].GetInt32());
        Assert.Equal("spring", Shop.Expect(200, await shop.Client.GetAsync("/v1/campaigns/spring", shop.MerchantKey)).Said("id"));
        Assert.Equal("spring", Shop.Expect(200, await shop.Client.GetAsync("/v1/campaigns", shop.MerchantKey))["data"][0].GetProperty("id").GetString());

        var second = Shop.Expect(201, await shop.RedeemAsync(code));
        Assert.Equal($"{code}-2", second.Said("redemptionId"));
        Assert.Equal(1, await app.Database.AskAsync<long>(
            "select count(*) from ledger.mt_streams where tenant_id = $1 and id = $2 and state_schema = $3 and state::jsonb ->> 'redemptions' = '2'", shop.Id, $"coupon-{code}", CouponStream.Type.Schema));
        Shop.Expect(200, await shop.Client.PostAsync("/v1/campaigns/spring/pause", """{"reason":"rest"}""", shop.MerchantKey));
        Assert.Equal("campaign-paused", (await shop.TryIssueAsync("spring", "m-2")).Problem);
        await Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task A_book_with_terms_of_the_first_shape_is_read_and_redeemed_under_and_stays_as_it_was_written()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("first");
        var code = await shop.IssueAsync("first");
        const string Old = """{"terms":{"expiresAt":"2189-12-31T16:00:00.000000Z","faceValue":700,"minimumSpend":2500}}""";
        await RewriteAsync(shop.Id, "terms-first-1", Old);

        // A terms version never changes, so a running service may remember it: this takes one that has not read it yet.
        await using var service = LedgerApp.Start(app.ConnectionString);
        using var client = new LedgerClient(service.CreateClient());
        shop = shop with { Client = client };

        var check = Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{code}?amount=2500", shop.TillKey));
        Assert.Equal((700, 1800), (check["discount"].GetInt64(), check["payable"].GetInt64()));
        Assert.Equal("floor-not-met", (await shop.RedeemAsync(code, amount: 2499)).Problem);
        Assert.Equal(700, Shop.Expect(201, await shop.RedeemAsync(code, amount: 2500))["discount"].GetInt64());
        Assert.Equal("Asia/Shanghai", Shop.Expect(200, await shop.Client.GetAsync("/v1/campaigns/first", shop.MerchantKey))["terms"].GetProperty("timeZone").GetString());
        Shop.Expect(201, await shop.TryIssueAsync("first", "m-2"));

        var stored = await app.Database.AskAsync<string>("select data::text from ledger.mt_events where tenant_id = $1 and stream_id = 'terms-first-1'", shop.Id);
        Assert.Equal(Old, Encoding.UTF8.GetString(CanonicalJson.Of(Encoding.UTF8.GetBytes(stored!))));
        await Books.AssertSoundAsync(app.Database);
    }

    /// <summary>Makes the book what it would be if that entry had been written in an older shape: its data, and the chain from there on.</summary>
    private async Task RewriteAsync(string book, string stream, string data)
    {
        await app.Database.ExecuteAsync("update ledger.mt_events set data = $3::jsonb where tenant_id = $1 and stream_id = $2", book, stream, data);
        await app.Database.ExecuteAsync("update ledger.mt_streams set state = null, state_schema = null where tenant_id = $1 and id = $2", book, stream);
        using var hasher = new EntryHasher();
        var hash = EntryHasher.Genesis.ToArray();
        foreach (var entry in await Books.EntriesAsync(app.Database, book))
        {
            hash = hasher.Hash(hash, entry.Entry);
            await app.Database.ExecuteAsync("update ledger.mt_events set hash = $3 where tenant_id = $1 and seq_id = $2", book, entry.Entry.Seq, hash);
        }

        await app.Database.ExecuteAsync("update ledger.books set head_hash = $2 where tenant_id = $1", book, hash);
    }
}
