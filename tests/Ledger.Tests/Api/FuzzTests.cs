using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Ledger.Api;
using Xunit;
using Xunit.Abstractions;

namespace Ledger.Tests.Api;

/// <summary>
/// Random requests for every operation of the OpenAPI document, against the built service: never a 5xx other than 503, and always the type that
/// the document says. <c>LEDGER_FUZZ_SECONDS</c> says how long (default 10), <c>LEDGER_SEED</c> repeats a run. The public address of coupons is asked too; what
/// a payment provider calls is not, as it is signed and nothing random is read.
/// </summary>
public sealed class FuzzTests(LedgerDatabase database, ITestOutputHelper output) : IClassFixture<LedgerDatabase>
{
    /// <summary>Rounds at the most after the time is up, until every operation was reached.</summary>
    private const int MostRounds = 60;

    /// <summary>What a request is told before its operation sees it.</summary>
    private static readonly string[] Edge =
    [
        "no-such-route", "method-not-allowed", "not-authenticated", "not-permitted", "merchant-unknown", "idempotency-key-missing", "unsupported-media-type", "body-too-large", "throttled",
    ];

    /// <summary>Stands outside the document: customers' pages ask it without a key.</summary>
    private static readonly FuzzedOperation PublicCoupon = new(
        "getPublicCoupon", HttpMethod.Get, "/v1/public/coupons/{merchant}/{code}", [("merchant", "path"), ("code", "path")], [], null, null,
        new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal) { ["200"] = ["application/json"] });

    private static readonly string[] Keys = ["key-1", "key-2", "", "two words", new('k', 256), "ключ"];

    [Fact]
    public async Task No_request_makes_the_service_fail()
    {
        var seed = Setting("LEDGER_SEED", 20260217);
        var random = new Random(seed);
        await using var service = await LedgerProcess.StartAsync(database.ConnectionString);
        var platform = await database.Source.PlatformKeyAsync();
        var shop = await Shop.OpenAsync(service.Client, platform);
        await shop.CampaignAsync("spring");
        var code = await shop.IssueAsync("spring");
        List<FuzzedOperation> operations = [.. await FuzzedOperation.AllAsync(service.Client), PublicCoupon];
        Assert.InRange(operations.Count, 20, 500);
        var unreached = operations.Select(operation => operation.ToString()).ToHashSet(StringComparer.Ordinal);
        var known = Problems.All.ToDictionary(problem => problem.Slug, StringComparer.Ordinal);
        var statuses = new SortedDictionary<int, int>();
        var (sent, clock, limit) = (0, Stopwatch.StartNew(), TimeSpan.FromSeconds(Setting("LEDGER_FUZZ_SECONDS", 10)));
        for (var round = 0; clock.Elapsed < limit || (unreached.Count > 0 && round < MostRounds); round++)
        {
            foreach (var operation in operations)
            {
                sent++;
                using var request = RequestFor(operation, random, shop, platform, code);
                var asked = $"request {sent} of seed {seed}: {operation.Method} {request.RequestUri} {(request.Content is null ? "" : await request.Content.ReadAsStringAsync())}";
                using var response = await service.Client.Http.SendAsync(request);
                var answer = new Answer((int)response.StatusCode, await response.Content.ReadAsStringAsync(), response.Content.Headers.ContentType?.MediaType, response.Headers);
                statuses[answer.Status] = statuses.GetValueOrDefault(answer.Status) + 1;
                AssertAsDocumented(operation, answer, known, asked);
                if (IsReached(operation, request, answer)) unreached.Remove(operation.ToString());
            }
        }

        Assert.True(unreached.Count == 0, $"Nothing but the edge answered for {string.Join(", ", unreached)}");
        Assert.True((await service.Client.SendAsync(HttpMethod.Get, "/healthz/ready", null, null)).Status == 200, service.Log);
        var next = await Shop.OpenAsync(service.Client, platform);
        await next.CampaignAsync("spring");
        Shop.Expect(201, await next.RedeemAsync(await next.IssueAsync("spring")));
        await Proof.Books.AssertSoundAsync(database.Source);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{sent} requests to {operations.Count} operations: {string.Join(", ", statuses.Select(s => $"{s.Value} × {s.Key}"))}"));
    }

    private static void AssertAsDocumented(FuzzedOperation operation, Answer answer, Dictionary<string, ProblemType> known, string asked)
    {
        Assert.True(answer.Status < 500 || answer.Status == 503, $"{asked}\n{answer}");
        if (answer.Status >= 400)
        {
            Assert.True(known.TryGetValue(answer.Problem, out var problem) && problem.Status == answer.Status && answer["status"].GetInt32() == answer.Status, $"{asked}\n{answer}");
            Assert.Equal(answer.Json.EnumerateObject().Count(), answer.Json.EnumerateObject().Select(member => member.Name).Distinct(StringComparer.Ordinal).Count());
        }
        else
        {
            var status = answer.Status.ToString(CultureInfo.InvariantCulture);
            Assert.True(operation.Answers.TryGetValue(status, out var types) && types.Contains(answer.MediaType, StringComparer.Ordinal), $"{asked}\n{answer}");
        }
    }

    // A parameter that an operation does not know is refused before it sees the request, and so is a till that names itself wrongly.
    private static bool IsReached(FuzzedOperation operation, HttpRequestMessage request, Answer answer)
    {
        var isStray = (request.RequestUri!.OriginalString.Contains('?', StringComparison.Ordinal) && operation.Parameters.All(parameter => parameter.Place != "query"))
            || request.Headers.Contains(Headers.TillId);
        return !Edge.Contains(answer.Problem, StringComparer.Ordinal) && !(isStray && answer.Problem == "malformed-request");
    }

    private static HttpRequestMessage RequestFor(FuzzedOperation operation, Random random, Shop shop, string platform, string code)
    {
        var body = new FuzzedBody(random);
        var (path, query) = (operation.Path, new List<string>());
        var request = new HttpRequestMessage { Method = operation.Method };
        foreach (var (name, place) in operation.Parameters)
        {
            var value = random.Next(4) == 0 ? code : random.Next(8) == 0 ? shop.Id : random.Next(3) == 0 ? random.Next(-5, 2000).ToString(CultureInfo.InvariantCulture) : body.Word();
            if (place == "path") path = path.Replace($"{{{name}}}", Uri.EscapeDataString(value), StringComparison.Ordinal);
            else if (place == "query" && random.Next(2) == 0) query.Add($"{name}={Uri.EscapeDataString(value)}");
        }

        if (random.Next(20) == 0) query.Add($"{body.Word().Length}={random.Next()}");
        request.RequestUri = new($"{path}{(query.Count > 0 ? "?" : "")}{string.Join('&', query)}", UriKind.Relative);
        Header("Idempotency-Key", random.Next(5) > 0 ? LedgerClient.NewKey() : Keys[random.Next(Keys.Length)]);
        if (random.Next(2) == 0) Header("If-Match", random.Next(2) == 0 ? "\"1\"" : body.Word());
        if (random.Next(10) == 0) Header("Correlation-Id", body.Word());
        if (random.Next(8) == 0)
        {
            Header(Headers.TillId, random.Next(8) > 0 ? Shop.Till : body.Word());
            if (random.Next(8) > 0) Header(Headers.TillSeq, random.Next(-1, 2000).ToString(CultureInfo.InvariantCulture));
        }

        var key = random.Next(12) switch { < 6 => platform, < 9 => shop.MerchantKey, 9 => shop.TillKey, 10 => body.Word(), _ => null };
        if (key is not null) Header("Authorization", $"Bearer {key}");
        if (key == platform && random.Next(10) > 0 || random.Next(20) == 0) Header("Ledger-Merchant", random.Next(10) > 0 ? shop.Id : body.Word());
        if (operation.BodyTypes.Count > 0 && random.Next(30) > 0)
        {
            var type = operation.BodyTypes[random.Next(operation.BodyTypes.Count)];
            var text = type switch { "application/json" => body.Of(operation), "text/csv" => Lines(body.Word), _ => Lines(() => body.Of(operation)) };
            request.Content = new StringContent(text.Replace("0000000000000", code, StringComparison.Ordinal), Encoding.UTF8, new MediaTypeHeaderValue(random.Next(30) > 0 ? type : "text/plain"));
        }

        return request;

        string Lines(Func<string> line) => string.Join('\n', Enumerable.Range(0, random.Next(1, 6)).Select(_ => line()));

        // Only ASCII can stand in a header that HttpClient sends.
        void Header(string name, string value) => request.Headers.TryAddWithoutValidation(name, new string([.. value.Where(char.IsAscii)]));
    }

    private static int Setting(string name, int absent) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : absent;
}
