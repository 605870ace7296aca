using System.Collections.Concurrent;
using System.Text.Json;
using Ledger.Api;
using Ledger.Tests.Proof;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Ledger.Tests.Api;

/// <summary>Admission and signing at a provider that is asked while the caller waits: it may be late, broken, or say no.</summary>
public sealed class AskingTests(LedgerDatabase database) : IClassFixture<LedgerDatabase>, IAsyncLifetime
{
    private readonly ConcurrentQueue<string> asked = [];
    private readonly ConcurrentQueue<object> answers = [];
    private WebApplication provider = null!;
    private WebApplicationFactory<Callers> service = null!;
    private LedgerClient client = null!;
    private Shop shop = null!;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        provider = builder.Build();
        provider.MapPost("/{**path}", (Delegate)AnswerAsync);
        await provider.StartAsync();
        service = LedgerApp.Start(database.ConnectionString, ("Provider:Url", provider.Urls.First()), ("Provider:Key", ProviderProcess.Key), ("Provider:TimeoutSeconds", "1"));
        client = new(service.CreateClient(new() { AllowAutoRedirect = false }));
        shop = await Shop.OpenAsync(client, await database.Source.PlatformKeyAsync());
        Shop.Expect(201, await client.PostAsync(
            "/v1/membership-plans", """{"id":"tea","name":"Tea","terms":{"term":{"kind":"relative","number":30,"unit":"day"},"settlement":{"kind":"fee","fee":1500},"guarantee":1500,"rights":"5 yuan off"}}""",
            shop.MerchantKey));
    }

    public async Task DisposeAsync()
    {
        client.Dispose();
        await service.DisposeAsync();
        await provider.DisposeAsync();
    }

    [Fact]
    public async Task The_credit_provider_is_asked_under_one_number_until_it_answers_and_then_no_more()
    {
        await PreorderAsync("A-1");
        answers.Enqueue(TimeSpan.FromSeconds(1.5));
        answers.Enqueue(500);
        answers.Enqueue(new { number = "A-1", status = "P" });
        answers.Enqueue(new { number = "other", status = "Y", reference = "ref-0" });
        foreach (var problem in new[] { "provider-silent", "provider-silent", "provider-silent", "provider-differs" })
        {
            var silent = await AdmitAsync("A-1", "adm-1");
            Assert.Equal(problem, silent.Problem);
            Assert.Equal(problem == "provider-silent", silent.Headers.Contains("Retry-After"));
        }

        Assert.Equal(0, await CountAsync("admission_consulted"));
        answers.Enqueue(new { number = "A-1", status = "Y", reference = "ref-77" });
        var first = Shop.Expect(200, await AdmitAsync("A-1", "adm-1"));
        Assert.Equal((true, "ref-77"), (first["admission"].GetProperty("isAdmitted").GetBoolean(), first["admission"].GetProperty("reference").GetString()));
        Assert.True(Shop.Expect(200, await AdmitAsync("A-1", "adm-1")).IsReplayed);
        Assert.Equal("ref-77", Shop.Expect(200, await AdmitAsync("A-1", "adm-2"))["admission"].GetProperty("reference").GetString());
        Assert.Equal(5, asked.Count(one => one == "/v1/admissions A-1"));
        Assert.Equal(5, asked.Count);
        Assert.Equal(1, await CountAsync("admission_consulted"));
    }

    [Fact]
    public async Task A_no_is_kept_without_its_reason_and_nobody_signs_on_it()
    {
        await PreorderAsync("A-2");
        answers.Enqueue(new { number = "A-2", status = "N", reason = "SCORE_512" });
        var said = Shop.Expect(200, await AdmitAsync("A-2", "adm-3"))["admission"];
        Assert.Equal((false, "A-2"), (said.GetProperty("isAdmitted").GetBoolean(), said.GetProperty("reference").GetString()));
        Assert.Equal(0, await database.Source.AskAsync<long>("select count(*) from ledger.mt_events where data::text like '%SCORE%'"));
        Assert.Equal("not-admitted", (await SignAsync("A-2", "sign-2")).Problem);
        Assert.Equal("agreement-unknown", (await AdmitAsync("A-9", "adm-4")).Problem);
        Assert.Equal("/v1/admissions A-2", Assert.Single(asked));
        Assert.Equal(400, (await client.PostAsync("/v1/agreements/A-2/admission", new { admitted = true }, shop.MerchantKey)).Status);
    }

    [Fact]
    public async Task The_provider_signs_once_the_ledger_would_and_collects_under_its_reference()
    {
        await PreorderAsync("A-3");
        Shop.Expect(200, await client.PostAsync("/v1/agreements/A-3/admission", new { admitted = true, reference = "ref-1" }, shop.MerchantKey));
        Assert.Equal("consent-missing", (await client.PostAsync("/v1/agreements/A-3/sign", null, shop.TillKey)).Problem);
        Assert.Empty(asked);
        answers.Enqueue(500);
        answers.Enqueue(new { number = "A-3", status = "N", reason = "ACCOUNT_CLOSED" });
        answers.Enqueue(new { number = "A-3", status = "Y", reference = "agreed-3" });
        Assert.Equal("provider-silent", (await SignAsync("A-3", "sign-3")).Problem);
        var refused = await SignAsync("A-3", "sign-3");
        Assert.Equal((422, "provider-refuses", "ACCOUNT_CLOSED"), (refused.Status, refused.Problem, refused.Said("reason")));
        Assert.Equal(0, await CountAsync("agreement_signed"));
        Shop.Expect(200, await SignAsync("A-3", "sign-3"));
        Assert.True(Shop.Expect(200, await SignAsync("A-3", "sign-3")).IsReplayed);
        Assert.Equal(3, asked.Count);

        // What was signed at the provider already is not signed there again.
        await PreorderAsync("A-4", "m-2", "theirs-4");
        Shop.Expect(200, await client.PostAsync("/v1/agreements/A-4/admission", new { admitted = true, reference = "ref-1" }, shop.MerchantKey));
        Shop.Expect(200, await SignAsync("A-4", "sign-4"));
        Assert.Equal(3, asked.Count);
        Assert.Equal(["agreed-3", "theirs-4"], await database.Source.ListAsync(
            "select state::jsonb #>> '{offer,providerAgreement}' from ledger.mt_streams where tenant_id = $1 and id in ('agreement-A-3', 'agreement-A-4') order by id", row => row.GetString(0), shop.Id));
    }

    [Theory]
    [InlineData("""{"kind":"times","steps":[{"times":0,"amount":1500}]}""")]
    [InlineData("""{"kind":"cycleFlex","every":10,"unit":"day","periods":3,"maximum":600}""")]
    public async Task An_exemption_that_would_not_hold_is_refused(string settlement)
    {
        var refused = await client.PostAsync(
            "/v1/membership-plans",
            $$"""{"id":"t","name":"T","terms":{"term":{"kind":"relative","number":30,"unit":"day"},"settlement":{{settlement}},"guarantee":1500,"rights":"r","exemptionDays":3} }""", shop.MerchantKey);
        Assert.Equal("/terms/exemptionDays", Shop.Expect(400, refused)["errors"][0].GetProperty("pointer").GetString());
    }

    private async Task PreorderAsync(string id, string member = "m-1", string? providerAgreement = null) => Shop.Expect(
        201, await client.PostAsync("/v1/agreements", new { agreement = id, plan = "tea", member, account = "acc-1", providerAgreement }, shop.TillKey));

    private Task<Answer> AdmitAsync(string id, string key) => client.PostAsync($"/v1/agreements/{id}/admission", null, shop.MerchantKey, key);

    private async Task<Answer> SignAsync(string id, string key)
    {
        var shown = Shop.Expect(200, await client.GetAsync($"/v1/agreements/{id}", shop.TillKey)).Said("endsOn");
        return await client.PostAsync($"/v1/agreements/{id}/sign", new { consent = new { textVersion = "v1", at = "2026-01-01T00:00:00Z", endsOn = shown } }, shop.TillKey, key);
    }

    private Task<long> CountAsync(string type) =>
        database.Source.AskAsync<long>("select count(*) from ledger.mt_events where tenant_id = $1 and type = $2", shop.Id, type);

    /// <summary>The next answer of the queue: how long it takes, a status, or a word.</summary>
    private async Task<IResult> AnswerAsync(HttpContext http)
    {
        using var body = await JsonDocument.ParseAsync(http.Request.Body);
        asked.Enqueue($"{http.Request.Path} {body.RootElement.GetProperty("number").GetString()}");
        Assert.True(answers.TryDequeue(out var answer), $"Nobody was to ask {http.Request.Path}.");
        if (answer is TimeSpan late) await Task.Delay(late);
        return answer is int status ? Results.StatusCode(status) : Results.Json(answer is TimeSpan ? new { number = "A-1", status = "Y", reference = "too-late" } : answer);
    }
}
