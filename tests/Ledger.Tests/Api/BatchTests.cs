using System.Text.Json;
using Xunit;

namespace Ledger.Tests.Api;

/// <summary>Issuing by NDJSON: a bad line loses only itself, and the whole body may be sent again.</summary>
public sealed class BatchTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    private const string Batch = "/v1/coupons/batch";

    [Fact]
    public async Task A_bad_line_loses_only_itself()
    {
        var shop = await SpringAsync();
        const string Good = """{"campaign":"spring","member":"m-1"}""";
        var (answer, lines) = await SendAsync(shop, "k",
            """{"campaign":"spring","member":"m-1","ref":"row 1"}""", // 1
            "", // 2: nothing to do
            "{", // 3
            Good + "\r", // 4: CRLF
            $$"""{"campaign":"spring","member":"{{new string('x', 70_000)}}"}""", // 5: over-long
            """{"campaign":"autumn","member":"m-1","ref":"row 6"}""", // 6
            "   \r", // 7: nothing to do
            """{"campaign":"spring","member":-1}""", // 8
            """{"campaign":"spring","member":"m-1","amount":1}""", // 9
            "[" + Good + "]", // 10
            "\uFFFF", // 11
            "  " + Good + "  ", // 12
            Good[..^9]); // 13: cut in half

        Assert.Equal((200, "application/x-ndjson"), (answer.Status, answer.MediaType));
        Assert.Equal([1, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13], lines.Select(line => line.GetProperty("line").GetInt32()));
        Assert.Equal([201, 400, 201, 413, 404, 400, 400, 400, 400, 201, 400], lines.Select(line => line.GetProperty("status").GetInt32()));
        Assert.Equal("row 1", lines[0].GetProperty("ref").GetString());
        Assert.Equal(("row 6", "/problems/campaign-unknown"), (lines[4].GetProperty("ref").GetString(), TypeOf(lines[4])));
        Assert.Equal("/problems/body-too-large", TypeOf(lines[3]));
        Assert.Equal("/member", lines[5].GetProperty("problem").GetProperty("errors")[0].GetProperty("pointer").GetString());
        Assert.Equal("/amount", lines[6].GetProperty("problem").GetProperty("errors")[0].GetProperty("pointer").GetString());
        Assert.Equal(3, await IssuedAsync(shop));
    }

    [Fact]
    public async Task The_whole_body_again_under_its_key_repeats_the_coupons_and_issues_nothing()
    {
        var shop = await SpringAsync();
        var body = Enumerable.Range(0, 300).Select(n => FormattableString.Invariant($$"""{"campaign":"spring","member":"m-{{n}}"}""")).ToArray();
        var (first, lines) = await SendAsync(shop, "once", body);
        var (second, _) = await SendAsync(shop, "once", body);
        Assert.Equal(first.Text, second.Text);
        Assert.Equal(300, await IssuedAsync(shop));

        // A line that was changed is another request under the same key; the rest stands.
        body[7] = """{"campaign":"spring","member":"somebody-else"}""";
        var (_, changed) = await SendAsync(shop, "once", body);
        Assert.Equal("/problems/idempotency-key-reused", TypeOf(changed[7]));
        Assert.Equal(lines[8].GetRawText(), changed[8].GetRawText());
        Assert.Equal(300, await IssuedAsync(shop));
        var one = await shop.Client.GetAsync("/v1/requests/once%238", shop.MerchantKey);
        Assert.Equal(lines[7].GetProperty("coupon").GetRawText(), one.Text);
    }

    [Fact]
    public async Task A_quota_ends_in_the_middle_of_a_batch()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring", quota: 10);
        var (_, lines) = await SendAsync(shop, "k", [.. Enumerable.Repeat("""{"campaign":"spring","member":"m-1"}""", 25)]);
        Assert.Equal(10, lines.Count(line => line.GetProperty("status").GetInt32() == 201));
        Assert.Equal(15, lines.Count(line => line.GetProperty("status").GetInt32() == 409 && TypeOf(line) == "/problems/stock-exhausted"));
    }

    [Fact]
    public async Task A_line_that_the_service_fails_on_fails_alone()
    {
        var shop = await SpringAsync();
        await shop.CampaignAsync("broken");
        await app.Database.ExecuteAsync("update ledger.mt_streams set state = '\"no campaign\"' where tenant_id = $1 and id = 'campaign-broken'", shop.Id);
        var (answer, lines) = await SendAsync(shop, "k",
            """{"campaign":"spring","member":"m-1"}""", """{"campaign":"broken","member":"m-1"}""", """{"campaign":"spring","member":"m-2"}""");
        Assert.Equal(200, answer.Status);
        Assert.Equal([201, 500, 201], lines.Select(line => line.GetProperty("status").GetInt32()));
        Assert.Equal("/problems/internal-error", TypeOf(lines[1]));
    }

    [Fact]
    public async Task A_key_that_is_revoked_in_the_middle_of_a_batch_issues_nothing_more()
    {
        var shop = await SpringAsync();
        var key = Shop.Expect(201, await shop.Client.PostAsync("/v1/keys", new { scope = "merchant" }, shop.MerchantKey));
        using var body = new Dictated(async stream =>
        {
            await stream.WriteAsync("{\"campaign\":\"spring\",\"member\":\"m-1\"}\n"u8.ToArray());
            await stream.FlushAsync();
            await Readers.ReaderTesting.UntilAsync(async () => await IssuedAsync(shop) == 1);
            Shop.Expect(200, await shop.Client.PostAsync($"/v1/keys/{key.Said("id")}/revoke", null, shop.MerchantKey));
            await stream.WriteAsync("{\"campaign\":\"spring\",\"member\":\"m-2\",\"ref\":\"row 2\"}"u8.ToArray());
        });
        var answer = await shop.Client.SendAsync(HttpMethod.Post, Batch, body, key.Said("secret"), ("Idempotency-Key", "k"));
        var last = JsonSerializer.Deserialize<JsonElement>(answer.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries)[1]);
        Assert.Equal(("row 2", 401, "/problems/not-authenticated"), (last.GetProperty("ref").GetString(), last.GetProperty("status").GetInt32(), TypeOf(last)));
        Assert.Equal(1, await IssuedAsync(shop));
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/csv")]
    public async Task A_batch_of_another_type_is_refused(string type)
    {
        var shop = await SpringAsync();
        using var body = new StringContent("""{"campaign":"spring","member":"m-1"}""", System.Text.Encoding.UTF8, type);
        var answer = await shop.Client.SendAsync(HttpMethod.Post, Batch, body, shop.MerchantKey, ("Idempotency-Key", "k"));
        Assert.Equal((415, "application/x-ndjson"), (answer.Status, answer.Said("needs")));
    }

    [Fact]
    public async Task A_batch_needs_a_key_that_leaves_room_for_line_numbers_and_may_be_empty()
    {
        var shop = await SpringAsync();
        var (tooLong, _) = await SendAsync(shop, new('k', 250), """{"campaign":"spring","member":"m-1"}""");
        Assert.Equal((400, "idempotency-key-missing"), (tooLong.Status, tooLong.Problem));
        var (empty, none) = await SendAsync(shop, "k");
        Assert.Equal(200, empty.Status);
        Assert.Empty(none);
        Assert.Equal(0, await IssuedAsync(shop));
    }

    private static string TypeOf(JsonElement line) => line.GetProperty("problem").GetProperty("type").GetString()!;

    private static async Task<(Answer Answer, List<JsonElement> Lines)> SendAsync(Shop shop, string key, params string[] lines)
    {
        using var body = LedgerClient.Lines(lines);
        var answer = await shop.Client.SendAsync(HttpMethod.Post, Batch, body, shop.MerchantKey, ("Idempotency-Key", key));
        return (answer, [.. answer.Status == 200 ? answer.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<JsonElement>(line)) : []]);
    }

    private Task<long> IssuedAsync(Shop shop) => app.Database.AskAsync<long>("select count(*) from ledger.mt_events where tenant_id = $1 and type = 'coupon_issued'", shop.Id);

    private async Task<Shop> SpringAsync()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        return shop;
    }

    /// <summary>A body that is written as the service reads it.</summary>
    private sealed class Dictated : HttpContent
    {
        private readonly Func<Stream, Task> write;

        public Dictated(Func<Stream, Task> write)
        {
            this.write = write;
            Headers.ContentType = new("application/x-ndjson");
        }

        protected override Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context) => write(stream);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
