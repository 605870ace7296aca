using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ledger.Samples.PaymentProvider;

const string Help = """
    Plays a payment provider: takes signed orders, moves money between accounts of its own, and goes wrong as often as told.

    Usage: PROVIDER_KEY=<secret> dotnet run --project samples/payment-provider -- [options]

      --urls <address>      Where it listens. Default http://127.0.0.1:5090
      --callback <address>  The ledger, told of what is done: POST /v1/provider-callbacks. Absent: nobody is told
      --faults <percent>    Requests that go wrong: lost before or after they are done, answered late, done later, declined. Default 0
      --seed <n>            Repeats the same faults. Default 1
      --late <ms>           How late an answer is that comes late. Default 6000
      --opening <amount>    What an account has that was never heard of, in minor units. Default 1000000

    PROVIDER_KEY is the secret shared with the ledger (Provider:Key there). GET /money and /money/{merchant}/{number} show its record,
    POST /accounts {"account":"a","balance":0} sets a balance; these two need no signature, so let nobody else reach it.
    """;

if (args.Contains("--help", StringComparer.Ordinal))
{
    Console.WriteLine(Help);
    return 0;
}

var builder = WebApplication.CreateSlimBuilder(args);
var settings = builder.Configuration;
if (settings["PROVIDER_KEY"] is not { Length: >= 32 } secret)
{
    await Console.Error.WriteLineAsync("Set PROVIDER_KEY to a secret of at least 32 characters. See --help.");
    return 2;
}

builder.Logging.SetMinimumLevel(LogLevel.Warning);
if (settings["urls"] is null) builder.WebHost.UseUrls("http://127.0.0.1:5090");
var (key, json) = (Encoding.UTF8.GetBytes(secret), new JsonSerializerOptions(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull });
var (bank, faults) = (new Bank(settings.GetValue("opening", 1_000_000L)), new Faults(settings.GetValue("faults", 0), settings.GetValue("seed", 1)));
var (late, callback) = (settings.GetValue("late", 6_000), settings["callback"]);
using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
await using var app = builder.Build();

app.MapPost("/v1/transfers", (Delegate)((HttpContext call) => SignedAsync<Order>(call, TransferAsync)));
app.MapPost("/v1/transfers/query", (Delegate)((HttpContext call) => SignedAsync<Question>(call, QueryAsync)));
app.MapPost("/v1/admissions", (Delegate)((HttpContext call) => SignedAsync<Question>(call, (_, ask) => AnswerAsync(call, ask.Account?.StartsWith("no-", StringComparison.Ordinal) == true
    ? new Word(ask.Merchant, ask.Number, "N", null, null, "NOT_ADMITTED")
    : new Word(ask.Merchant, ask.Number, "Y", null, $"admitted-{ask.Merchant}-{ask.Number}", null)))));
app.MapPost("/v1/agreements", (Delegate)((HttpContext call) => SignedAsync<Question>(
    call, (_, ask) => AnswerAsync(call, new Word(ask.Merchant, ask.Number, "Y", null, $"agreed-{ask.Merchant}-{ask.Number}", null)))));
app.MapGet("/money", () => Results.Json(bank.Money(), json));
app.MapGet("/money/{merchant}/{number}", (string merchant, string number) => bank.MoneyOf(merchant, number) is { } entry ? Results.Json(entry, json) : Results.NotFound());
app.MapPost("/accounts", (Deposit deposit) => bank.Set(deposit));
app.Lifetime.ApplicationStarted.Register(() => Console.WriteLine($"The provider is ready at {app.Urls.First()}"));
await app.RunAsync();
return 0;

async Task<IResult> SignedAsync<T>(HttpContext call, Func<HttpContext, T, Task<IResult>> handler)
{
    using var buffer = new MemoryStream();
    await call.Request.Body.CopyToAsync(buffer);
    var body = buffer.ToArray();
    var said = Encoding.UTF8.GetBytes(call.Request.Headers["Ledger-Signature"].ToString());
    if (!CryptographicOperations.FixedTimeEquals(said, Encoding.UTF8.GetBytes(Sign(call.Request.Path, body)))) return Results.Unauthorized();
    return JsonSerializer.Deserialize<T>(body, json) is { } value ? await handler(call, value) : Results.BadRequest();
}

async Task<IResult> TransferAsync(HttpContext call, Order order)
{
    if (order.Amount <= 0) return Results.BadRequest();
    var fault = faults.Next();
    if (fault is Fault.LoseRequest or Fault.Break) return Lose(call, fault);
    if (bank.Take(order, fault is Fault.Later or Fault.LaterSilently, fault == Fault.Decline ? "RISK_DECLINED" : null) is not var (word, isNew))
        return Results.Conflict(new { reason = "REQUEST_NO_IDEMPOTENT_FAIL" });
    if (isNew) _ = TellAsync(order, fault);
    if (fault == Fault.LoseAnswer) return Lose(call, fault);
    if (fault == Fault.AnswerLate) await Task.Delay(late);
    return Results.Json(word, json);
}

async Task<IResult> QueryAsync(HttpContext call, Question ask)
{
    var fault = faults.Next();
    if (fault is Fault.LoseRequest or Fault.LoseAnswer or Fault.Break) return Lose(call, fault);
    var word = bank.Find(ask.Merchant, ask.Number);
    if (fault == Fault.AnswerLate) await Task.Delay(late);
    return word is null ? Results.NotFound() : Results.Json(word, json);
}

// Says the same whenever it is asked under the number: only the way there and back may go wrong.
async Task<IResult> AnswerAsync(HttpContext call, Word word)
{
    var fault = faults.Next();
    if (fault is Fault.LoseRequest or Fault.LoseAnswer or Fault.Break) return Lose(call, fault);
    if (fault == Fault.AnswerLate) await Task.Delay(late);
    return Results.Json(word, json);
}

IResult Lose(HttpContext call, Fault fault)
{
    if (fault == Fault.Break) return Results.StatusCode(500);
    call.Abort();
    return Results.Empty;
}

// Finishes what is done later, and tells the ledger: sometimes twice, with an older word behind the last one.
async Task TellAsync(Order order, Fault fault)
{
    if (fault is Fault.Later or Fault.LaterSilently) await Task.Delay(100 + faults.Wait(1_500));
    var word = bank.Finish(order);
    if (callback is null || fault == Fault.LaterSilently) return;
    await Task.Delay(faults.Wait(300));
    var pending = word with { Status = "P", Reference = null, Reason = "PROCESSING" };
    foreach (var one in faults.IsOdd() ? [word, pending, word] : (Word[])[word]) await CallBackAsync(one);
}

async Task CallBackAsync(Word word)
{
    var body = JsonSerializer.SerializeToUtf8Bytes(word, json);
    for (var attempt = 0; attempt < 3; attempt++)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(new Uri(callback!), "/v1/provider-callbacks")) { Content = new ByteArrayContent(body) };
            request.Content.Headers.ContentType = new("application/json");
            request.Headers.Add("Ledger-Signature", Sign("/v1/provider-callbacks", body));
            using var response = await http.SendAsync(request);
            if ((int)response.StatusCode < 500) return;
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException)
        {
            // The ledger is away: once more, and then it asks by itself.
        }

        await Task.Delay(200);
    }
}

string Sign(string path, byte[] body) => Convert.ToHexStringLower(HMACSHA256.HashData(key, (byte[])[.. Encoding.UTF8.GetBytes(path + "\n"), .. body]));
