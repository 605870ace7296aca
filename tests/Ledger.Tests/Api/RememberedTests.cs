using System.Diagnostics;
using Ledger.Tests.Proof;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Ledger.Tests.Api;

/// <summary>What an instance remembers of merchants, on one whose clock stands still: nothing is forgotten because time passes.</summary>
public sealed class RememberedTests(LedgerDatabase database) : IClassFixture<LedgerDatabase>
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_merchant_that_was_changed_is_known_anew_also_where_who_changed_it_no_longer_waits()
    {
        await using var first = LedgerApp.Start(database.ConnectionString);
        await using var service = first.WithWebHostBuilder(host => host.ConfigureTestServices(services => services.AddSingleton<TimeProvider>(new Still())));
        using var client = new LedgerClient(service.CreateClient());
        var platform = await database.Source.PlatformKeyAsync();
        var shop = await Shop.OpenAsync(client, platform);

        using var hangUp = new CancellationTokenSource();
        var lost = Task.CompletedTask;
        await using (await Hold.TakeAsync(database.Source, shop.Id, () => lost = RequireFourEyesAsync(hangUp.Token)))
        {
            Assert.False(await RequiresFourEyesAsync());
            await hangUp.CancelAsync();
        }

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => lost);
        for (var clock = Stopwatch.StartNew(); !await RequiresFourEyesAsync();)
        {
            Assert.True(clock.Elapsed < s_patience, "The merchant is remembered as it was.");
            await Task.Delay(5);
        }

        async Task<bool> RequiresFourEyesAsync() => Shop.Expect(200, await client.GetAsync("/v1/merchant", shop.MerchantKey))["requiresFourEyes"].GetBoolean();

        async Task RequireFourEyesAsync(CancellationToken cancellation)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/merchants/{shop.Id}/four-eyes") { Content = LedgerClient.Content("""{"isRequired":true}""") };
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {platform}");
            request.Headers.TryAddWithoutValidation("Idempotency-Key", "four-eyes");
            using var answer = await client.Http.SendAsync(request, cancellation);
        }
    }

    /// <summary>A clock that stands.</summary>
    private sealed class Still : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch;
    }
}
