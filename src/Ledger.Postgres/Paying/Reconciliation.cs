using System.Text.Json;
using Ledger.Transfers;
using Npgsql;

namespace Ledger.Postgres.Paying;

/// <summary>A transfer as the provider's own record has it.</summary>
/// <param name="Status">Y, N or P.</param>
public sealed record ProviderTransfer(
    string Merchant, string Number, TransferKind Kind, long Amount, string Account, string Status, string? Of = null, string? Agreement = null, string? Reference = null,
    string? Reason = null);

/// <summary>The provider's record of all money that it moved for the ledger's merchants.</summary>
public sealed record ProviderMoney(IReadOnlyList<ProviderTransfer> Transfers);

/// <summary>What the books and the provider say of the same money.</summary>
/// <param name="Succeeded">Transfers that succeeded by the books; <paramref name="Amount"/> is their sum in minor units.</param>
/// <param name="ProviderAmount">The sum of what succeeded by the provider's record.</param>
/// <param name="Open">Not final by either side: no difference yet.</param>
/// <param name="Differences">One sentence each; none: the same to the last minor unit.</param>
public sealed record ReconciliationReport(
    int Transfers, int Succeeded, int Open, decimal Amount, decimal ProviderAmount, IReadOnlyList<string> Differences)
{
    public bool IsClean => Differences.Count == 0;
}

/// <summary>Compares every transfer of the books with the provider's record, number by number.</summary>
public static class Reconciliation
{
    /// <exception cref="HttpRequestException">The provider's record cannot be read.</exception>
    /// <exception cref="JsonException">The provider's record is of another shape.</exception>
    public static Task<ReconciliationReport> RunAsync(NpgsqlDataSource database, Uri provider, CancellationToken cancellation = default) =>
        RunAsync(database, provider, TimeSpan.FromSeconds(Limits.RecordSeconds), cancellation);

    internal static async Task<ReconciliationReport> RunAsync(NpgsqlDataSource database, Uri provider, TimeSpan wait, CancellationToken cancellation)
    {
        using var http = new HttpClient { Timeout = wait };
        // What is on its way between the two reads may be named; a second look clears it.
        var theirs = JsonSerializer.Deserialize<ProviderMoney>(await ReadAsync(http, new Uri(provider, "/money"), cancellation), LedgerJson.Answers) ?? new([]);
        return Compare(await new TransferQueries(database).AllAsync(cancellation), theirs.Transfers);
    }

    public static ReconciliationReport Compare(IReadOnlyList<(string Book, Transfer Transfer)> books, IReadOnlyList<ProviderTransfer> provider)
    {
        ArgumentNullException.ThrowIfNull(books);
        ArgumentNullException.ThrowIfNull(provider);
        var (differences, open) = (new List<string>(), 0);
        var theirs = new Dictionary<(string, string), ProviderTransfer>();
        foreach (var same in provider.GroupBy(one => (one.Merchant, one.Number)))
        {
            theirs.Add(same.Key, same.First());
            if (same.Count() is > 1 and var times) differences.Add($"{same.Key.Number} of {same.Key.Merchant}: the provider has it {times} times.");
        }

        foreach (var (book, transfer) in books)
        {
            var order = transfer.Order!;
            var isThere = theirs.Remove((book, order.Number), out var their);
            if (transfer.IsOpen && their is null or { Status: "P" }) open++;
            foreach (var difference in Differences(transfer, order, isThere ? their : null)) differences.Add($"{order.Number} of {book}: {difference}");
        }

        differences.AddRange(theirs.Values.Select(their => $"{their.Number} of {their.Merchant}: the provider has it ({their.Status}, {their.Amount}), the book does not."));
        var succeeded = books.Where(row => row.Transfer.State == TransferState.Succeeded).ToList();
        return new(
            books.Count, succeeded.Count, open, succeeded.Sum(row => (decimal)row.Transfer.Order!.Amount),
            provider.Where(their => their.Status == "Y").Sum(their => (decimal)their.Amount), differences);
    }

    private static async Task<byte[]> ReadAsync(HttpClient http, Uri record, CancellationToken cancellation)
    {
        try
        {
            return await http.GetByteArrayAsync(record, cancellation);
        }
        catch (TaskCanceledException e) when (e.InnerException is TimeoutException)
        {
            throw new HttpRequestException(FormattableString.Invariant($"it did not come within {http.Timeout.TotalSeconds} s"), e);
        }
    }

    private static IEnumerable<string> Differences(Transfer ours, TransferOrder order, ProviderTransfer? theirs)
    {
        if (ours.Disputes.Count > 0) yield return "the provider contradicted its final answer.";
        var same = theirs is null || (order.Kind, order.Amount, order.Account, order.Of, order.Agreement) == (theirs.Kind, theirs.Amount, theirs.Account, theirs.Of, theirs.Agreement);
        if (!same) yield return $"the book orders {order.Kind} of {order.Amount} for {order.Account}, the provider has {theirs!.Kind} of {theirs.Amount} for {theirs.Account}.";
        var state = (ours.State, theirs?.Status) switch
        {
            (TransferState.Succeeded, "Y") => ours.Reference == theirs!.Reference ? null : $"it succeeded as {ours.Reference} in the book, as {theirs.Reference} at the provider.",
            // What the provider never saw moved nothing either.
            (TransferState.Failed, "N" or null) or (TransferState.Ordered or TransferState.Pending, "P" or null) => null,
            _ => $"{ours.State} in the book, {theirs?.Status ?? "unknown"} at the provider.",
        };
        if (state is not null) yield return state;
    }
}
