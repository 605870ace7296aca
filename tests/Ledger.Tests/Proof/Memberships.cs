using Ledger.Agreements;
using Ledger.Postgres;
using Ledger.Postgres.Paying;
using Ledger.Transfers;
using Npgsql;
using Xunit;

namespace Ledger.Tests.Proof;

/// <summary>How light memberships end: the provider's money is the books', nobody is charged twice or above what is due.</summary>
internal static class Memberships
{
    public static bool IsOver(AgreementStatus status) => status is AgreementStatus.Settled or AgreementStatus.Waived or AgreementStatus.Dunning or AgreementStatus.SettleFailed;

    /// <returns>How many ended how.</returns>
    public static async Task<IReadOnlyDictionary<AgreementStatus, int>> AssertEndedAsync(NpgsqlDataSource database, string book, IReadOnlyList<string> agreements, Uri provider)
    {
        var report = await Reconciliation.RunAsync(database, provider);
        Assert.True(report.IsClean, string.Join('\n', report.Differences));
        var transfers = (await new TransferQueries(database).AllAsync(CancellationToken.None)).Where(row => row.Book == book).Select(row => row.Transfer)
            .ToLookup(transfer => transfer.Order!.Origin, StringComparer.Ordinal);
        var (queries, statuses) = (new BookQueries(database), new SortedDictionary<AgreementStatus, int>());
        foreach (var id in agreements)
        {
            var state = await queries.StateAsync(book, AgreementStreams.AgreementOf(id), CancellationToken.None);
            statuses[state.Status] = statuses.GetValueOrDefault(state.Status) + 1;
            Assert.True(IsOver(state.Status), $"{id} is {state.Status}: {state}");
            var done = transfers[$"agreement-{id}"].Where(transfer => transfer.State == TransferState.Succeeded).Select(transfer => transfer.Order!).ToList();
            var (collected, returned) = (done.Where(order => order.Kind is TransferKind.Withhold or TransferKind.UnfreezeToPay).ToList(), done.Where(order => order.Kind == TransferKind.Refund).ToList());
            Assert.Equal(state.Settlements.Sum(one => one.Collected.Minor), collected.Sum(order => order.Amount));
            Assert.Equal(state.Settlements.Sum(one => one.Refunded.Minor), returned.Sum(order => order.Amount));
            Assert.Equal(state.Settlements.Count(one => one.Collected > Money.Zero), collected.Count);
            Assert.All(state.Settlements, one => Assert.True(one.Collected - one.Returning <= one.Due, $"{id}: {one}"));
            // What was frozen was paid out or given free, all of it, or is ordered free again.
            if (state.Frozen is { Status: FrozenStatus.Releasing, Release: var release }) Assert.NotNull(release!.RetryAt);
            if (state.Frozen is { Status: FrozenStatus.Released } frozen)
                Assert.Equal(frozen.Amount.Minor, done.Where(order => order.Of == frozen.Transfer).Sum(order => order.Amount));
        }

        return statuses;
    }
}
