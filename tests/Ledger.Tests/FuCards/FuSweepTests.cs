using Ledger.FuCards;
using Ledger.Postgres;
using Ledger.Postgres.Readers;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Xunit;
using static Ledger.Tests.FuCards.FuExamples;

namespace Ledger.Tests.FuCards;

public sealed partial class FuCampaignTests
{
    [Fact]
    public async Task A_campaign_that_fails_holds_up_none_after_it()
    {
        var shops = (Shop[])[await OpenAsync(), await OpenAsync()];
        // Campaigns are taken in the order of their owners.
        var (failing, next) = string.CompareOrdinal(shops[0].Id, shops[1].Id) < 0 ? (shops[0], shops[1]) : (shops[1], shops[0]);
        var tries = 0;
        Task<Outcome> Submit(Operation operation, CancellationToken cancellation)
        {
            if (operation.Request.Book.Split('~')[0] == next.Id) return app.Service<Scribes>().SubmitAsync(operation, cancellation);
            if (operation.Request.Book.Split('~')[0] == failing.Id) tries++;
            throw new InvalidOperationException("This book cannot be written.");
        }

        var clock = new MovedClock((await StateAsync(next)).Rules!.Timeline.Deadline);
        using var sweep = new FuSweep(app.Service<FuQueries>(), new(Submit, app.Service<BookQueries>(), app.Service<FuQueries>(), clock), clock, NullLogger<FuSweep>.Instance);
        await sweep.StartAsync(CancellationToken.None);
        for (var waited = 0; (await StateAsync(next)).Status != FuCampaignStatus.Sealed && waited < 100; waited++) await Task.Delay(50);
        await sweep.StopAsync(CancellationToken.None);
        Assert.True(tries > 0);
        Assert.Equal((FuCampaignStatus.Open, FuCampaignStatus.Sealed), ((await StateAsync(failing)).Status, (await StateAsync(next)).Status));
    }
}
