using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using Xunit;

namespace Ledger.Tests.Cli;

public sealed class ImportTests
{
    private static readonly string Sample = Path.Combine(Repository.Root, "samples", "journey");

    private static Task<Invocation> JourneyAsync(FakeService service, params string[] more) =>
        Invocation.RunAsync(["import", "complete-journey", Sample, "--key", "lk_test_key", "--check", Path.Combine(Sample, "expected"), .. more], service);

    [Fact]
    public async Task The_sample_agrees_with_its_expected_answers()
    {
        using var service = new FakeService();
        var run = await JourneyAsync(service, "--json");
        Assert.Equal("", string.Join('\n', run.Error.Split('\n').Where(line => line.StartsWith("Different", StringComparison.Ordinal))));
        Assert.Equal(0, run.Code);
        using var summary = JsonDocument.Parse(run.Out);
        Assert.Equal((597, 40, 0), (Number("issued"), Number("redeemed"), Number("refused")));
        Assert.Empty(summary.RootElement.GetProperty("differences").EnumerateArray());
        Assert.Equal((597, 40), (service.Issued, service.Redeemed));

        int Number(string name) => summary.RootElement.GetProperty(name).GetInt32();
    }

    [Fact]
    public async Task The_full_reading_issues_to_everyone_in_chunks_of_2000_lines()
    {
        using var service = new FakeService();
        var run = await JourneyAsync(service, "--full");
        Assert.Equal((0, 1377), (run.Code, service.Issued));
        Assert.Contains(service.Keys, key => key == "cj-full-issue-3-1");
    }

    [Fact]
    public async Task A_second_run_sends_the_same_requests_and_changes_nothing()
    {
        using var service = new FakeService();
        await JourneyAsync(service);
        var (first, bodies) = (service.Keys.Order(StringComparer.Ordinal).ToArray(), service.Bodies.Order(StringComparer.Ordinal).ToArray());
        service.Keys.Clear();
        service.Bodies.Clear();

        var run = await JourneyAsync(service);
        Assert.Equal((0, 597, 40), (run.Code, service.Issued, service.Redeemed));
        Assert.Equal(first, service.Keys.Order(StringComparer.Ordinal).ToArray());
        Assert.Equal(bodies, service.Bodies.Order(StringComparer.Ordinal).ToArray());
        Assert.Equal(first.Length, first.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task An_interrupted_run_is_taken_up_again()
    {
        using var stop = new CancellationTokenSource();
        using var service = new FakeService
        {
            Fault = (number, _) =>
            {
                if (number == 30) stop.Cancel();
                return null;
            },
        };
        var args = new[] { "import", "complete-journey", Sample, "--key", "lk_test_key" };
        var broken = await Invocation.RunAsync(args, service, cancellation: stop.Token);
        Assert.Equal((1, true), (broken.Code, broken.Error.Contains("run the same command again", StringComparison.Ordinal)));
        Assert.DoesNotContain("begun before", broken.Error, StringComparison.Ordinal);

        var resumed = await Invocation.RunAsync(args, service);
        Assert.Equal((0, 597, 40), (resumed.Code, service.Issued, service.Redeemed));
        Assert.Contains("This import was begun before: what is there is not done again.", resumed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Overload_lost_connections_and_broken_answers_are_tried_again()
    {
        using var service = new FakeService
        {
            Fault = (number, _) => (number % 12) switch
            {
                2 => Busy(),
                5 => throw new HttpRequestException("Connection reset by peer"),
                8 => throw new SocketException((int)SocketError.NotConnected),
                11 => FakeService.Problem(HttpStatusCode.BadGateway, "The proxy lost the service"),
                _ => null,
            },
        };
        var run = await JourneyAsync(service);
        Assert.Equal((0, 597, 40), (run.Code, service.Issued, service.Redeemed));
        Assert.DoesNotContain("begun before", run.Error, StringComparison.Ordinal);

        static HttpResponseMessage Busy()
        {
            var busy = FakeService.Problem(HttpStatusCode.ServiceUnavailable, "Too much to do");
            busy.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(1));
            return busy;
        }
    }

    [Fact]
    public async Task A_refused_coupon_is_told_and_every_figure_that_differs()
    {
        var isFirst = true;
        using var service = new FakeService { Refuses = campaign => campaign == "cj-1" && isFirst && !(isFirst = false) };
        var run = await JourneyAsync(service);
        Assert.Equal(1, run.Code);
        Assert.Contains("Refused: cj-issue-1-1 line 1: The campaign has ended.", run.Error, StringComparison.Ordinal);
        Assert.Contains("Different: campaign cj-1 issued: expected 360, the service reports 359.", run.Error, StringComparison.Ordinal);
        Assert.Contains("Different: merchant issued: expected 597, the service reports 596.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_is_not_there_is_told()
    {
        using var service = new FakeService { Fault = (_, _) => throw new HttpRequestException("Connection refused") };
        var run = await JourneyAsync(service);
        Assert.Equal(1, run.Code);
        Assert.Contains("does not answer", run.Error, StringComparison.Ordinal);
        Assert.InRange(service.Requests, 1, 3);
    }

    [Fact]
    public async Task A_wrong_key_is_told()
    {
        using var service = new FakeService();
        var run = await Invocation.RunAsync(["import", "complete-journey", Sample, "--key", "lk_test_other"], service);
        Assert.Equal(1, run.Code);
        Assert.Contains("keys create --scope platform --may-import", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dry_run_meets_no_service()
    {
        var run = await Invocation.RunAsync(["import", "complete-journey", Sample, "--dry-run"]);
        Assert.Equal((0, "merchants  stores  campaigns  coupons  redemptions\n        1       5          3      597           40\n"), (run.Code, run.Out));
    }

    [Fact]
    public async Task Koubeis_rows_become_merchants_campaigns_and_coupons()
    {
        using var folder = new TemporaryFolder();
        folder.Write("coupons-received-2016-07.csv", """
            User_id,Merchant_id,Coupon_id,Discount_rate,Distance,Date_received
            4129537,450,9983,30:5,1,20160712
            6949378,450,9983,30:5,null,20160706
            6949378,450,3429,0.95,null,20160706
            2166529,7113,6928,200:20,5,20160731
            """);
        folder.Write("koubei-merchants.csv", "merchant_id,issued,members,campaigns,fixed_value_issued,face_value_fen\n450,3,2,2,2,1000\n7113,1,1,1,1,2000\n");
        folder.Write("koubei-days.csv", "date,issued\n20160706,2\n20160712,1\n20160731,2\n");
        using var service = new FakeService();
        var run = await Invocation.RunAsync(["import", "koubei", folder.Path, "--key", "lk_test_key", "--check", folder.Path], service);
        Assert.Equal(1, run.Code);
        Assert.Equal(
            ["Different: day 2016-07-31 issued: expected 2, the service reports 1."],
            run.Error.Split('\n').Where(line => line.StartsWith("Different", StringComparison.Ordinal)).ToArray());
        const string Campaign =
            """{"id":"c-3429","name":"Coupon 3429","quota":1,"startsAt":"2016-06-30T16:00:00.000000Z","endsAt":"2016-08-31T16:00:00.000000Z","terms":{"benefit":{"kind":"percentage","offBasisPoints":500,"rounding":"floor"},"minimumSpend":0,"validity":{"windowStart":"2016-06-30T16:00:00.000000Z","windowEnd":"2016-08-31T16:00:00.000000Z","waitDays":0,"validDays":15}}}""";
        Assert.Contains(service.Bodies, body => body == Campaign);
        Assert.Contains(
            """{"campaign":"c-9983","member":"u-4129537","businessTime":"2016-07-12T04:00:00.000000Z","ref":"2"}""" + "\n",
            string.Concat(service.Bodies), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2_000, "koubei-issue-1-1")]
    [InlineData(2_001, "koubei-issue-1-1", "koubei-issue-1-2")]
    [InlineData(4_000, "koubei-issue-1-1", "koubei-issue-1-2")]
    public async Task Coupons_go_out_in_chunks_of_2000(int rows, params string[] expected)
    {
        using var folder = new TemporaryFolder();
        var lines = Enumerable.Range(1, rows).Select(user => $"{user},1,2,20:1,1,20160712");
        folder.Write("coupons-received-2016-07.csv", "User_id,Merchant_id,Coupon_id,Discount_rate,Distance,Date_received\n" + string.Join('\n', lines));
        using var service = new FakeService();
        Assert.Equal(0, (await Invocation.RunAsync(["import", "koubei", folder.Path, "--key", "lk_test_key"], service)).Code);
        Assert.Equal(expected, service.Keys.Where(key => key.StartsWith("koubei-issue", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToArray());
        Assert.Equal(rows, service.Issued);
    }

    [Theory]
    [InlineData("5", "is no discount rate")]
    [InlineData("1", "is no discount rate")]
    [InlineData("30:x", "is no discount rate")]
    [InlineData("0.99999", "is no discount rate")]
    [InlineData("", "is no discount rate")]
    public async Task A_rate_that_is_none_is_told(string rate, string expected)
    {
        using var folder = new TemporaryFolder();
        folder.Write("coupons-received-2016-07.csv", $"User_id,Merchant_id,Coupon_id,Discount_rate,Distance,Date_received\n1,2,3,{rate},1,20160712\n");
        var run = await Invocation.RunAsync(["import", "koubei", folder.Path, "--dry-run"]);
        Assert.Equal(1, run.Code);
        Assert.Contains("line 2", run.Error, StringComparison.Ordinal);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }
}
