using System.Text.Json;
using Ledger.Coupons;
using Ledger.Coupons.Groups;
using Ledger.Coupons.Offline;
using Ledger.Coupons.Redemptions;
using Ledger.Points;
using NodaTime;

namespace Ledger.Reversals;

/// <summary>
/// Undoes a request by its key: what a till asks that does not know whether its request arrived. Afterwards nothing stands of it, whatever
/// the order in which the two, or copies of them, come in.
/// </summary>
public static class ReversalOperations
{
    /// <param name="request">Under a key of its own.</param>
    /// <param name="original">The key of the request to undo.</param>
    /// <param name="at">When it happened, as far as the caller's word is taken; with its business date.</param>
    /// <param name="isOfHand">Whether a campaign's shard keeps the original: another book, where nothing is undone or barred.</param>
    /// <exception cref="ArgumentException">The reversal has no key of its own.</exception>
    public static Operation Reverse(Request request, string original, Instant at, LocalDate date, string? reason, bool isOfHand = false)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (string.IsNullOrEmpty(request.Key) || request.Key == original) throw new ArgumentException("A reversal needs a request key of its own.", nameof(request));
        var (stream, opening) = (ReversalStream.Of(original), OfflineOperations.OpeningOf(original));
        return new(request, [stream], [], book => book.Request(original) switch
        {
            // Done though nothing is kept under the key itself: on a hand, or records of an offline batch before its end.
            null or { IsTombstone: true } when isOfHand || book.Request(opening) is { IsTombstone: false } => new NotReversible(original),
            null => Bar(stream, new(original, request.Key, request.Now, reason)),
            { IsTombstone: true } barred => new Verdict.Accepted([], ViewOf(barred.Tombstone())),
            { } done => Undo(book, request, done, original, at, date, reason),
        })
        {
            OtherRequests = [original, opening],
        };
    }

    private static Verdict.Accepted Bar(Stream<Reversal, ReversalEvent> stream, Tombstone tombstone) =>
        new([new(stream, new ReversalEvent.RequestReversedBeforeArrival(tombstone.Request, tombstone.ReversedBy, tombstone.At, tombstone.Reason))], ViewOf(tombstone))
        {
            Tombstones = [tombstone],
        };

    private static ReversalView ViewOf(Tombstone tombstone) => new(tombstone.Request, "tombstone", tombstone.At);

    /// <summary>The request's answer tells what it did; the one who undoes that is the one who is asked to by name.</summary>
    private static Verdict Undo(BookStates book, Request request, StoredRequest done, string original, Instant at, LocalDate date, string? reason)
    {
        var answer = JsonSerializer.Deserialize<JsonElement>(done.Outcome.Span);
        var (undo, view) = (Text("redemptionId"), Text("holdId"), Text("status")) switch
        {
            ({ } redemption, _, "redeemed") => (
                ReturnOperations.Void(request, redemption, at, date, reason, Duration.FromMinutes(Limits.ReversalMinutes)),
                new ReversalView(original, "reversed", Redemption: answer.Deserialize<RedemptionView>(LedgerJson.Outcomes)! with { Status = "voided" })),
            (null, { } hold, null) => (
                TillOperations.Release(request, hold), new ReversalView(original, "reversed", Hold: answer.Deserialize<HoldView>(LedgerJson.Outcomes))),
            _ when Text("groupId") is { } group && Place("trade") is { } trade => (GroupOperations.Leave(request, group, trade, reason), new ReversalView(original, "reversed")),
            (_, _, "held") when Text("spendId") is { } held => (SpendOperations.Release(request, held), new ReversalView(original, "reversed")),
            (_, _, "spent") when Text("spendId") is { } spent => (SpendOperations.Refund(request, spent, points: null), new ReversalView(original, "reversed")),
            // An order that earned already, or comes back, gives no points. No money is refunded, so none is kept for points that were spent.
            _ when Text("order") is { } order && Text("program") is { } program && Change() > 0 => (
                PointsOperations.Reverse(request, program, order, [], Money.Zero), new ReversalView(original, "reversed")),
            _ => ((Operation?)null, (ReversalView?)null),
        };
        if (undo is null) return new NotReversible(original, MeansOf(answer));
        if (!undo.Streams.All(book.Has)) return new Verdict.NeedsMore(undo.Streams);
        return undo.Decide(book) switch
        {
            Verdict.Accepted accepted => new Verdict.Accepted(accepted.Changes, accepted.Answer switch
            {
                GroupView left => view! with { Group = left },
                PointsSpendView released => view! with { Spend = released },
                PointsRefundView refunded => view! with { Spend = refunded.Spend },
                PointsPurchaseView taken => view! with { Purchase = taken },
                _ => view!,
            }),
            // Voided, and the coupon used again since: of this request nothing stands.
            Verdict.Rejected(AlreadyVoided) => new Verdict.Accepted([], view!),
            var other => other,
        };

        string? Text(string member) => TextIn(answer, member);
        long Change() => answer.TryGetProperty("change", out var change) && change.TryGetInt64(out var points) ? points : 0;
        string? Place(string member) => answer.TryGetProperty("place", out var place) && place.ValueKind == JsonValueKind.Object ? TextIn(place, member) : null;
    }

    /// <summary>How points are undone that a reversal does not: what was given by hand, and what went to another member.</summary>
    private static string? MeansOf(JsonElement answer) =>
        TextIn(answer, "transferId") is not null ? "POST /v1/points/transfers"
        : TextIn(answer, "adjustmentId") is not null || (TextIn(answer, "program") is not null && TextIn(answer, "order") is null && answer.TryGetProperty("balance", out _))
            ? "POST /v1/points/adjustments"
            : null;

    private static string? TextIn(JsonElement json, string member) =>
        json.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
