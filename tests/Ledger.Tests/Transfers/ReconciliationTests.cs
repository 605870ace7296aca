using System.Net;
using System.Net.Sockets;
using Ledger.Postgres.Paying;
using Ledger.Transfers;
using NodaTime;
using Npgsql;
using Xunit;

namespace Ledger.Tests.Transfers;

public class ReconciliationTests
{
    private static readonly TransferOrder s_order = new("w-1", TransferKind.Withhold, 15_00, "a", "agreement-1", null, "g");
    private static readonly ProviderTransfer s_theirs = new("m", "w-1", TransferKind.Withhold, 15_00, "a", "Y", null, "g", "ref");
    private static readonly Transfer s_ours = Transfer.None with { Order = s_order, State = TransferState.Succeeded, Reference = "ref", OrderedAt = Instant.FromUnixTimeSeconds(0) };

    [Fact]
    public void The_same_on_both_sides_is_no_difference()
    {
        Assert.Equal((true, 1, 0, 15_00m, 15_00m), Facts(Reconciliation.Compare([("m", s_ours)], [s_theirs])));
        Assert.Equal((true, 0, 0, 0m, 0m), Facts(Reconciliation.Compare([("m", s_ours with { State = TransferState.Failed })], [s_theirs with { Status = "N" }])));
        Assert.Equal((true, 0, 0, 0m, 0m), Facts(Reconciliation.Compare([("m", s_ours with { State = TransferState.Failed })], [])));
        Assert.Equal((true, 0, 1, 0m, 0m), Facts(Reconciliation.Compare([("m", s_ours with { State = TransferState.Ordered })], [])));
        Assert.Equal((true, 0, 1, 0m, 0m), Facts(Reconciliation.Compare([("m", s_ours with { State = TransferState.Pending })], [s_theirs with { Status = "P" }])));
    }

    [Fact]
    public void Each_difference_is_named_once()
    {
        (Transfer Ours, ProviderTransfer? Theirs)[] rows =
        [
            (s_ours, null), (s_ours, s_theirs with { Status = "N" }), (s_ours, s_theirs with { Status = "P" }), (s_ours, s_theirs with { Amount = 15_01 }),
            (s_ours, s_theirs with { Account = "b" }), (s_ours, s_theirs with { Kind = TransferKind.Payout }), (s_ours, s_theirs with { Reference = "other" }),
            (s_ours with { State = TransferState.Failed }, s_theirs), (s_ours with { State = TransferState.Pending }, s_theirs), (s_ours with { State = TransferState.Ordered }, s_theirs with { Status = "N" }),
            (s_ours with { Disputes = [new(TransferState.Failed, "late")] }, s_theirs),
        ];
        Assert.All(rows, row =>
            Assert.StartsWith("w-1 of m: ", Assert.Single(Reconciliation.Compare([("m", row.Ours)], row.Theirs is null ? [] : [row.Theirs]).Differences), StringComparison.Ordinal));
        Assert.Contains("the book does not", Assert.Single(Reconciliation.Compare([], [s_theirs]).Differences), StringComparison.Ordinal);
        Assert.Equal(2, Reconciliation.Compare([("other", s_ours)], [s_theirs]).Differences.Count);
    }

    [Fact]
    public void A_number_that_the_provider_has_twice_is_a_difference()
    {
        var twice = Reconciliation.Compare([("m", s_ours)], [s_theirs, s_theirs]);
        Assert.Equal(["w-1 of m: the provider has it 2 times."], twice.Differences);
        Assert.Equal((false, 1, 0, 15_00m, 30_00m), Facts(twice));
        Assert.Equal(2, Reconciliation.Compare([], [s_theirs, s_theirs]).Differences.Count);
        Assert.Empty(Reconciliation.Compare([("m", s_ours), ("other", s_ours)], [s_theirs, s_theirs with { Merchant = "other" }]).Differences);
    }

    [Fact]
    public async Task A_record_that_does_not_come_cannot_be_read()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var url = new Uri($"http://{silent.LocalEndpoint}");
        await using var database = NpgsqlDataSource.Create("Host=127.0.0.1");

        await Assert.ThrowsAsync<HttpRequestException>(() => Reconciliation.RunAsync(database, url, TimeSpan.FromMilliseconds(50), CancellationToken.None));
        // Who stops it has not met a fault.
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Reconciliation.RunAsync(database, url, new CancellationToken(canceled: true)));
    }

    private static (bool, int, int, decimal, decimal) Facts(ReconciliationReport report) =>
        (report.IsClean, report.Succeeded, report.Open, report.Amount, report.ProviderAmount);
}
