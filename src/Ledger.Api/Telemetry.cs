using System.Diagnostics;
using Ledger.Postgres;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Ledger.Api;

/// <summary>
/// Traces and metrics for OpenTelemetry, exported by OTLP where <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> says; else nothing is gathered. The
/// service's own polling is not traced: it would be most of the volume.
/// </summary>
public sealed class Telemetry : IDisposable
{
    private readonly TracerProvider? traces;
    private readonly MeterProvider? metrics;

    public Telemetry(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        if (configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is not { Length: > 0 }) return;
        var resource = ResourceBuilder.CreateDefault().AddService(configuration["OTEL_SERVICE_NAME"] ?? "ledger");
        traces = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource).AddSource(LedgerMetrics.Name).AddOtlpExporter().Build();
        metrics = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource).AddMeter(LedgerMetrics.Name, "Npgsql", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel")
            .AddOtlpExporter().Build();
    }

    /// <summary>Names the server span after its route; costs nothing while nobody listens.</summary>
    public static async Task TraceAsync(HttpContext http, RequestDelegate next)
    {
        ArgumentNullException.ThrowIfNull(http);
        ArgumentNullException.ThrowIfNull(next);
        if (!LedgerMetrics.Activities.HasListeners() || http.Request.Path.StartsWithSegments("/healthz", StringComparison.Ordinal))
        {
            await next(http);
            return;
        }

        _ = ActivityContext.TryParse(http.Request.Headers.TraceParent, http.Request.Headers.TraceState, isRemote: true, out var parent);
        // The host's own activity is not recorded; as its child the span would not be either.
        Activity.Current = null;
        using var span = LedgerMetrics.Activities.StartActivity(http.Request.Method, ActivityKind.Server, parent);
        await next(http);
        if (span is null) return;
        var route = (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "unmatched";
        span.DisplayName = $"{http.Request.Method} {route}";
        span.SetTag("http.request.method", http.Request.Method);
        span.SetTag("http.route", route);
        span.SetTag("http.response.status_code", http.Response.StatusCode);
        if (http.Response.StatusCode >= StatusCodes.Status500InternalServerError) span.SetStatus(ActivityStatusCode.Error);
    }

    public void Dispose()
    {
        traces?.Dispose();
        metrics?.Dispose();
    }
}
