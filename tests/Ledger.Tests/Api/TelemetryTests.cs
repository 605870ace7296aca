using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Ledger.Tests.Api;

/// <summary>The built service tells a collector of OpenTelemetry what it does.</summary>
public sealed class TelemetryTests(LedgerDatabase database) : IClassFixture<LedgerDatabase>
{
    [Fact]
    public async Task A_request_is_traced_under_the_id_that_its_answer_carries_and_the_scribes_are_measured()
    {
        var heard = new ConcurrentDictionary<string, ConcurrentQueue<byte[]>>(StringComparer.Ordinal);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        await using var collector = builder.Build();
        collector.Urls.Add("http://127.0.0.1:0");
        collector.MapPost("/v1/{signal}", async (string signal, HttpRequest request) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            heard.GetOrAdd(signal, _ => new()).Enqueue(body.ToArray());
        });
        await collector.StartAsync();
        await using var service = await LedgerProcess.StartAsync(
            database.ConnectionString, port: 0,
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Urls.First()), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_BSP_SCHEDULE_DELAY", "100"), ("OTEL_METRIC_EXPORT_INTERVAL", "200"));

        using var answer = await service.Client.Http.GetAsync(new Uri("v1/campaigns", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        var id = Convert.FromHexString(answer.Headers.GetValues("Request-Id").Single());

        await UntilHeardAsync("traces", id);
        await UntilHeardAsync("traces", "/v1/campaigns"u8.ToArray());
        await UntilHeardAsync("metrics", "ledger.scribe.queue.length"u8.ToArray());

        async Task UntilHeardAsync(string signal, byte[] part)
        {
            var until = Environment.TickCount64 + 20_000;
            while (!heard.GetOrAdd(signal, _ => new()).Any(body => body.AsSpan().IndexOf(part) >= 0))
            {
                Assert.True(Environment.TickCount64 < until, $"The collector heard no such thing of {signal}.");
                await Task.Delay(50);
            }
        }
    }
}
