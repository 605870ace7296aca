using Ledger.Api;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Xunit;

namespace Ledger.Tests.Api;

public class RehearsalTests
{
    private const string Connection = "Host=127.0.0.1;Database=rehearsal";

    [Fact]
    public void Without_the_setting_the_clock_is_the_machines() => Assert.Same(SystemClock.Instance, ClockOf(("Rehearsal:Database", "rehearsal")));

    [Fact]
    public void With_it_the_clock_runs_ahead()
    {
        var (before, ahead) = (SystemClock.Instance.GetCurrentInstant(), ClockOf(("Rehearsal:Ahead", "12.06:00:00"), ("Rehearsal:Database", "rehearsal")).GetCurrentInstant());
        Assert.InRange(ahead - before - Duration.FromHours((12 * 24) + 6), Duration.Zero, Duration.FromHours(1));
    }

    [Theory]
    [InlineData("soon", "rehearsal", null, "Rehearsal:Ahead is written")]
    [InlineData("-1.00:00:00", "rehearsal", null, "Rehearsal:Ahead is written")]
    [InlineData("4000.00:00:00", "rehearsal", null, "Rehearsal:Ahead is written")]
    [InlineData("1.00:00:00", null, null, "Rehearsal:Database does not name")]
    [InlineData("1.00:00:00", "ledger", null, "Rehearsal:Database does not name")]
    [InlineData("1.00:00:00", "rehearsal", "https://provider.example", "move money before its time")]
    public void What_is_not_safe_is_refused_at_the_start(string ahead, string? database, string? provider, string why) => Assert.Contains(
        why, Assert.Throws<IOException>(() => ClockOf(("Rehearsal:Ahead", ahead), ("Rehearsal:Database", database), ("Provider:Url", provider), ("Provider:Key", provider is null ? null : new string('k', 40)))).Message,
        StringComparison.Ordinal);

    private static IClock ClockOf(params (string Name, string? Value)[] settings) => Rehearsal.ClockOf(
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Name, setting.Value))).Build(), Connection, NullLogger.Instance);
}
