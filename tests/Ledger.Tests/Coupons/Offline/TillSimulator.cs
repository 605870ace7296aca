using System.Security.Cryptography;
using System.Text.Json;
using Ledger.Coupons;
using Ledger.Coupons.Codes;
using Ledger.Coupons.Offline;
using NodaTime;

namespace Ledger.Tests.Coupons.Offline;

/// <summary>A till that redeems without the service and keeps its records until they are forwarded.</summary>
internal sealed class TillSimulator(string store, string till)
{
    private static int batches;

    public string Name { get; } = OfflineTillStream.NameOf(store, till);

    /// <summary>All that it ever granted.</summary>
    public List<TillRecord> Records { get; } = [];

    public TillHead Head => Records.Count == 0 ? TillHead.Start(Name) : TillHead.After(Records[^1]);

    public TillRecord Grant(string code, long amount, long discount, Instant at, string? token = null, string? order = null)
    {
        var record = Head.Next(code, new(amount), new(discount), at, token, order);
        Records.Add(record);
        return record;
    }

    /// <summary>Forwards these records as the endpoint does: each by itself, then the end of the batch.</summary>
    public IReadOnlyList<(OfflineResult? Result, Rejection? Refusal)> Forward(InMemoryBook book, Instant now, OfflineKeyRing keys, IEnumerable<TillRecord>? records = null, long? newest = null)
    {
        var request = InMemoryBook.Request(FormattableString.Invariant($"batch-{Interlocked.Increment(ref batches)}"), now);
        var answers = (records ?? []).Select(record =>
        {
            var token = record.Token is { } text ? OfflineToken.Read(text, keys) : null;
            var (answer, refusal) = book.Run(OfflineOperations.Take(request, new(record, store, till, record.Code, token)));
            return (answer is null ? null : JsonSerializer.Deserialize<OfflineResult>(answer, LedgerJson.Outcomes), refusal);
        }).ToList();
        var ended = book.Run(OfflineOperations.Sync(request, Name, newest, answers.Select(answer => answer.refusal).FirstOrDefault(refusal => refusal is not null)));
        return ended.Refusal is null ? answers : throw new InvalidOperationException($"{ended.Refusal}");
    }

    public OfflineTill In(InMemoryBook book) => book.State(OfflineTillStream.Of(Name));

    /// <summary>The body of a batch.</summary>
    public static object Body(IEnumerable<TillRecord> records, long? newest = null) => new { records = records.ToArray(), newest };

    public static OfflineSigningKey NewKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return OfflineSigningKey.Of(key);
    }
}
