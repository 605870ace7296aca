using Ledger.Api.Channels;
using Ledger.Postgres;
using Ledger.Postgres.Paying;
using Ledger.Postgres.Readers;
using NodaTime;
using Npgsql;

namespace Ledger.Api;

/// <summary>What the service is made of, and the way of a request through it.</summary>
public static class Service
{
    /// <summary>Connections for plain reads; the scribes and readers have their own.</summary>
    private const int ReadConnections = 20;

    /// <summary>Connections for the readers: each read model's and each policy's own, and those of timers, transfers, hints, gauges and slices.</summary>
    private const int ReaderConnections = 40;

    private const string Readers = "readers";

    public static void AddLedger(this IServiceCollection services, string connectionString)
    {
        // Plain reads change no setting of their session, so nothing needs to be reset after them.
        var reads = new NpgsqlConnectionStringBuilder(connectionString) { MaxPoolSize = ReadConnections, NoResetOnClose = true, ApplicationName = "ledger-api" };
        services.AddSingleton(_ => NpgsqlDataSource.Create(reads));
        services.AddSingleton(provider => Rehearsal.ClockOf(
            provider.GetRequiredService<IConfiguration>(), connectionString, provider.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(Rehearsal))));
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<BookHints>();
        services.AddSingleton(provider => new Scribes(connectionString, provider.GetRequiredService<BookHints>(), provider.GetRequiredService<ILogger<Scribes>>()));
        services.AddHostedService(provider => provider.GetRequiredService<Scribes>());
        services.AddReaders(connectionString);
        services.AddSingleton<BookQueries>();
        services.AddSingleton<CouponReads>();
        services.AddSingleton<PaymentQueries>();
        services.AddSingleton<SurfaceQueries>();
        services.AddSingleton<PolicyQueries>();
        services.AddSingleton<PointsQueries>();
        services.AddSingleton<TransferQueries>();
        services.AddSingleton(provider => new PaymentProvider(TransferEndpoints.ProviderOf(provider.GetRequiredService<IConfiguration>())));
        services.AddSingleton<AgreementQueries>();
        services.AddSingleton<SliceCourier>();
        services.AddSingleton<FuQueries>();
        services.AddSingleton(provider => new FuConductor(
            provider.GetRequiredService<Scribes>().SubmitAsync, provider.GetRequiredService<BookQueries>(), provider.GetRequiredService<FuQueries>(), provider.GetRequiredService<IClock>()));
        services.AddSingleton<ApiKeys>();
        services.AddSingleton<Secrets>();
        services.AddSingleton<OfflineQueries>();
        services.AddSingleton<OfflineSigner>();
        services.AddSingleton<OfflineFilters>();
        services.AddSingleton<Callers>();
        services.AddSingleton<Throttle>();
        services.AddSingleton<Telemetry>();
        services.ConfigureHttpJsonOptions(options =>
        {
            options.SerializerOptions.PropertyNamingPolicy = LedgerJson.Answers.PropertyNamingPolicy;
            foreach (var converter in LedgerJson.Answers.Converters) options.SerializerOptions.Converters.Add(converter);
        });
        services.AddOpenApi("v1", OpenApiDocument.Configure);
    }

    /// <summary>What follows the books: read models, policies, timers, slices left half-way, and hints between instances. Stopped before the scribes, which finish last.</summary>
    private static void AddReaders(this IServiceCollection services, string connectionString)
    {
        var followers = new NpgsqlConnectionStringBuilder(connectionString) { MaxPoolSize = ReaderConnections, ApplicationName = "ledger-readers" };
        services.AddKeyedSingleton(Readers, (_, _) => NpgsqlDataSource.Create(followers));
        services.AddHostedService(provider => new ReadModelFollower(
            Database(provider), provider.GetRequiredService<BookHints>(), provider.GetRequiredService<ILogger<ReadModelFollower>>()));
        services.AddHostedService(provider => new BookNotifications(
            Database(provider), provider.GetRequiredService<BookHints>(), provider.GetRequiredService<ILogger<BookNotifications>>()));
        services.AddHostedService(provider => new ReaderGauges(
            Database(provider), provider.GetRequiredService<IClock>(), provider.GetRequiredService<ILogger<ReaderGauges>>()));
        services.AddHostedService(provider => new TimerWorker(
            Database(provider), provider.GetRequiredService<Scribes>().SubmitAsync, provider.GetRequiredService<IClock>(), provider.GetRequiredService<ILogger<TimerWorker>>()));
        services.AddHostedService(provider => new TransferWorker(
            Database(provider), provider.GetRequiredService<PaymentProvider>(), provider.GetRequiredService<Scribes>().SubmitAsync, provider.GetRequiredService<IClock>(),
            provider.GetRequiredService<ILogger<TransferWorker>>()));
        services.AddHostedService(provider => new PolicyRunner(
            Database(provider), provider.GetRequiredService<Scribes>().SubmitAsync, provider.GetRequiredService<BookHints>(), provider.GetRequiredService<IClock>(),
            provider.GetRequiredService<ILogger<PolicyRunner>>()));

        services.AddHostedService(provider => new SliceSweep(
            Database(provider), provider.GetRequiredService<SliceCourier>(), provider.GetRequiredService<IClock>(), provider.GetRequiredService<ILogger<SliceSweep>>()));

        services.AddHostedService<FuSweep>();

        static NpgsqlDataSource Database(IServiceProvider provider) => provider.GetRequiredKeyedService<NpgsqlDataSource>(Readers);
    }

    public static void MapLedger(this WebApplication app)
    {
        app.Services.GetRequiredService<Telemetry>();
        app.Use(Telemetry.TraceAsync);
        app.Use(GuardAsync);
        app.UseSwaggerUI(options =>
        {
            options.RoutePrefix = "explorer";
            options.SwaggerEndpoint("/openapi/v1.json", "Ledger v1");
        });
        app.MapOpenApi("/openapi/{documentName}.json");
        app.MapGet("/", () => Results.Redirect("/explorer/")).ExcludeFromDescription();
        app.MapGet("/problems/{slug}", DescribeProblem).ExcludeFromDescription();
        app.MapGet("/healthz/live", () => Results.Text("live")).ExcludeFromDescription();
        app.MapGet("/healthz/ready", ReadyAsync).ExcludeFromDescription();
        app.MapMerchants();
        app.MapProviders();
        app.MapPayments();
        app.MapMembers();
        app.MapPolicies();
        app.MapCampaigns();
        app.MapCoupons();
        app.MapCodes();
        app.MapRedemptions();
        app.MapHolds();
        app.MapQuotes();
        app.MapSales();
        app.MapGroups();
        app.MapGifts();
        app.MapReversals();
        app.MapPools();
        app.MapPoints();
        app.MapBenefits();
        app.MapSharing();
        app.MapTraffic();
        app.MapTransfers();
        app.MapFuCampaigns();
        app.MapFuHands();
        app.MapFuParticipations();
        app.MapAgreements();
        app.MapReports();
        app.MapOffline();
        app.MapChannels();
    }

    /// <summary>Every answer carries its request id; every failure is a problem, and a bug says nothing of itself.</summary>
    private static async Task GuardAsync(HttpContext http, RequestDelegate next)
    {
        http.Response.Headers[RequestIds.Header] = RequestIds.Of(http);
        try
        {
            await next(http);
            if (http.Response is { HasStarted: false, ContentLength: null, ContentType: null }) await RefuseRouteAsync(http);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException && http.RequestAborted.IsCancellationRequested)
        {
            // The caller hung up; what it asked for is carried out all the same.
        }
        catch (Exception exception) when (!http.Response.HasStarted)
        {
            var problem = Problems.Of(exception);
            if (problem == Problems.Internal)
                http.RequestServices.GetRequiredService<ILogger<Program>>().LogError(exception, "Request {RequestId} failed", RequestIds.Of(http));
            http.Response.Clear();
            http.Response.Headers[RequestIds.Header] = RequestIds.Of(http);
            await Problems.WriteAsync(http, problem);
        }
    }

    /// <summary>Routing refuses an address, a method or a type of body by a bare status; callers get a problem like any other.</summary>
    private static Task RefuseRouteAsync(HttpContext http) => http.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => Problems.WriteAsync(http, Problems.NoSuchRoute),
        StatusCodes.Status405MethodNotAllowed => Problems.WriteAsync(http, Problems.MethodNotAllowed),
        StatusCodes.Status415UnsupportedMediaType => Problems.WriteAsync(http, Problems.UnsupportedMediaType, JsonFacts.Of(new
        {
            needs = http.Request.Path.Value!.EndsWith("/batch", StringComparison.OrdinalIgnoreCase) ? "application/x-ndjson" : "application/json",
        })),
        _ => Task.CompletedTask,
    };

    private static IResult DescribeProblem(string slug) => Problems.All.FirstOrDefault(problem => problem.Slug == slug) is { } found
        ? Results.Json(new { type = $"/problems/{found.Slug}", title = found.Title, status = found.Status, next = found.Next, retryable = found.IsRetryable })
        : Results.NotFound();

    private static async Task<IResult> ReadyAsync(BookQueries queries, CancellationToken cancellation) => await queries.AnswersAsync(cancellation)
        ? Results.Text("ready")
        : Results.Text("database unavailable", statusCode: StatusCodes.Status503ServiceUnavailable);
}
