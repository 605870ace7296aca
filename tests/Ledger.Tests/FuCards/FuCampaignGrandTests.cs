using Ledger.FuCards;
using Ledger.Postgres;
using Ledger.Postgres.Paying;
using Ledger.Tests.Cli;
using Ledger.Tests.FuCards.Draws;
using Ledger.Tests.Proof;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Xunit;
using static Ledger.Tests.FuCards.FuExamples;
using static Ledger.Tests.Shop;

namespace Ledger.Tests.FuCards;

/// <summary>The grand draw over HTTP: what is published before the opening, and the way from the card to the money.</summary>
public sealed partial class FuCampaignTests
{
    [Fact]
    public async Task The_grand_prize_is_published_with_the_odds_and_never_changes()
    {
        var shop = await app.OpenShopAsync();
        var opens = SystemClock.Instance.GetCurrentInstant() + Duration.FromHours(1);
        Task<Answer> DraftAsync(string body) => shop.Client.PostAsync("/v1/fu-campaigns", body, shop.MerchantKey);
        string Grand(string grand, string pot = "\"cap\":1000000", string kind = "grand", int weight = 1) => Body("fu", opens, "2026")
            .Replace("}],\n\"sources\"", "},{\"code\":\"1006\",\"name\":\"1006\",\"kind\":\"" + kind + "\"}],\n\"sources\"", StringComparison.Ordinal)
            .Replace("24,4]", $"24,4,{weight}]", StringComparison.Ordinal).Replace("\"amount\":1000}", $"\"amount\":1000,{pot}}}{grand}", StringComparison.Ordinal);
        const string Prize = ",\"grand\":{\"prize\":4000000,\"winners\":3}";

        Expect(201, await DraftAsync(Grand(Prize)));
        foreach (var (wrong, fault) in ((string, string)[])
        [
            (Grand(""), "/grand"), (Grand(Prize, kind: "keepsake"), "/grand"), (Grand(Prize, weight: 0), "/sources"), (Grand(Prize, "\"cap\":1000001"), "/grand/prize"),
            (Grand(Prize, "\"minimum\":20"), "/grand/prize"), (Grand(",\"grand\":{\"prize\":0,\"winners\":3}"), "/grand/prize"),
            (Grand(",\"grand\":{\"prize\":5000001,\"winners\":3}"), "/grand/prize"), (Grand(",\"grand\":{\"prize\":100,\"winners\":100001}"), "/grand/winners"),
        ])
        {
            var answer = await DraftAsync(wrong);
            Assert.True(answer.Status == 400 && answer.Text.Contains($"\"{fault}\"", StringComparison.Ordinal), $"{fault}: {answer}");
        }

        var committed = Expect(200, await shop.Client.PostAsync("/v1/fu-campaigns/fu/commit", null, shop.MerchantKey));
        var page = Expect(200, await shop.Client.GetAsync("/v1/fu-campaigns/fu", shop.TillKey));
        Assert.Equal(("1006", 4_000_000, 3), (page["grand"].GetProperty("card").GetString(), page["grand"].GetProperty("prize").GetInt64(), page["grand"].GetProperty("winners").GetInt32()));
        Assert.Equal((12_000_000, committed.Said("digest")), (page["grandTotal"].GetInt64(), page.Said("digest")));
        Assert.Equal(9_900, page["sources"][0].GetProperty("partsPerMillion")[5].GetInt32());
        Assert.Equal("fu-campaign-state-forbids", (await DraftAsync(Grand(Prize.Replace("4000000", "3000000", StringComparison.Ordinal)))).Problem);
        var state = await app.Service<BookQueries>().StateAsync(shop.Id, FuStreams.CampaignOf("fu"), CancellationToken.None);
        Assert.Equal(state.Digest, state.Rules!.Commit("fu", state.SeedHash!).Digest());
        Assert.NotEqual(state.Digest, (state.Rules with { Grand = state.Rules.Grand! with { Prize = 3_999_999 } }).Commit("fu", state.SeedHash!).Digest(), StringComparer.Ordinal);
    }

    [Fact]
    public async Task From_the_grand_card_to_the_payout_with_books_and_both_verifiers_agreeing()
    {
        await using var bank = await ProviderProcess.StartAsync(faults: 0, seed: 1, ProviderProcess.FreePort());
        using var provider = new PaymentProvider(new(bank.Url, ProviderProcess.Key, TimeSpan.FromSeconds(5)));
        using var worker = new TransferWorker(app.Database, provider, app.Service<Scribes>().SubmitAsync, SystemClock.Instance, NullLogger<TransferWorker>.Instance);
        var shop = await OpenAsync(with: rules => WithGrand(rules));
        string[] users = ["a", "b", "c", "d", "e", "f"];
        foreach (var user in users) await HandAsync(shop, user, [.. Five, .. user is "a" or "b" or "c" ? (string[])["grand"] : []]);
        // d has its card from b, who drew two; e's comes too late; f has none.
        Expect(201, await DrawAsync(shop, Campaign, "b", "only-grand"));
        Expect(201, await PostAsync(shop, "b/offers", new { type = "grand" }));
        Expect(200, await PostAsync(shop, "b/offers/1/take", new { by = "d" }));
        await AtRestAsync(shop);
        foreach (var user in users)
        {
            var hand = Expect(200, await PostAsync(shop, $"{user}/compose", null));
            Assert.Equal(user is not ("e" or "f"), hand.Json.TryGetProperty("grand", out _));
        }

        Expect(201, await DrawAsync(shop, Campaign, "e", "only-grand"));
        var rules = (await StateAsync(shop)).Rules!;
        await AdvanceAsync(shop, rules.Timeline.Deadline);
        var page = Expect(200, await shop.Client.GetAsync($"/v1/fu-campaigns/{Campaign}", shop.TillKey));
        Assert.Equal(("sealed", 6, 4), (page.Said("status"), page["participants"].GetInt32(), page["grandParticipants"].GetInt32()));
        Expect(200, await RevealAsync(shop, 1_000));
        await AdvanceAsync(shop, rules.Timeline.Deadline);

        var cards = Expect(200, await shop.Client.GetAsync($"/v1/fu-campaigns/{Campaign}/cards", shop.MerchantKey)).Json.EnumerateArray().Single(sums => sums.GetProperty("type").GetString() == "grand");
        Assert.Equal((5, 1, 4, 0), (Of("minted"), Of("owned"), Of("consumed"), Of("difference")));
        long Of(string fate) => cards.GetProperty(fate).GetInt64();

        var (sum, winners) = (0L, new Dictionary<string, (long Amount, string Transfer)>(StringComparer.Ordinal));
        foreach (var user in users)
        {
            var prize = Expect(200, await PostAsync(shop, $"{user}/claim", new { account = $"acc-{user}" }))["prize"];
            sum += prize.GetProperty("amount").GetInt64();
            if (!prize.TryGetProperty("grand", out var grand)) continue;
            Assert.Equal(700, grand.GetInt64());
            winners.Add(user, (prize.GetProperty("amount").GetInt64(), prize.GetProperty("transfer").GetString()!));
        }

        Assert.Equal((2, 1_000 + (2 * 700)), (winners.Count, sum));
        Assert.All(winners.Keys, user => Assert.Contains(user, users[..4], StringComparer.Ordinal));
        await worker.CarryOutAsync();
        using var http = new HttpClient { BaseAddress = bank.Url };
        foreach (var (user, (amount, transfer)) in winners)
        {
            await UntilAsync(() => shop.Client.GetAsync($"/v1/fu-campaigns/{Campaign}/hands/{user}", shop.MerchantKey), answer => answer["prize"].GetProperty("state").GetString() == "paid");
            using var money = System.Text.Json.JsonDocument.Parse(await http.GetStringAsync($"/money/{new FuBook(shop.Id, Campaign, 0, 4).For(user).Id}/{transfer}"));
            Assert.Equal((amount, "Y"), (money.RootElement.GetProperty("amount").GetInt64(), money.RootElement.GetProperty("status").GetString()));
        }

        await AssertProofAsync(shop);
        await AdvanceAsync(shop, rules.Timeline.ClaimsUntil);
        Assert.Equal(new FuEnd(6, 2_400, 0), (await StateAsync(shop)).End);
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    private async Task AssertProofAsync(Shop shop)
    {
        var proof = Expect(200, await shop.Client.GetAsync($"/v1/fu-campaigns/{Campaign}/proof", shop.TillKey)).Text;
        var state = await StateAsync(shop);
        Assert.Equal(new(null, 35, 6, 1_000, 1_400), Proofs.Check(proof.Split('\n')[..^1], new(state.Digest, state.Root, 1_000, "00ff")));
        using var folder = new TemporaryFolder();
        folder.Write("proof.ndjson", proof);
        var command = await Invocation.RunAsync(["audit", "draw-verify", Path.Combine(folder.Path, "proof.ndjson"), "--commitment", state.Digest!, "--root", state.Root!]);
        Assert.True(command.Code == 0 && command.Out.Contains("1,400", StringComparison.Ordinal), command.Error);
        if (!PythonFactAttribute.IsThere) return;
        var script = Path.Combine(Repository.Root, "samples", "fu-verifier", "verify.py");
        var (code, text) = await ProofTests.PythonAsync(script, Path.Combine(folder.Path, "proof.ndjson"), "--commitment", state.Digest!, "--root", state.Root!);
        Assert.True(code == 0 && text.Contains("35 draws and 6 tickets agree; prizes 1000, grand prizes 1400.", StringComparison.Ordinal), text);
    }
}
