using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ledger.Tests.Cli;

/// <summary>
/// The part of the service that importers meet, kept in memory: one key, one outcome; faults on demand; and the totals of its reports
/// counted from what it accepted.
/// </summary>
internal sealed class FakeService : HttpMessageHandler
{
    private readonly Lock gate = new();
    private readonly Dictionary<(string Merchant, string Key), (string Body, string Answer)> outcomes = [];
    private readonly Dictionary<string, (string Merchant, string Campaign, string Member, string Day)> coupons = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (int Amount, string Day)> redemptions = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Merchant, string Campaign), JsonObject> campaigns = [];
    private int lag = 2;

    /// <summary>Is asked before every request, by its number from 1; an answer takes the place of the service's.</summary>
    public Func<int, HttpRequestMessage, HttpResponseMessage?> Fault { get; init; } = (_, _) => null;

    /// <summary>Is asked before every coupon, by its campaign; true refuses it.</summary>
    public Func<string, bool> Refuses { get; init; } = _ => false;

    public int Requests { get; private set; }

    public int Issued => coupons.Count;

    public int Redeemed => redemptions.Count;

    public List<string> Keys { get; } = [];

    public List<string> Bodies { get; } = [];

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
        lock (gate)
        {
            Requests++;
            if (Fault(Requests, request) is { } fault) return fault;
            if (request.Headers.Authorization?.Parameter != "lk_test_key") return Problem(HttpStatusCode.Unauthorized, "Who are you?");
            var merchant = request.Headers.GetValues("Ledger-Merchant").Single();
            return request.Method == HttpMethod.Get ? Report(merchant, request.RequestUri!) : Post(merchant, request, body);
        }
    }

    public static HttpResponseMessage Problem(HttpStatusCode status, string title) => new(status)
    {
        Content = new StringContent(new JsonObject { ["title"] = title, ["status"] = (int)status }.ToJsonString(), Encoding.UTF8, "application/problem+json"),
    };

    private HttpResponseMessage Post(string merchant, HttpRequestMessage request, string body)
    {
        var key = request.Headers.GetValues("Idempotency-Key").Single();
        var path = request.RequestUri!.AbsolutePath;
        Keys.Add(key);
        Bodies.Add(body);
        if (outcomes.TryGetValue((merchant, key), out var known) && known.Body != body) return Problem(HttpStatusCode.UnprocessableEntity, "The idempotency key was used for another request");
        var answer = known.Answer ?? (path == "/v1/coupons/batch" ? Issue(merchant, body) : One(merchant, path, JsonNode.Parse(body.Length == 0 ? "{}" : body)!.AsObject()));
        if (answer.Length == 0) return Problem(HttpStatusCode.Conflict, "The coupon was used already");
        outcomes[(merchant, key)] = (body, answer);
        var response = new HttpResponseMessage(HttpStatusCode.Created) { Content = new StringContent(answer, Encoding.UTF8) };
        if (known.Answer is not null) response.Headers.Add("Idempotency-Replayed", "true");
        return response;
    }

    private string Issue(string merchant, string body)
    {
        var answers = new StringBuilder();
        foreach (var (i, text) in body.Split('\n', StringSplitOptions.RemoveEmptyEntries).Index())
        {
            var line = JsonNode.Parse(text)!;
            var name = (string)line["ref"]!;
            var code = string.Create(CultureInfo.InvariantCulture, $"code{coupons.Count}");
            var campaign = (string)line["campaign"]!;
            if (Refuses(campaign))
            {
                answers.Append(new JsonObject { ["line"] = i + 1, ["status"] = 422, ["problem"] = new JsonObject { ["title"] = "The campaign has ended" } }.ToJsonString()).Append('\n');
                continue;
            }

            coupons[code] = (merchant, campaign, (string)line["member"]!, ((string)line["businessTime"]!)[..10]);
            answers.Append(new JsonObject { ["line"] = i + 1, ["ref"] = name, ["status"] = 201, ["coupon"] = new JsonObject { ["code"] = code } }.ToJsonString()).Append('\n');
        }

        return answers.ToString();
    }

    private string One(string merchant, string path, JsonObject body)
    {
        if (path == "/v1/campaigns") campaigns[(merchant, (string)body["id"]!)] = body;
        if (path != "/v1/redemptions") return "{}";
        var code = (string)body["code"]!;
        return redemptions.TryAdd(code, ((int)body["amount"]!, ((string)body["businessTime"]!)[..10])) ? $$"""{"redemptionId":"{{code}}-1"}""" : "";
    }

    private HttpResponseMessage Report(string merchant, Uri url)
    {
        var mine = coupons.Where(pair => pair.Value.Merchant == merchant).ToList();
        JsonNode answer = url.AbsolutePath switch
        {
            "/v1/reports/merchant" => Totals(merchant, mine),
            "/v1/reports/campaigns" => new JsonObject
            {
                ["data"] = new JsonArray([.. mine.GroupBy(pair => pair.Value.Campaign, StringComparer.Ordinal).Select(group =>
                {
                    var totals = Totals(merchant, [.. group]);
                    totals["campaign"] = group.Key;
                    return (JsonNode)totals;
                })]),
            },
            _ => Days(mine, url.Query),
        };
        return new(HttpStatusCode.OK) { Content = new StringContent(answer.ToJsonString(), Encoding.UTF8, "application/json") };
    }

    private JsonObject Totals(string merchant, List<KeyValuePair<string, (string Merchant, string Campaign, string Member, string Day)>> mine)
    {
        var used = mine.Where(pair => redemptions.ContainsKey(pair.Key)).ToList();
        var values = mine.Select(pair => (int?)campaigns[(merchant, pair.Value.Campaign)]["terms"]!["benefit"]!["off"]).OfType<int>().ToList();
        return new()
        {
            ["merchant"] = merchant,
            ["campaigns"] = campaigns.Keys.Count(key => key.Merchant == merchant),
            ["issued"] = mine.Count,
            ["redeemed"] = used.Count,
            ["members"] = mine.Select(pair => pair.Value.Member).Distinct(StringComparer.Ordinal).Count(),
            ["membersRedeeming"] = used.Select(pair => pair.Value.Member).Distinct(StringComparer.Ordinal).Count(),
            ["amount"] = used.Sum(pair => redemptions[pair.Key].Amount),
            ["discount"] = used.Sum(pair => redemptions[pair.Key].Amount),
            ["faceValued"] = values.Count,
            ["faceValue"] = values.Sum(),
            ["lagSeconds"] = 0,
            ["lagEntries"] = lag > 0 ? lag-- : 0,
        };
    }

    private JsonObject Days(List<KeyValuePair<string, (string Merchant, string Campaign, string Member, string Day)>> mine, string query)
    {
        var (from, to) = (query[6..16], query[20..30]);
        var days = new JsonArray();
        var facts = mine.Select(pair => (pair.Value.Day, Issued: 1, Redeemed: 0))
            .Concat(mine.Where(pair => redemptions.ContainsKey(pair.Key)).Select(pair => (redemptions[pair.Key].Day, Issued: 0, Redeemed: 1)));
        foreach (var day in facts.GroupBy(fact => fact.Day, StringComparer.Ordinal).Where(day => string.CompareOrdinal(day.Key, from) >= 0 && string.CompareOrdinal(day.Key, to) < 0))
        {
            days.Add(new JsonObject { ["day"] = day.Key, ["store"] = "", ["issued"] = day.Sum(fact => fact.Issued), ["redeemed"] = day.Sum(fact => fact.Redeemed) });
        }

        return new() { ["data"] = days };
    }
}
