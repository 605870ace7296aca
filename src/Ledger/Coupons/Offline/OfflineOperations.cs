using Ledger.Coupons.Budgets;
using Ledger.Coupons.Redemptions;
using Ledger.Reversals;

namespace Ledger.Coupons.Offline;

/// <summary>The requests of tills that were offline, as operations. Each record is one, so that a bad one loses only itself.</summary>
public static class OfflineOperations
{
    /// <summary>How the keys of records begin, and no caller's: who takes or bars one would make a gap of the record that no till can close.</summary>
    public const string KeyPrefix = "offline/";

    /// <summary>The request key of a record: the same record again, in whatever batch, has the answer that it had.</summary>
    /// <param name="name">The till that forwards it, with its store: another till's record is another request.</param>
    public static string KeyOf(string name, TillRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return FormattableString.Invariant($"{KeyPrefix}{name}/{record.Sequence}/{record.Hash()}");
    }

    /// <summary>Under which key a batch is opened; its end goes under its own. Who reverses it asks about both.</summary>
    public static string OpeningOf(string batch) => $"{batch}#records";

    /// <summary>Keeps a batch's own key to that batch: another body under it is refused before any record is looked at, and one that was reversed before it came.</summary>
    /// <param name="request">Of the batch; the opening has a key of its own.</param>
    public static Operation Open(Request request, int records)
    {
        ArgumentNullException.ThrowIfNull(request);
        var batch = request.Key!;
        return new(request with { Key = OpeningOf(batch) }, [], [], book => book.Request(batch) is { IsTombstone: true } barred
            ? new ReversedBeforeArrival(barred.Tombstone().At)
            : new Verdict.Accepted([], new OfflineBatchOpened(records)))
        {
            OtherRequests = [batch],
        };
    }

    /// <summary>Takes one record, or refuses one that does not follow from those before it.</summary>
    /// <param name="request">Of the batch; the record has a key of its own.</param>
    /// <param name="known">The coupon and its terms as they were a moment ago, so that all it will need is loaded at once; null: it is asked for bit by bit.</param>
    public static Operation Take(Request request, Forwarded forwarded, BookStates? known = null)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(forwarded);
        var (record, name) = (forwarded.Record, OfflineTillStream.NameOf(forwarded.Store, forwarded.Till));
        var key = KeyOf(name, record);
        var (till, coupon) = (OfflineTillStream.Of(name), CouponStream.Of(forwarded.Code));
        var (more, tallies) = Expected(known, coupon);
        return new(request with { Key = key, Fingerprint = Convert.FromHexString(record.Hash()) }, [till, coupon, .. more], tallies, book =>
        {
            var (state, issued) = (book.State(till), book.State(coupon));
            // Before anything is said: of records that wait for the same terms none overtakes another.
            var terms = issued.Status == CouponStatus.None ? null : CampaignStreams.TermsOf(issued.Campaign, issued.TermsVersion);
            if (terms is not null && !book.Has(terms)) return new Verdict.NeedsMore([terms]);
            var pinned = terms is null ? null : book.State(terms).Terms;
            return ShownCoupon.WithBudgets(book, pinned is null ? [] : [new(forwarded.Code, 1, coupon, issued, pinned)], request.Now, left =>
            {
                if (OfflineTillDecider.BreachOf(record, name, state) is { } breach) return breach;
                var taken = OfflineTillDecider.Take(forwarded, state, issued, pinned, key, request.Now, left);
                return new Verdict.Accepted([.. coupon.With(taken.OfCoupon), new(till, taken.Fact)], OfflineResult.Of(taken.Fact));
            });
        });
    }

    private static (IReadOnlyList<StreamName> Streams, IReadOnlyList<string> Tallies) Expected(BookStates? known, Stream<Coupon, CouponEvent> coupon)
    {
        if (known is null || !known.Has(coupon) || known.State(coupon) is not { Status: not CouponStatus.None } issued) return ([], []);
        var terms = CampaignStreams.TermsOf(issued.Campaign, issued.TermsVersion);
        return (known.Has(terms) ? known.State(terms).Terms?.Budgets : null) is { } parties
            ? ([terms, CampaignStreams.Of(issued.Campaign)], [.. MoneyBudgets.Tallies(issued.Campaign, parties)])
            : ([terms], []);
    }

    /// <summary>Ends a batch; the answer is the till as it then is.</summary>
    /// <param name="name">The till with its store.</param>
    /// <param name="newest">The number of the till's newest record, as it says; null: the batch was all.</param>
    /// <param name="breach">The first record of the batch that did not follow from the chain.</param>
    public static Operation Sync(Request request, string name, long? newest, Rejection? breach)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (till, settings) = (OfflineTillStream.Of(name), OfflineSettingsStream.Stream);
        return new(request, [till, settings], [], book =>
        {
            var state = book.State(till);
            return Verdict.Of(till, state, OfflineTillDecider.Sync(state, newest, breach, book.State(settings).Limits, request.Now), (_, t) => OfflineTillView.Of(name, t));
        });
    }
}

/// <summary>What is kept under a batch's key while its records are taken.</summary>
public sealed record OfflineBatchOpened(int Records);
