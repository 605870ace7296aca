using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Ledger.Tests.Api;

/// <summary>One figure of a metric, as it was exported.</summary>
/// <param name="Reader">Of which reader it tells; "" where it is of none.</param>
/// <param name="Value">Of a gauge the whole number that it shows, of a histogram the sum of all that was recorded.</param>
/// <param name="Count">Of a histogram: how often something was recorded.</param>
/// <param name="Max">Of a histogram: the most that was recorded at once.</param>
internal sealed record Figure(string Metric, string Unit, string Reader, double Value, long Count = 0, double Max = 0);

/// <summary>A collector of OpenTelemetry: takes what a service exports as http/protobuf, and reads its metrics.</summary>
internal sealed class OtlpCollector : IAsyncDisposable
{
    private const int Patience = 30_000;

    private readonly ConcurrentDictionary<string, ConcurrentQueue<byte[]>> heard = new(StringComparer.Ordinal);
    private readonly WebApplication host;

    private OtlpCollector()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        host = builder.Build();
        host.Urls.Add("http://127.0.0.1:0");
        host.MapPost("/v1/{signal}", async (string signal, HttpRequest request) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            Heard(signal).Enqueue(body.ToArray());
        });
    }

    /// <summary>What a service's environment says so that it exports everything here, and soon.</summary>
    public IEnumerable<(string Name, string Value)> Settings =>
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", host.Urls.First()), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ("OTEL_BSP_SCHEDULE_DELAY", "100"), ("OTEL_METRIC_EXPORT_INTERVAL", "200"),
    ];

    public static async Task<OtlpCollector> StartAsync()
    {
        var collector = new OtlpCollector();
        await collector.host.StartAsync();
        return collector;
    }

    /// <summary>The bodies that came so far.</summary>
    public ConcurrentQueue<byte[]> Heard(string signal) => heard.GetOrAdd(signal, _ => new());

    /// <summary>Waits for a body that has these bytes.</summary>
    public async Task UntilHeardAsync(string signal, byte[] part)
    {
        var until = Environment.TickCount64 + Patience;
        while (!Heard(signal).Any(body => body.AsSpan().IndexOf(part) >= 0))
        {
            Assert.True(Environment.TickCount64 < until, $"The collector heard no such thing of {signal}.");
            await Task.Delay(50);
        }
    }

    /// <summary>The metrics of an export that was begun after this call: the one under way may be older, the second to come is not.</summary>
    public async Task<IReadOnlyList<Figure>> NextAsync()
    {
        var (exports, until) = (Heard("metrics"), Environment.TickCount64 + Patience);
        var next = exports.Count + 1;
        while (exports.Count <= next)
        {
            Assert.True(Environment.TickCount64 < until, "The service exports no metrics any more.");
            await Task.Delay(20);
        }

        return [.. FiguresOf(exports.ElementAt(next))];
    }

    /// <summary>Waits for an export of which that holds.</summary>
    /// <param name="what">Says what is waited for, should it not come.</param>
    public async Task<IReadOnlyList<Figure>> UntilAsync(string what, Func<IReadOnlyList<Figure>, bool> holds)
    {
        for (var until = Environment.TickCount64 + Patience; ;)
        {
            var figures = await NextAsync();
            if (holds(figures)) return figures;
            Assert.True(Environment.TickCount64 < until, $"No export says that {what}; the last one says:\n{string.Join('\n', figures)}");
        }
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();

    /// <summary>Gauges and histograms of an ExportMetricsServiceRequest; the numbers are those of opentelemetry/proto/metrics/v1/metrics.proto.</summary>
    private static IEnumerable<Figure> FiguresOf(ReadOnlyMemory<byte> export)
    {
        foreach (var metric in Parts(export, 1).SelectMany(resource => Parts(resource, 2)).SelectMany(scope => Parts(scope, 2)))
        {
            var (name, unit) = (Text(metric, 1), Text(metric, 3));
            foreach (var point in Parts(metric, 5).SelectMany(gauge => Parts(gauge, 1)))
            {
                var reader = Parts(point, 7).Where(attribute => Text(attribute, 1) == "reader").SelectMany(attribute => Parts(attribute, 2)).Select(value => Text(value, 1));
                yield return new(name, unit, reader.FirstOrDefault(""), unchecked((long)Number(point, 6)));
            }

            foreach (var point in Parts(metric, 9).SelectMany(histogram => Parts(histogram, 1)))
                yield return new(name, unit, "", Real(point, 5), (long)Number(point, 4), Real(point, 12));
        }
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Parts(ReadOnlyMemory<byte> message, int id) => Fields(message).Where(field => field.Id == id).Select(field => field.Bytes);

    private static string Text(ReadOnlyMemory<byte> message, int id) => Encoding.UTF8.GetString(Parts(message, id).FirstOrDefault().Span);

    private static ulong Number(ReadOnlyMemory<byte> message, int id) => Fields(message).FirstOrDefault(field => field.Id == id).Number;

    private static double Real(ReadOnlyMemory<byte> message, int id) => BitConverter.UInt64BitsToDouble(Number(message, id));

    /// <summary>The fields of a protobuf message: each a number, or the bits of one, or bytes.</summary>
    private static List<(int Id, ulong Number, ReadOnlyMemory<byte> Bytes)> Fields(ReadOnlyMemory<byte> message)
    {
        var fields = new List<(int Id, ulong Number, ReadOnlyMemory<byte> Bytes)>();
        while (message.Length > 0)
        {
            var tag = Varint(ref message);
            var id = (int)(tag >> 3);
            fields.Add((tag & 7) switch
            {
                0 => (id, Varint(ref message), default),
                1 => (id, BinaryPrimitives.ReadUInt64LittleEndian(Take(ref message, 8).Span), default),
                2 => (id, 0UL, Take(ref message, (int)Varint(ref message))),
                5 => (id, BinaryPrimitives.ReadUInt32LittleEndian(Take(ref message, 4).Span), default),
                var other => throw new InvalidDataException($"Protobuf has no wire type {other}."),
            });
        }

        return fields;
    }

    private static ulong Varint(ref ReadOnlyMemory<byte> message)
    {
        var value = 0UL;
        for (var shift = 0; ; shift += 7)
        {
            var next = Take(ref message, 1).Span[0];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }
    }

    private static ReadOnlyMemory<byte> Take(ref ReadOnlyMemory<byte> message, int length)
    {
        var taken = message[..length];
        message = message[length..];
        return taken;
    }
}
