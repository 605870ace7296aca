using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Ledger.Agreements;
using Ledger.Coupons;
using Ledger.Payments;
using Ledger.Reversals;

namespace Ledger.Postgres.Audit;

/// <summary>Folds entries into the streams, tallies and read-model sums of their book, as far as the part holds them.</summary>
/// <remarks>
/// Comes to the same as <see cref="Coupons.ReadModels.CouponProjections"/>, which is plainer, but holds a whole book and follows one progress:
/// here each read model stands at its own, a coupon's state is held once for all of them, and what does not fit waits for another pass.
/// </remarks>
internal static class EventFolder
{
    /// <summary>What reading or folding throws when the data is not what the ledger writes.</summary>
    public static bool IsUnreadable(Exception exception) =>
        exception is JsonException or FormatException or ArgumentException or InvalidOperationException or NullReferenceException or InvalidCastException
            or UnreachableException or OverflowException or NotSupportedException;

    /// <param name="isFirstPass">Whether this pass reports what is wrong with the entry itself.</param>
    /// <param name="held">Counts what is held in memory.</param>
    public static void Fold(EventReader reader, in RawEntry entry, BookFold book, Part part, bool isFirstPass, KnownEvent? type, FlatJson? flat, JsonShape? shape, ref int held)
    {
        var stream = part.Holds(entry.Stream) ? book.Open(entry.Stream, part, ref held) : null;
        if (stream is not null) Step(stream, entry, book);
        if (isFirstPass && book.Barred.Count > 0 && entry.HasCausation) CheckBar(entry, book);
        if (type is null)
        {
            Break(entry, book, stream, isFirstPass, "the ledger has no event of this name.");
            return;
        }

        try
        {
            var fact = reader.Read(type, entry.Data, flat, shape) ?? throw new JsonException("The data is null.");
            if (isFirstPass && fact is ReversalEvent.RequestReversedBeforeArrival barred) book.Barred.Add(barred.Request);
            if (stream is not null) Evolve(stream, type.Stored.Stream, fact);
            if (stream?.State is Coupon { Surface: not null } coupon && entry.Seq <= book.Progress.SurfaceTotals)
                (stream.Surface ??= new(SurfaceCounts.KeyOf(coupon))).Add((CouponEvent)fact, coupon);
            if (stream is not null && entry.Seq <= book.Progress.FuTotals) stream.FuCards = FuCounts.After(stream.FuCards, fact);
            Sum(type.Stored.Stream, fact, entry.Seq, book, part, ref held);
            if (fact is AgreementEvent agreement && entry.Seq <= book.Progress.Agreements) AgreementFold.Add(agreement, entry.Stream, book, part, ref held);
        }
        catch (Exception exception) when (IsUnreadable(exception))
        {
            Break(entry, book, stream, isFirstPass, exception.Message);
        }
    }

    /// <summary>Behind the entry that bars a request key none is made under that key.</summary>
    private static void CheckBar(in RawEntry entry, BookFold book)
    {
        var key = Encoding.UTF8.GetString(entry.Causation);
        if (book.Barred.Contains(key)) book.Findings.Add(new BarredRequestCarriedOut(book.Book, entry.Seq, key));
    }

    private static void Step(StreamFold stream, in RawEntry entry, BookFold book)
    {
        // After a gap either the count or the last version that was stated goes on.
        stream.Count++;
        if (entry.Version != stream.Count && (stream.Count == 1 || entry.Version != stream.Version + 1))
            book.Findings.AddOnce(new VersionBroken(book.Book, entry.Seq, Encoding.UTF8.GetString(entry.Stream), stream.Count, entry.Version));
        if (stream.Count == 1) stream.Created = entry.Timestamp;
        (stream.Version, stream.Timestamp) = (entry.Version, entry.Timestamp);
    }

    private static void Evolve(StreamFold stream, StreamType type, object fact)
    {
        if (stream.Type is null) (stream.Type, stream.State) = (type, type.Initial);
        else if (stream.Type != type) throw new InvalidOperationException($"it belongs to a stream of type {type.Name}, but this one is a {stream.Type.Name}.");
        stream.State = type.Evolve(stream.State!, fact);
    }

    private static void Sum(StreamType type, object fact, long seq, BookFold book, Part part, ref int held)
    {
        var changes = type.TalliesOf(fact);
        for (var i = 0; i < changes.Count; i++)
        {
            if (!part.Holds(changes[i].Key)) continue;
            ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(book.Tallies, changes[i].Key, out var exists);
            if (!exists) held++;
            sum.Value += changes[i].Amount;
        }

        if (fact is PaymentEvent payment && seq <= book.Progress.PaymentDays && PaymentDaySum.KeyOf(payment) is var day && day.IsIn(part))
        {
            ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(book.PaymentDays, day, out var exists);
            if (!exists) held++;
            (sum ??= new()).Add(payment);
        }

        book.Points.Add(fact, seq, book.Progress, part, ref held);
        if (fact is not CouponEvent coupon) return;
        if (seq <= book.Progress.CampaignTotals && CampaignSum.CampaignOf(coupon) is { } campaign && part.Holds(campaign))
        {
            ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(book.Campaigns, campaign, out var exists);
            if (!exists) held++;
            (sum ??= new()).Add(coupon);
        }

        if (seq <= book.Progress.StoreDays && StoreDaySum.KeyOf(coupon) is { } key && key.IsIn(part))
        {
            ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(book.StoreDays, key, out var exists);
            if (!exists) held++;
            (sum ??= new()).Add(coupon);
        }
    }

    private static void Break(in RawEntry entry, BookFold book, StreamFold? stream, bool isFirstPass, string reason)
    {
        book.IsBroken = true;
        if (stream is not null) stream.IsBroken = true;
        if (isFirstPass) book.Findings.Add(new EntryUnreadable(book.Book, entry.Seq, Encoding.UTF8.GetString(entry.Type), reason));
    }
}
