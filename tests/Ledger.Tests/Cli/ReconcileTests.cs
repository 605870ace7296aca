using Ledger.Postgres;
using Ledger.Transfers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Xunit;

namespace Ledger.Tests.Cli;

/// <summary><c>ledger audit reconcile</c> against a provider's record that agrees, differs, or cannot be read.</summary>
public sealed class ReconcileTests(LedgerDatabase database) : IClassFixture<LedgerDatabase>
{
    [Fact]
    public async Task A_difference_is_named_and_ends_with_1()
    {
        await using (var scribes = new Scribes(database.ConnectionString, new BookHints(), NullLogger<Scribes>.Instance, count: 1))
        {
            await scribes.StartAsync(CancellationToken.None);
            var now = Instant.FromUtc(2026, 11, 1, 0, 0);
            TransferCommand[] commands =
            [
                new TransferCommand.OrderTransfer(new("w-1", TransferKind.Withhold, 15_00, "acc-1", "agreement-1", null, "g"), now), new TransferCommand.NoteSuccess("w-1", "ref-1", now),
                new TransferCommand.OrderTransfer(new("w-2", TransferKind.Withhold, 7_00, "acc-2", "agreement-2", null, "g"), now),
            ];
            foreach (var command in commands)
                Assert.IsType<Outcome.Accepted>(await scribes.SubmitAsync(TransferOperations.Do(new Request("m", null, ReadOnlyMemory<byte>.Empty, "test", now), command), CancellationToken.None));
        }

        object theirs = new { merchant = "m", number = "w-1", kind = "withhold", amount = 15_00, account = "acc-1", status = "Y", agreement = "g", reference = "ref-1" };
        var record = (Status: 200, Body: (object)new { transfers = new[] { theirs } });
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        await using var provider = builder.Build();
        provider.MapGet("/money", (Delegate)(() => Results.Json(record.Body, statusCode: record.Status)));
        await provider.StartAsync();
        string[] reconcile = ["audit", "reconcile", provider.Urls.First(), "--database", database.ConnectionString];

        var same = await Invocation.RunAsync(reconcile);
        Assert.Equal((0, true), (same.Code, same.Error.Contains("Books and provider agree.", StringComparison.Ordinal)));

        record.Body = new { transfers = new[] { theirs, new { merchant = "m", number = "w-3", kind = "withhold", amount = 1_00, account = "acc-3", status = "Y", reference = "ref-3" } } };
        var more = await Invocation.RunAsync(reconcile);
        Assert.Equal((1, true), (more.Code, more.Error.Contains("w-3 of m: the provider has it (Y, 100), the book does not.", StringComparison.Ordinal)));

        record.Body = new { transfers = new[] { new { merchant = "m", number = "w-1", kind = "withhold", amount = 15_01, account = "acc-1", status = "Y", agreement = "g", reference = "ref-1" } } };
        var other = await Invocation.RunAsync(reconcile);
        Assert.Equal((1, true), (other.Code, other.Error.Contains("w-1 of m: the book orders Withhold of 1500", StringComparison.Ordinal)));

        record.Body = new { transfers = new[] { theirs, theirs } };
        var twice = await Invocation.RunAsync(reconcile);
        Assert.Equal((1, true), (twice.Code, twice.Error.Contains("w-1 of m: the provider has it 2 times.", StringComparison.Ordinal)));

        record.Status = 500;
        var silent = await Invocation.RunAsync(reconcile);
        Assert.Equal((1, true), (silent.Code, silent.Error.Contains("check that the provider answers GET /money", StringComparison.Ordinal)));
        Assert.Equal(2, (await Invocation.RunAsync(["audit", "reconcile", "nowhere", "--database", database.ConnectionString])).Code);
    }
}
