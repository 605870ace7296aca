using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace Ledger.Tests.Api;

/// <summary>Settings that the service cannot read: it does not start with others in their place.</summary>
public sealed class SettingsTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    [Theory]
    [InlineData("ConnectionStrings__Ledger", "postgres://u:secret@h/db?sslmode=require", "LEDGER_DATABASE")]
    [InlineData("ConnectionStrings__Ledger", "Host=h;Port=secret", "LEDGER_DATABASE")]
    [InlineData("ConnectionStrings__Ledger", "secret", "LEDGER_DATABASE")]
    [InlineData("ConnectionStrings__Ledger", "Username=secret", "LEDGER_DATABASE")]
    [InlineData("Rates__Merchant__PerSecond", "100/s", "Rates:Merchant:PerSecond")]
    [InlineData("Rates__Till__PerSecond", "-1", "Rates:Till:PerSecond")]
    [InlineData("Rates__Till__Burst", "many", "Rates:Till:Burst")]
    [InlineData("Provider__TimeoutSeconds", "abc", "Provider:TimeoutSeconds")]
    [InlineData("ASPNETCORE_URLS", "https://127.0.0.1:0", "HTTPS")]
    [InlineData("ASPNETCORE_URLS", "nowhere", "nowhere")]
    [InlineData("ASPNETCORE_URLS", "ftp://127.0.0.1:5080", "ftp://127.0.0.1:5080")]
    [InlineData("ASPNETCORE_URLS", "http://127.0.0.1:0;http://127.0.0.1:0/base", "http://127.0.0.1:0/base")]
    [InlineData("ASPNETCORE_URLS", "http://127.0.0.1:99999", "http://127.0.0.1:99999")]
    public async Task A_setting_that_cannot_be_read_ends_the_start_with_one_sentence_that_names_it(string name, string value, string named)
    {
        var (code, said, error) = await LedgerProcess.FailAsync(app.ConnectionString, (name, value));
        Assert.True(code == 1, $"ended with {code}: {said}{error}");
        Assert.Contains(named, Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", said + error, StringComparison.Ordinal);
    }

    /// <summary>Nobody may make a folder there, not even root.</summary>
    [Fact]
    public async Task A_folder_that_cannot_be_made_ends_the_start_with_a_sentence_that_names_it()
    {
        var (code, said, error) = await LedgerProcess.FailAsync("", ("LEDGER_DATA", "/sys/ledger"));
        Assert.True(code == 1, $"ended with {code}: {said}{error}");
        Assert.Contains("/sys/ledger", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    /// <summary>How many connections there are is the service's own matter.</summary>
    [Theory]
    [InlineData("Minimum Pool Size=30")]
    [InlineData("Multiplexing=true;Pooling=false")]
    public async Task A_connection_string_that_says_how_to_pool_is_no_hindrance(string more)
    {
        await using var service = await LedgerProcess.StartAsync($"{app.ConnectionString};{more}");
        Assert.Equal(200, (await service.Client.SendAsync(HttpMethod.Get, "/healthz/ready", null, null)).Status);
    }

    /// <summary>After a failover the first host may have come back as a standby.</summary>
    [Theory]
    [InlineData(null, "Primary")]
    [InlineData("any", "Any")]
    public async Task Of_several_hosts_the_one_that_takes_writes_is_used_unless_the_string_says_otherwise(string? said, string used)
    {
        var several = new NpgsqlConnectionStringBuilder(app.ConnectionString);
        (several.Host, several.TargetSessionAttributes) = ($"{several.Host},{several.Host}", said);
        await using var service = LedgerApp.Start(several.ConnectionString);
        using var client = new LedgerClient(service.CreateClient());
        Assert.Equal(201, (await client.PostAsync("/v1/merchants", new { id = $"of-several-{used}", name = "M" }, app.PlatformKey)).Status);
        var read = new NpgsqlConnectionStringBuilder(service.Services.GetRequiredService<NpgsqlDataSource>().ConnectionString);
        Assert.Equal(used, read.TargetSessionAttributes, StringComparer.OrdinalIgnoreCase);
    }
}
