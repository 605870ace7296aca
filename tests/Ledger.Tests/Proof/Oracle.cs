using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ledger.Tests.Proof;

/// <summary>What the oracle says that a request is answered, at one moment of the book.</summary>
/// <param name="Body">Without titles and request ids; a refusal with its type and facts.</param>
/// <param name="Entries">"stream type" of what it appends.</param>
/// <param name="Apply">Makes it so.</param>
internal sealed record Expected(int Status, JsonObject Body, IReadOnlyList<string> Entries, Action Apply, bool IsReplay = false);

/// <summary>
/// What coupons are, once more and simply: dictionaries and arithmetic, one request after the other. It is written from the documents and
/// shares nothing with the domain, so that the two can only agree where both are right.
/// </summary>
internal sealed class Oracle(IEnumerable<OracleTerms> campaigns)
{
    private const long Grace = 15 * 60 * Json.Second;
    private const int MostCycles = 10;

    private readonly Dictionary<string, (string Fingerprint, JsonObject? Answer, int Status, JsonObject? Tombstone)> requests = new(StringComparer.Ordinal);

    public Dictionary<string, OracleTerms> Campaigns { get; } = campaigns.ToDictionary(terms => terms.Campaign, StringComparer.Ordinal);

    public Dictionary<string, OracleCoupon> Coupons { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, OracleSale> Sales { get; } = new(StringComparer.Ordinal);

    public OraclePoints Points { get; } = new();

    /// <summary>Sums of reports: by "campaign name figure" and "day date store figure".</summary>
    public SortedDictionary<string, long> Sums { get; } = new(StringComparer.Ordinal);

    public IEnumerable<string> Keys => requests.Keys;

    /// <summary>What <c>GET /v1/requests/{key}</c> says; null: nothing is known.</summary>
    public JsonObject? Request(string key) => requests.TryGetValue(key, out var request) ? request.Tombstone ?? request.Answer : null;

    /// <param name="code">The code that was drawn, where it issues.</param>
    public Expected Answer(Ask ask, long now, string? code)
    {
        if (ask.Verb != Verb.Check && requests.TryGetValue(ask.Key, out var known))
        {
            if (known.Tombstone is { } tombstone) return Refuse(409, "reversed-before-arrival", ("reversedAt", tombstone["at"]!.DeepClone()));
            return known.Fingerprint == Fingerprint(ask)
                ? new(known.Status, (JsonObject)known.Answer!.DeepClone(), [], () => { }, IsReplay: true)
                : Refuse(422, "idempotency-key-reused");
        }

        var expected = ask.Verb switch
        {
            Verb.Issue => Issue(ask, now, code),
            Verb.Earn => Points.Earn(ask.Target, ask.Member, ask.Amount, now),
            Verb.Check => Check(ask, now),
            Verb.Redeem => Redeem(ask, now),
            Verb.Hold => Hold(ask, now),
            Verb.Commit => Commit(ask, now),
            Verb.Release => Release(ask.Target, now),
            Verb.Void => Void(ask.Target, now, 0),
            Verb.Return => Return(ask, now),
            Verb.Reverse => Reverse(ask, now),
            _ => Deactivate(ask, now),
        };
        if (ask.Verb == Verb.Check || expected.Status >= 300) return expected;
        var (answer, status) = ((JsonObject)expected.Body.DeepClone(), expected.Status);
        return expected with
        {
            Apply = () =>
            {
                expected.Apply();
                requests[ask.Key] = (Fingerprint(ask), answer, status, null);
            },
        };
    }

    /// <summary>The clock ended a hold or a coupon; false where it had no right to.</summary>
    public bool TryClock(string stream, string type, JsonElement data, long now)
    {
        if (stream.StartsWith("points-", StringComparison.Ordinal)) return Points.TryClock(stream[(stream.IndexOf('/', StringComparison.Ordinal) + 1)..], type, data, now);
        if (!Coupons.TryGetValue(stream["coupon-".Length..], out var coupon)) return false;
        switch (type)
        {
            case "coupon_hold_released" when coupon.Hold is { } hold && now >= hold.Until:
                coupon.Hold = null;
                return true;
            case "coupon_expired" when coupon is { Hold: null, Status: "issued" } && now >= coupon.Terms.To:
                coupon.Status = "expired";
                Count(coupon, "expired", 1);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Whether the clock still has something to do.</summary>
    public bool HasDue(long now) => Coupons.Values.Any(coupon => coupon.Status == "issued" && now >= (coupon.Hold?.Until ?? coupon.Terms.To))
        || Points.Turns.Any(end => now >= end);

    private static string Fingerprint(Ask ask) => $"{ask.Path} {ask.Body}";

    public static Expected Refuse(int status, string problem, params (string, JsonNode?)[] facts) =>
        new(status, Json.Of([("type", $"/problems/{problem}"), ("status", status), .. facts]), [], () => { });

    private static Expected Presented(Expected refusal, string code, int shown)
    {
        if (shown > 1) refusal.Body.Add("presented", code);
        return refusal;
    }

    private Expected Issue(Ask ask, long now, string? code)
    {
        var terms = Campaigns[ask.Target];
        if (now >= terms.To) return Refuse(422, "campaign-ended", ("endsAt", Json.Time(terms.To)));
        var issued = Coupons.Values.Where(coupon => coupon.Terms == terms).ToList();
        if (issued.Count >= terms.Quota) return Refuse(409, "stock-exhausted", ("quota", terms.Quota));
        if (issued.Count(coupon => coupon.Member == ask.Member) >= terms.PerMember) return Refuse(422, "user-limit", ("limit", terms.PerMember));
        code ??= "?";
        return new(
            201, Json.Of(("code", code), ("campaign", ask.Target), ("termsVersion", 1), ("member", ask.Member), ("validFrom", Json.Time(now)), ("validTo", Json.Time(terms.To))),
            [$"coupon-{code} coupon_issued"],
            () =>
            {
                var coupon = Coupons[code] = new(code, ask.Member, terms, now);
                Count(coupon, "issued", 1);
                Count(coupon, "faceValued", terms.BasisPoints > 0 ? 0 : 1);
                Count(coupon, "faceValue", terms.BasisPoints > 0 ? 0 : terms.Off);
                Sum($"day {Json.DateOf(now)}  issued", 1);
            });
    }

    private Expected Check(Ask ask, long now)
    {
        var coupon = Coupons[ask.Target];
        var refusal = Standing(coupon, now, 1) ?? Price([(coupon, 1)], [new(ask.Amount, 1, null)]).Refusal;
        var discount = refusal is null ? Price([(coupon, 1)], [new(ask.Amount, 1, null)]).Parts[0].Discount : 0;
        var last = coupon.Status == "used" ? coupon.Last : null;
        return new(
            200, Json.Of(
                ("code", coupon.Code), ("status", coupon.StatusAt(now)), ("campaign", coupon.Terms.Campaign), ("termsVersion", 1), ("member", coupon.Member),
                ("validFrom", Json.Time(coupon.From)), ("validTo", Json.Time(coupon.Terms.To)), ("redemptionId", last?.Id), ("redeemedAt", last is null ? null : Json.Time(last.At)),
                ("redeemable", refusal is null), ("discount", refusal is null ? discount : null), ("payable", refusal is null ? ask.Amount - discount : null), ("problem", refusal?.Body)),
            [], () => { });
    }

    private Expected Redeem(Ask ask, long now)
    {
        var shown = ask.Shown.Select(one => (Coupon: Coupons[one.Code], one.Uses)).ToList();
        var (parts, lines, points, refusal) = Take(ask, shown, now);
        if (refusal is not null) return refusal;
        var lead = shown[0].Coupon;
        var isBasket = shown.Count > 1 || lead.Terms.Uses > 1 || points is not null;
        var spent = points is null ? null : Points.Spend(points, now);
        var sale = new OracleSale(FormattableString.Invariant($"{lead.Code}-{lead.Redemptions + 1}"), ask.Key, ask.Amount, now, lines, parts, null, IsNamed(ask, shown), isBasket, points);
        return new(201, sale.ToJson(), [.. Home(sale), .. parts.SelectMany(part => EntriesOf(part, now, sale)), .. Of(spent)], () => Book(sale, now, spent));
    }

    private Expected Hold(Ask ask, long now)
    {
        var shown = ask.Shown.Select(one => (Coupon: Coupons[one.Code], one.Uses)).ToList();
        var (parts, lines, points, refusal) = Take(ask, shown, now);
        if (refusal is not null) return refusal;
        var (lead, isSeveral) = (shown[0].Coupon, shown.Count > 1 || points is not null);
        var (id, until) = ($"{lead.Code}-h{Json.Sha256(ask.Key)[..10]}", now + (ask.Seconds * Json.Second));
        var own = parts.Single(part => part.Coupon == lead);
        var discount = parts.Sum(part => part.Discount) + (points?.Discount ?? 0);
        var held = points is null ? null : Points.Hold(points, until, now);
        var basket = isSeveral ? Json.Together(lines, parts, points) : IsNamed(ask, shown) ? own.Breakdown(lines) : null;
        var answer = HoldShape(id, lead, ask.Amount, discount, now, until, ask.Key, basket, isSeveral ? Json.List(parts, part => part.ToJson()) : null);
        if (points is not null) answer.Add("points", points.ToJson());
        return new(201, answer, [.. parts.SelectMany(part => Before(part.Coupon, now).Append($"coupon-{part.Coupon.Code} coupon_held")), .. Of(held)], () =>
        {
            held?.Apply();
            foreach (var part in parts)
            {
                Unexpire(part.Coupon);
                part.Coupon.Hold = new(id, ask.Key, ask.Amount, now, until, lines, parts, IsNamed(ask, shown) || isSeveral, points);
            }
        });
    }

    private Expected Commit(Ask ask, long now)
    {
        var none = Refuse(404, "hold-not-found", ("holdId", ask.Target));
        if (!Coupons.TryGetValue(ask.Target[..ask.Target.LastIndexOf("-h", StringComparison.Ordinal)], out var lead)) return none;
        if (lead.Hold is not { } hold || hold.Id != ask.Target)
            return lead is { Status: "used", Last: { } last } ? Refuse(409, "already-used", ("redemptionId", last.Id), ("at", Json.Time(last.At))) : none;
        var over = Refuse(409, "hold-expired", ("holdExpiresAt", Json.Time(hold.Until)));
        if (hold.Parts.Any(part => part.Coupon.Hold?.Id != hold.Id) || (hold.Points is { } points && !Points.IsHeld(points))) return over;
        if (now >= hold.Until) return Presented(over, hold.Parts[0].Coupon.Code, hold.Parts.Count);
        foreach (var part in hold.Parts) part.Before = part.Coupon.Latest;
        var sale = new OracleSale(
            FormattableString.Invariant($"{lead.Code}-{lead.Redemptions + 1}"), ask.Key, hold.Amount, now, hold.Lines, hold.Parts, hold.Id, hold.IsNamed,
            hold.Parts.Count > 1 || lead.Terms.Uses > 1 || hold.Points is not null, hold.Points)
        {
            OrderKey = hold.Key,
        };
        var spent = hold.Points is null ? null : Points.Commit(hold.Points, now);
        return new(201, sale.ToJson(), [.. Home(sale), .. hold.Parts.SelectMany(part => EntriesOf(part, now, sale)), .. Of(spent)], () => Book(sale, now, spent));
    }

    private Expected Release(string id, long now)
    {
        if (!Coupons.TryGetValue(id[..id.LastIndexOf("-h", StringComparison.Ordinal)], out var lead)) return Refuse(404, "hold-not-found", ("holdId", id));
        var held = lead.Hold is { } hold && hold.Id == id ? hold.Parts.Where(part => part.Coupon.Hold?.Id == id).Select(part => part.Coupon).ToList() : [];
        if (held.Count == 0)
        {
            // Of several uses any redemption that stands, of one use the last one that the coupon knows.
            var committed = lead.Terms.Uses > 1 ? Sales.Values.FirstOrDefault(sale => sale.Hold == id && !sale.IsVoided) : lead.Last is { IsVoided: false } last && last.Hold == id ? last : null;
            if (committed is not null) return Refuse(409, "already-used", ("redemptionId", committed.Id), ("at", Json.Time(committed.At)));
        }

        var freed = held.Count > 0 && lead.Hold!.Points is { } points ? Points.Release(points, now) : null;
        var isOver = held.Where(coupon => now >= coupon.Terms.To).ToList();
        return new(
            200, CouponShape(lead, now, isFreed: held.Contains(lead)),
            [.. held.Select(coupon => $"coupon-{coupon.Code} coupon_hold_released"), .. isOver.Select(coupon => $"coupon-{coupon.Code} coupon_expired"), .. Of(freed)],
            () =>
            {
                freed?.Apply();
                foreach (var coupon in held) coupon.Hold = null;
                foreach (var coupon in isOver)
                {
                    coupon.Status = "expired";
                    Count(coupon, "expired", 1);
                }
            });
    }

    private Expected Void(string id, long now, long grace)
    {
        var (code, number) = (id[..id.LastIndexOf('-')], int.Parse(id.AsSpan(id.LastIndexOf('-') + 1), provider: null));
        var sale = Sales[id];
        var coupon = Coupons[code];
        if (sale is { IsRecorded: true, IsVoided: true } || (sale.IsVoided && coupon.Last == sale)) return new(200, sale.ToJson(), [], () => { });
        if (!sale.IsRecorded && number < coupon.Redemptions) return Refuse(409, "already-voided", ("redemptionId", id));
        if (sale.Returns.Count > 0) return Refuse(409, "redemption-has-returns", ("redemptionId", id), ("returns", sale.Returns.Count));
        var until = Math.Max(sale.VoidableUntil, sale.At + grace);
        if (now >= until) return Refuse(422, "void-window-closed", ("voidableUntil", Json.Time(until)));
        if (NotLast(sale) is { } later) return later;

        var answer = sale.ToJson();
        answer["status"] = "voided";
        var restored = sale.Points is null ? null : Points.Restore(sale.Points, sale.Points.Points, now);
        return new(
            200, answer, [.. Of(restored), .. sale.IsRecorded ? new[] { $"redemption-{id} basket_voided" } : [], .. sale.Parts.Select(part => $"coupon-{part.Coupon.Code} redemption_voided")], () =>
            {
                restored?.Apply();
                sale.IsVoided = true;
                foreach (var part in sale.Parts)
                {
                    if (part.Coupon.Status == "used") part.Coupon.Status = "issued";
                    part.Coupon.Used -= part.Uses;
                    part.Coupon.Latest = Earlier(sale, part.Coupon.Code);
                    Money(sale, part, "voided", -sale.Amount, -part.Discount, now);
                }
            });
    }

    private Expected Return(Ask ask, long now)
    {
        var id = ask.Target;
        var sale = Sales[id];
        if (sale.IsVoided || (!sale.IsRecorded && (sale.Parts[0].Coupon.Status != "used" || sale.Parts[0].Coupon.Last != sale)))
            return Refuse(409, "redemption-is-voided", ("redemptionId", id));
        var (back, pieces) = (new long[sale.Lines.Count], new int[sale.Lines.Count]);
        long[][] taken = [.. sale.Parts.Select(_ => new long[sale.Lines.Count])];
        var offPoints = new long[sale.Lines.Count];
        if (ask.Uses is { } uses)
        {
            var only = sale.Parts[0];
            if (sale.UsesReturned == 0 && sale.Returns.Count > 0) return Refuse(409, "returns-do-not-mix", ("redemptionId", id));
            if (sale.Parts.Count > 1 || only.Coupon.Terms.Uses == 1 || sale.Points is not null) return Refuse(422, "uses-not-returnable", ("redemptionId", id));
            if (uses > only.Uses - sale.UsesReturned) return Refuse(422, "return-exceeds-original", ("measure", "uses"), ("asked", uses), ("left", only.Uses - sale.UsesReturned));
            taken[0][0] = (only.Discount * (sale.UsesReturned + uses) / only.Uses) - sale.Taken[0][0];
        }
        else
        {
            if (sale.UsesReturned > 0) return Refuse(409, "returns-do-not-mix", ("redemptionId", id));
            IReadOnlyList<(int Line, int? Quantity, long? Amount)> items = ask.Items ?? [.. Enumerable.Range(0, sale.Lines.Count)
                .Where(line => sale.Back[line] < sale.Lines[line].Amount || sale.PiecesBack[line] < sale.Lines[line].Quantity).Select(line => (line, (int?)null, (long?)null))];
            if (items.Count == 0) return Refuse(409, "nothing-left-to-return", ("redemptionId", id));
            foreach (var item in items)
            {
                if (TakeBack(sale, item, back, pieces) is { } tooMuch) return tooMuch;
            }

            for (var line = 0; line < back.Length; line++)
            {
                // Of a line with several coupons the tests bring back all or nothing; of one coupon any part.
                if (back[line] == 0) continue;
                for (var i = 0; i < taken.Length; i++)
                    taken[i][line] = (sale.Parts[i].ByLine[line] * (sale.Back[line] + back[line]) / sale.Lines[line].Amount) - sale.Taken[i][line];
                if (sale.Points is not null) offPoints[line] = (sale.Points.ByLine[line] * (sale.Back[line] + back[line]) / sale.Lines[line].Amount) - sale.PointsTaken[line];
            }
        }

        var empty = sale.Parts.Where((part, i) => part.Discount == sale.Taken[i].Sum() + taken[i].Sum()).Select(part => part.Coupon.Code).ToHashSet(StringComparer.Ordinal);
        int Given(OraclePart part) => ask.Keep ? 0 : ask.Uses ?? (empty.Contains(part.Coupon.Code) && !sale.Empty.Contains(part.Coupon.Code) ? part.Uses : 0);
        if (NotLast(sale, part => Given(part) > 0) is { } later) return later;
        if (sale.Parts.FirstOrDefault(part => Given(part) > 0 && part.Coupon.Cycles >= MostCycles) is { } tired)
            return Presented(Refuse(409, "return-cycles-exceeded", ("limit", MostCycles)), tired.Coupon.Code, sale.Parts.Count);

        var refund = back.Sum() - (ask.Uses is null ? taken.Sum(part => part.Sum()) : 0) - offPoints.Sum();
        // In proportion to what is taken back by now of what points took off, and all of them with the last of it.
        var pointsBack = sale.Points is null ? 0 : (sale.Points.Points * (sale.PointsTaken.Sum() + offPoints.Sum()) / sale.Points.Discount) - sale.PointsBack;
        var restored = pointsBack == 0 ? null : Points.Restore(sale.Points!, pointsBack, now);
        JsonObject OfPoints() => Json.Of(
            ("points", pointsBack), ("discount", offPoints.Sum()), ("standing", Json.Lines([.. sale.Points!.ByLine.Select((amount, line) => amount - sale.PointsTaken[line] - offPoints[line])])));
        JsonArray Lines() => Json.List(
            Enumerable.Range(0, back.Length).Where(line => back[line] > 0 || pieces[line] > 0), line => Json.Of(("line", line), ("quantity", pieces[line]), ("amount", back[line])));
        string After(OraclePart part) => Given(part) == 0 || part.Coupon.Status is not ("used" or "issued") ? part.Coupon.Status
            : now < part.Coupon.Terms.To || part.Coupon.Status == "issued" ? "issued" : "returned-expired";
        JsonObject Part(int i, Func<OraclePart, (string, JsonNode?)> last)
        {
            var part = sale.Parts[i];
            // A party gets back what it paid, the whole or, where one party pays, any part.
            var before = sale.Taken[i].Sum();
            var funding = part.Split(before + taken[i].Sum()).Zip(part.Split(before), (all, earlier) => (all.Party, Amount: all.Amount - earlier.Amount)).Where(share => share.Amount > 0);
            long[] standing = [.. part.ByLine.Select((amount, line) => amount - sale.Taken[i][line] - taken[i][line])];
            return Json.Of(("code", part.Coupon.Code), ("discount", taken[i].Sum()), ("funding", Json.Shares(funding)), ("standing", Json.Lines(standing)), last(part));
        }

        var parts = Enumerable.Range(0, sale.Parts.Count).ToList();
        var answer = Json.Of(
            ("redemptionId", id), ("number", sale.Returns.Count + 1), ("refund", refund), ("lines", Lines()), ("at", Json.Time(now)),
            ("coupons", Json.List(parts, i => Part(i, part => ("status", StatusAfter(part.Coupon, After(part), now))))));
        var kept = Json.Of(("lines", Lines()), ("refund", refund), ("coupons", Json.List(parts, i => Part(i, part => ("isUsableAgain", empty.Contains(part.Coupon.Code))))));
        if (sale.Points is not null)
        {
            kept.Add("points", OfPoints());
            var shape = OfPoints();
            foreach (var (name, value) in new[] { ("restored", pointsBack), ("regranted", 0), ("forfeited", 0) }) shape.Add(name, value);
            answer.Add("points", shape);
        }

        return new(
            201, answer, [.. Of(restored), .. sale.IsRecorded ? [] : new[] { $"redemption-{id} basket_redeemed" }, $"redemption-{id} basket_returned", .. sale.Parts.Select(part => $"coupon-{part.Coupon.Code} coupon_returned")], () =>
            {
                foreach (var part in sale.Parts)
                {
                    var (given, status) = (Given(part), After(part));
                    part.Coupon.Status = status;
                    part.Coupon.Used -= given;
                    part.Coupon.Cycles += given > 0 ? 1 : 0;
                    if (part.Coupon.Latest == sale.Id && empty.Contains(part.Coupon.Code) && (ask.Uses is not null || !sale.Empty.Contains(part.Coupon.Code)))
                        part.Coupon.Latest = Earlier(sale, part.Coupon.Code);
                    Money(sale, part, "returned", -back.Sum(), -taken[parts.First(i => sale.Parts[i] == part)].Sum(), now);
                }

                restored?.Apply();
                (sale.IsRecorded, sale.PointsBack) = (true, sale.PointsBack + pointsBack);
                sale.UsesReturned += ask.Uses ?? 0;
                sale.Returns.Add(kept);
                sale.Empty = empty;
                for (var line = 0; line < back.Length; line++)
                {
                    (sale.Back[line], sale.PiecesBack[line]) = (sale.Back[line] + back[line], sale.PiecesBack[line] + pieces[line]);
                    foreach (var i in parts) sale.Taken[i][line] += taken[i][line];
                    sale.PointsTaken[line] += offPoints[line];
                }
            });
    }

    private static Expected? TakeBack(OracleSale sale, (int Line, int? Quantity, long? Amount) item, long[] back, int[] pieces)
    {
        Expected TooMuch(string measure, long asked, long left) =>
            Refuse(422, "return-exceeds-original", ("measure", measure), ("line", item.Line), ("asked", asked), ("left", left));

        if (item.Line >= sale.Lines.Count) return TooMuch("amount", item.Amount ?? 0, 0);
        var kept = sale.Lines[item.Line].Amount - sale.Back[item.Line] - back[item.Line];
        var left = sale.Lines[item.Line].Quantity - sale.PiecesBack[item.Line] - pieces[item.Line];
        if (item is { Quantity: null, Amount: null } && kept == 0 && left == 0) return TooMuch("quantity", 1, 0);
        var quantity = item.Quantity ?? (item.Amount is null ? left : 0);
        if (quantity > left) return TooMuch("quantity", quantity, left);
        var amount = item.Amount ?? (quantity == left ? kept : kept * quantity / left);
        if (amount > kept) return TooMuch("amount", amount, kept);
        back[item.Line] += amount;
        pieces[item.Line] += quantity;
        return null;
    }

    private Expected Reverse(Ask ask, long now)
    {
        if (!requests.TryGetValue(ask.Target, out var original))
        {
            var tombstone = Json.Of(("status", "reversed"), ("request", ask.Target), ("reversedBy", ask.Key), ("at", Json.Time(now)));
            return new(200, Json.Of(("request", ask.Target), ("status", "tombstone"), ("at", Json.Time(now))), [$"reversal-{Json.Sha256(ask.Target)} request_reversed_before_arrival"],
                () => requests[ask.Target] = ("", null, 0, tombstone));
        }

        if (original.Tombstone is { } barred) return new(200, Json.Of(("request", ask.Target), ("status", "tombstone"), ("at", barred["at"]!.DeepClone())), [], () => { });
        var (did, undo) = (original.Answer!.DeepClone().AsObject(), (Expected?)null);
        var path = original.Fingerprint.Split(' ')[0];
        if (path == "/v1/redemptions" || path.EndsWith("/commit", StringComparison.Ordinal)) undo = Void((string)did["redemptionId"]!, now, Grace);
        else if (path == "/v1/holds") undo = Release((string)did["holdId"]!, now);
        else if (path == "/v1/points/purchases") undo = Points.TakeBack((string)did["order"]!, now);
        if (undo is null) return Refuse(422, "not-reversible", ("request", ask.Target));
        var isGone = undo.Status == 409 && (string)undo.Body["type"]! == "/problems/already-voided";
        if (undo.Status >= 300 && !isGone) return undo;
        if (path == "/v1/points/purchases")
            return new(200, Json.Of(("request", ask.Target), ("status", "reversed"), ("purchase", undo.Body)), undo.Entries, undo.Apply);
        if (path != "/v1/holds") did["status"] = "voided";
        return new(200, Json.Of(("request", ask.Target), ("status", "reversed"), (path == "/v1/holds" ? "hold" : "redemption", did)), isGone ? [] : undo.Entries, isGone ? () => { } : undo.Apply);
    }

    private Expected Deactivate(Ask ask, long now)
    {
        var coupon = Coupons[ask.Target];
        if (coupon is { Status: "used", Last: { } last }) return Refuse(409, "already-used", ("redemptionId", last.Id), ("at", Json.Time(last.At)));
        if (coupon.Status == "expired") return Refuse(422, "expired", ("validTo", Json.Time(coupon.Terms.To)));
        if (coupon.Status == "deactivated") return new(200, CouponShape(coupon, now, isFreed: false), [], () => { });
        if (coupon.Hold is { } hold && now < hold.Until) return Refuse(423, "already-held", ("holdExpiresAt", Json.Time(hold.Until)), ("till", Shop.Till));
        if (now >= coupon.Terms.To) return Refuse(422, "expired", ("validTo", Json.Time(coupon.Terms.To)));
        var answer = CouponShape(coupon, now, isFreed: true);
        answer["status"] = "deactivated";
        return new(200, answer, [.. Before(coupon, now), $"coupon-{coupon.Code} coupon_deactivated"], () =>
        {
            (coupon.Hold, coupon.Status) = (null, "deactivated");
            Count(coupon, "deactivated", 1);
        });
    }

    /// <summary>The latest redemption of a bundle once this one is undone; one of which nothing stands was kept, and is passed over.</summary>
    private string? Earlier(OracleSale sale, string code)
    {
        var before = sale.Before[code];
        while (before is not null && Sales[before].Empty.Contains(code)) before = Sales[before].Before[code];
        return before;
    }

    /// <summary>Of a bundle only the latest redemption is undone.</summary>
    /// <param name="isUndone">Whether a use of the coupon comes back; null: of each.</param>
    private static Expected? NotLast(OracleSale sale, Func<OraclePart, bool>? isUndone = null) =>
        sale.Parts.Where(part => isUndone?.Invoke(part) != false).Select(part => part.Coupon).FirstOrDefault(coupon => coupon.Terms.IsBundle && coupon.Latest != sale.Id) is { } other
        ? Presented(Refuse(409, "not-last-of-bundle", ("latest", other.Latest ?? "")), other.Code, sale.Parts.Count)
        : null;

    /// <summary>Why a coupon may not be used whatever the basket.</summary>
    private static Expected? Standing(OracleCoupon coupon, long now, int uses, string? stated = null) =>
        stated is not null && stated != coupon.Member ? Refuse(422, "owner-mismatch")
        : coupon.Status == "used" ? Refuse(409, "already-used", ("redemptionId", coupon.Last!.Id), ("at", Json.Time(coupon.Last.At)))
        : coupon.Status == "deactivated" ? Refuse(409, "deactivated")
        : coupon.Status == "returned-expired" ? Refuse(422, "expired", ("validTo", Json.Time(coupon.Terms.To)))
        : coupon.Hold is { } hold && now < hold.Until ? Refuse(423, "already-held", ("holdExpiresAt", Json.Time(hold.Until)), ("till", Shop.Till))
        : now >= coupon.Terms.To ? Refuse(422, "expired", ("validTo", Json.Time(coupon.Terms.To)))
        : uses > coupon.Terms.Uses - coupon.Used ? Refuse(409, "uses-exhausted", ("asked", uses), ("left", coupon.Terms.Uses - coupon.Used))
        : null;

    private (IReadOnlyList<OraclePart> Parts, IReadOnlyList<OracleLine> Lines, OraclePointsPart? Points, Expected? Refusal) Take(Ask ask, List<(OracleCoupon Coupon, int Uses)> shown, long now)
    {
        IReadOnlyList<OracleLine> lines = ask.Lines ?? [new(ask.Amount, 1, null)];
        var presented = shown.Count + (ask.Points is null ? 0 : 1);
        foreach (var (coupon, uses) in shown)
        {
            if (Standing(coupon, now, uses, stated: ask.Stated) is { } refusal) return ([], lines, null, Presented(refusal, coupon.Code, presented));
        }

        var (parts, none) = Price(shown, lines, presented);
        if (none is not null || ask.Points is not { } asked) return (parts, lines, null, none);
        var (points, refused) = Points.Price(
            asked, OraclePoints.SpendOf(ask.Key), [.. lines.Select((line, n) => line.Amount - parts.Sum(part => part.ByLine[n]))], now, ask.Stated);
        return (parts, lines, points, refused);
    }

    private static (IReadOnlyList<OraclePart> Parts, Expected? Refusal) Price(List<(OracleCoupon Coupon, int Uses)> shown, IReadOnlyList<OracleLine> lines, int presented = 1)
    {
        long[] remaining = [.. lines.Select(line => line.Amount)];
        var parts = new List<OraclePart>();
        foreach (var (coupon, uses) in shown.OrderBy(one => one.Coupon.Code, StringComparer.Ordinal))
        {
            var terms = coupon.Terms;
            long[] eligible = [.. remaining.Select((amount, line) => terms.Covers(lines[line]) ? amount : 0)];
            var (left, initial) = (eligible.Sum(), lines.Where(terms.Covers).Sum(line => line.Amount));
            if (!lines.Any(terms.Covers)) return ([], Presented(Refuse(422, "goods-not-eligible"), coupon.Code, presented));
            if (initial < terms.Floor) return ([], Presented(Refuse(422, "floor-not-met", ("needed", terms.Floor), ("got", initial)), coupon.Code, presented));
            var beside = parts.Where(part => terms.IsExclusive || part.Coupon.Terms.IsExclusive).Select(part => part.Coupon.Code).ToList();
            if (beside.Count > 0) return ([], Presented(Refuse(422, "stacking-conflict", ("codes", Json.List(beside, code => code))), coupon.Code, presented));
            var discount = Math.Min(left, terms.BasisPoints > 0 ? Math.Min(terms.Ceiling, left * terms.BasisPoints / 10_000) : terms.Off * uses);
            if (discount == 0) return ([], Presented(Refuse(422, "nothing-to-discount", ("amount", left)), coupon.Code, presented));
            var part = new OraclePart(coupon, uses, left, discount, Json.Divide(discount, eligible)) { Before = coupon.Latest };
            parts.Add(part);
            for (var line = 0; line < remaining.Length; line++) remaining[line] -= part.ByLine[line];
        }

        return (parts, null);
    }

    private static bool IsNamed(Ask ask, List<(OracleCoupon Coupon, int Uses)> shown) =>
        ask.Lines is not null || shown[0].Coupon.Terms is { BrandBasisPoints: > 0 } or { LooksAtGoods: true } || shown[0].Uses > 1;

    private static string[] Home(OracleSale sale) => sale.IsBasket ? [$"redemption-{sale.Id} basket_redeemed"] : [];

    /// <summary>What is recorded before a coupon is used: that its hold had run out, or that it had not expired after all.</summary>
    private static string[] Before(OracleCoupon coupon, long now) =>
        coupon.Hold is { } hold && now >= hold.Until ? [$"coupon-{coupon.Code} coupon_hold_released"]
        : coupon.Status == "expired" ? [$"coupon-{coupon.Code} coupon_expiry_reversed"]
        : [];

    /// <summary>Used after the end: reported late, or kept by a hold. What is left of it expires.</summary>
    private static bool IsLate(OracleCoupon coupon, long now) => coupon.Status == "expired" || now >= coupon.Terms.To;

    private static IEnumerable<string> EntriesOf(OraclePart part, long now, OracleSale sale)
    {
        var isLate = IsLate(part.Coupon, now) && part.Coupon.Used + part.Uses < part.Coupon.Terms.Uses;
        return [.. Before(part.Coupon, now), $"coupon-{part.Coupon.Code} coupon_redeemed", .. isLate ? new[] { $"coupon-{part.Coupon.Code} coupon_expired" } : []];
    }

    private static IReadOnlyList<string> Of(OraclePointsChange? change) => change?.Entries ?? [];

    private void Book(OracleSale sale, long now, OraclePointsChange? points)
    {
        points?.Apply();
        Sales.Add(sale.Id, sale);
        foreach (var part in sale.Parts)
        {
            var (coupon, isLate) = (part.Coupon, IsLate(part.Coupon, now));
            Unexpire(coupon);
            coupon.Used += part.Uses;
            sale.Before[coupon.Code] = coupon.Latest;
            coupon.Latest = coupon.Terms.IsBundle ? sale.Id : null;
            (coupon.Redemptions, coupon.Last, coupon.Hold, coupon.Status) = (coupon.Redemptions + 1, sale, null, coupon.Used < coupon.Terms.Uses ? "issued" : "used");
            if (isLate && coupon.Status == "issued")
            {
                coupon.Status = "expired";
                Count(coupon, "expired", 1);
            }

            Money(sale, part, "redeemed", sale.Amount, part.Discount, now);
        }
    }

    private void Unexpire(OracleCoupon coupon)
    {
        if (coupon.Status != "expired") return;
        coupon.Status = "issued";
        Count(coupon, "expired", -1);
    }

    private void Money(OracleSale sale, OraclePart part, string figure, long amount, long discount, long now)
    {
        Count(part.Coupon, figure, 1);
        Count(part.Coupon, "amount", amount);
        Count(part.Coupon, "discount", discount);
        var day = $"day {Json.DateOf(now)} {Shop.Store}";
        Sum($"{day} {figure}", 1);
        Sum($"{day} amount", part.Coupon.Code == sale.Code ? amount : 0);
        Sum($"{day} discount", discount);
    }

    private void Count(OracleCoupon coupon, string figure, long by) => Sum($"campaign {coupon.Terms.Campaign} {figure}", by);

    private void Sum(string name, long by) => Sums[name] = Sums.GetValueOrDefault(name) + by;

    private static string StatusAfter(OracleCoupon coupon, string status, long now) => status != "issued" ? status
        : now < coupon.Hold?.Until ? "held" : now < coupon.Terms.To ? "effective" : "expired";

    private static JsonObject CouponShape(OracleCoupon coupon, long now, bool isFreed)
    {
        var isHeld = !isFreed && now < coupon.Hold?.Until;
        var status = coupon.Status != "issued" ? coupon.Status : isHeld ? "held" : now < coupon.Terms.To ? "effective" : "expired";
        return Json.Of(
            ("code", coupon.Code), ("status", status), ("campaign", coupon.Terms.Campaign), ("termsVersion", 1), ("member", coupon.Member),
            ("validFrom", Json.Time(coupon.From)), ("validTo", Json.Time(coupon.Terms.To)), ("redemption", coupon.Last?.Of(coupon)));
    }

    private static JsonObject HoldShape(string id, OracleCoupon coupon, long amount, long discount, long at, long until, string key, JsonNode? basket, JsonNode? coupons) => Json.Of(
        ("holdId", id), ("code", coupon.Code), ("campaign", coupon.Terms.Campaign), ("amount", amount), ("discount", discount), ("payable", amount - discount),
        ("at", Json.Time(at)), ("expiresAt", Json.Time(until)), ("store", Shop.Store), ("till", Shop.Till), ("order", $"order of {key}"), ("basket", basket), ("coupons", coupons));
}
