using System.Net;
using NodaTime;
using Npgsql;

namespace Ledger.Api;

/// <summary>
/// A service whose clock runs ahead of the machine's, so that months pass in minutes: terms end, notices are due, dunning goes on. What it writes is dated in the
/// future for ever, so it needs a database that is named for it and a provider that moves no real money.
/// </summary>
public static class Rehearsal
{
    /// <summary>The most that the clock may run ahead.</summary>
    public const int MaxDays = 3_660;

    /// <summary>The machine's clock, or one ahead of it by the setting <c>Rehearsal:Ahead</c> (days.hours:minutes:seconds).</summary>
    /// <exception cref="IOException">The settings cannot be meant so, or what they ask for would not be safe.</exception>
    public static IClock ClockOf(IConfiguration settings, string connectionString, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (settings["Rehearsal:Ahead"] is not { Length: > 0 } text) return SystemClock.Instance;
        if (!TimeSpan.TryParseExact(text, "c", System.Globalization.CultureInfo.InvariantCulture, out var ahead) || ahead < TimeSpan.Zero || ahead.TotalDays > MaxDays)
            throw new IOException($"Rehearsal:Ahead is written like 12.00:00:00, twelve days, and is at most {MaxDays} days; a clock never runs behind.");
        var database = new NpgsqlConnectionStringBuilder(connectionString).Database;
        if (settings["Rehearsal:Database"] != database)
            throw new IOException($"Rehearsal:Database does not name the database ({database}): rehearse only in one that is thrown away afterwards, and name it.");
        if (TransferEndpoints.ProviderOf(settings) is { Url: var provider } && !IsHere(provider))
            throw new IOException("Rehearsal:Ahead would have the payment provider move money before its time: rehearse with one on this machine.");
        logger.LogWarning("This is a rehearsal: the clock runs {Ahead} ahead, and everything in {Database} is dated so.", ahead, database);
        return new Ahead(Duration.FromTimeSpan(ahead));
    }

    private static bool IsHere(Uri address) => address.Host == "localhost" || (IPAddress.TryParse(address.Host.Trim('[', ']'), out var host) && IPAddress.IsLoopback(host));

    private sealed class Ahead(Duration by) : IClock
    {
        public Instant GetCurrentInstant() => SystemClock.Instance.GetCurrentInstant() + by;
    }
}
