using System.Diagnostics;
using System.Net;
using System.Text;
using Ledger.Tests.Proof;
using Npgsql;
using Xunit;

namespace Ledger.Tests.Api;

/// <summary>The built service tells a collector of OpenTelemetry what it does.</summary>
public sealed class TelemetryTests(LedgerDatabase database) : IClassFixture<LedgerDatabase>
{
    [Fact]
    public async Task A_request_is_traced_under_the_id_that_its_answer_carries_and_the_scribes_are_measured()
    {
        await using var collector = await OtlpCollector.StartAsync();
        await using var service = await LedgerProcess.StartAsync(database.ConnectionString, port: 0, collector.Settings);

        using var answer = await service.Client.Http.GetAsync(new Uri("v1/campaigns", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        var id = Convert.FromHexString(answer.Headers.GetValues("Request-Id").Single());

        await collector.UntilHeardAsync("traces", id);
        await collector.UntilHeardAsync("traces", "/v1/campaigns"u8.ToArray());
        await collector.UntilHeardAsync("metrics", "ledger.scribe.queue.length"u8.ToArray());
    }

    [Fact]
    public async Task Who_waits_for_a_scribe_is_counted_and_so_is_how_many_a_batch_holds_and_how_long_it_and_its_commit_take()
    {
        const int Tills = 20;
        await using var collector = await OtlpCollector.StartAsync();
        await using var service = await LedgerProcess.StartAsync(database.ConnectionString, port: 0, collector.Settings);
        var shop = await Shop.OpenAsync(service.Client, await database.Source.PlatformKeyAsync());
        await shop.CampaignAsync("spring");
        var codes = new List<string>();
        while (codes.Count < Tills) codes.Add(await shop.IssueAsync("spring"));
        var before = await collector.NextAsync();

        // One redemption waits for its book, alone in its batch; the others wait for the scribe, and fill the next one.
        var clock = Stopwatch.StartNew();
        var redeeming = new List<Task<Answer>>();
        await using (await Hold.TakeAsync(database.Source, shop.Id, () => RedeemAsync(codes[0])))
        {
            foreach (var code in codes.Skip(1)) _ = RedeemAsync(code);
            var waiting = await collector.UntilAsync($"{Tills - 1} operations wait", figures => Of(figures, "ledger.scribe.queue.length").Value == Tills - 1);
            Assert.Equal("{operation}", Of(waiting, "ledger.scribe.queue.length").Unit);
        }

        foreach (var answer in await Task.WhenAll(redeeming)) Shop.Expect(201, answer);
        var after = await collector.NextAsync();
        var (size, duration, commit) = (Grown("ledger.scribe.batch.size"), Grown("ledger.scribe.batch.duration"), Grown("ledger.scribe.commit.duration"));
        Assert.Equal(("{operation}", 2L, (double)Tills, Tills - 1d), (size.Unit, size.Count, size.Value, size.Max));
        Assert.Equal(("s", 2L, "s", 2L), (duration.Unit, duration.Count, commit.Unit, commit.Count));
        // One book's batches follow each other, and a commit is a part of its batch: in any other unit than seconds they would not fit into the time that passed.
        Assert.InRange(commit.Value, double.Epsilon, duration.Value);
        Assert.InRange(duration.Value, commit.Value, clock.Elapsed.TotalSeconds);
        Assert.Equal(0, Of(after, "ledger.scribe.queue.length").Value);

        Task RedeemAsync(string code)
        {
            var redemption = shop.RedeemAsync(code);
            redeeming.Add(redemption);
            return redemption;
        }

        Figure Grown(string metric)
        {
            var (then, now) = (Of(before, metric), Of(after, metric));
            return now with { Value = now.Value - then.Value, Count = now.Count - then.Count };
        }
    }

    [Fact]
    public async Task A_reader_that_stands_still_falls_behind_in_entries_and_seconds_until_it_has_caught_up()
    {
        await using var collector = await OtlpCollector.StartAsync();
        await using var service = await LedgerProcess.StartAsync(database.ConnectionString, port: 0, collector.Settings);
        var shop = await Shop.OpenAsync(service.Client, await database.Source.PlatformKeyAsync());
        await shop.CampaignAsync("spring");

        // As another instance would that is at work with this reader, and never done.
        await using var other = await database.Source.OpenConnectionAsync();
        await using var working = await other.BeginTransactionAsync();
        await using (var take = new NpgsqlCommand("select pg_advisory_xact_lock(hashtextextended('ledger/reader/campaign_totals', 0))", other)) await take.ExecuteNonQueryAsync();
        Shop.Expect(201, await shop.RedeemAsync(await shop.IssueAsync("spring")));
        var behind = await database.Source.AskAsync<long>(
            """
            select sum(b.head - coalesce(p.seq_id, 0))::bigint
            from ledger.books as b left join ledger.progress as p on p.tenant_id = b.tenant_id and p.reader = 'campaign_totals'
            """);
        Assert.InRange(behind, 2, long.MaxValue);

        var lagging = await collector.UntilAsync($"campaign_totals is {behind} entries and some seconds behind, and store_days is not", figures =>
            Lag(figures, "entries", "campaign_totals")?.Value == behind && Lag(figures, "seconds", "campaign_totals")?.Value > 0 && Lag(figures, "entries", "store_days")?.Value == 0);
        Assert.Equal(("{entry}", "s"), (Lag(lagging, "entries", "campaign_totals")!.Unit, Lag(lagging, "seconds", "campaign_totals")!.Unit));
        var oldest = await database.Source.AskAsync<long>("select ceil(extract(epoch from clock_timestamp() - min(timestamp)))::bigint from ledger.mt_events");
        Assert.InRange(Lag(lagging, "seconds", "campaign_totals")!.Value, 1, oldest);

        await working.RollbackAsync();
        await collector.UntilAsync("campaign_totals has caught up", figures =>
            Lag(figures, "entries", "campaign_totals")?.Value == 0 && Lag(figures, "seconds", "campaign_totals")?.Value == 0);
    }

    [Fact]
    public async Task No_key_code_or_password_is_exported()
    {
        const string Guessed = "lk_test_guessed_by_somebody";
        const string RequestKey = "request-key-of-a-till";
        await using var collector = await OtlpCollector.StartAsync();
        await using var service = await LedgerProcess.StartAsync(database.ConnectionString, port: 0, collector.Settings);
        var platform = await database.Source.PlatformKeyAsync();
        var shop = await Shop.OpenAsync(service.Client, platform);
        await shop.CampaignAsync("spring");
        var code = await shop.IssueAsync("spring");
        Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{code}", shop.TillKey));
        Shop.Expect(201, await shop.RedeemAsync(code, RequestKey));
        Shop.Expect(200, await shop.Client.GetAsync($"/v1/requests/{RequestKey}", shop.TillKey));
        var last = Shop.Expect(401, await shop.Client.GetAsync("/v1/merchant", Guessed));

        foreach (var route in (string[])["/v1/coupons/{code}", "/v1/redemptions", "/v1/requests/{key}"]) await collector.UntilHeardAsync("traces", Encoding.UTF8.GetBytes(route));
        await collector.UntilHeardAsync("traces", Convert.FromHexString(last.Headers.GetValues("Request-Id").Single()));
        await collector.NextAsync();
        var exported = collector.Heard("traces").Concat(collector.Heard("metrics")).ToList();
        string[] secrets = [platform, shop.MerchantKey, shop.TillKey, Guessed, RequestKey, code, new NpgsqlConnectionStringBuilder(database.ConnectionString).Password!];
        Assert.All(secrets, secret => Assert.DoesNotContain(exported, body => body.AsSpan().IndexOf(Encoding.UTF8.GetBytes(secret)) >= 0));
    }

    private static Figure Of(IEnumerable<Figure> figures, string metric) => figures.Single(figure => figure.Metric == metric);

    private static Figure? Lag(IEnumerable<Figure> figures, string of, string reader) =>
        figures.SingleOrDefault(figure => figure.Metric == $"ledger.reader.lag.{of}" && figure.Reader == reader);
}
