using Ledger.Agreements;
using Ledger.Coupons;
using Ledger.Coupons.Offline;
using Ledger.Coupons.Redemptions;
using Ledger.FuCards;
using Ledger.Members;
using Ledger.Merchants;
using Ledger.Payments;
using Ledger.Policies;
using Ledger.Reversals;
using Ledger.Tests.Agreements;
using Ledger.Tests.Points;
using NodaTime;
using Npgsql;

namespace Ledger.Tests.Audit;

/// <param name="Operations">Requests made, over all books; nearly each appends an entry.</param>
/// <param name="Lag">The most entries that a read model which follows is behind.</param>
public sealed record SyntheticPlan(int Seed, int Books, int Operations, int Lag = 0);

/// <summary>
/// Books of invented merchants, the same for the same plan: real operations run in memory, and written in bulk as the ledger would have
/// left them. The entries of all books are mixed, as those of a service are.
/// </summary>
public sealed class SyntheticBooks
{
    private static readonly Instant Opening = Instant.FromUtc(2026, 3, 1, 1, 0);

    private readonly SyntheticPlan plan;
    private readonly Random random;
    private readonly List<SyntheticBook> books = [];
    private readonly Dictionary<SyntheticBook, PointsTraffic> points = [];
    private readonly Dictionary<SyntheticBook, AgreementTraffic> memberships = [];
    private readonly Dictionary<SyntheticBook, (int Step, string? Code)> cards = [];
    private Instant now = Opening;

    private SyntheticBooks(SyntheticPlan plan) => (this.plan, random) = (plan, new(plan.Seed));

    /// <summary>The books written, complete.</summary>
    public IReadOnlyList<SyntheticBook> Books => books;

    /// <param name="connectionString">A database with the ledger's schema and nothing in it.</param>
    public static async Task<SyntheticBooks> WriteAsync(string connectionString, SyntheticPlan plan)
    {
        var made = new SyntheticBooks(plan);
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using (var entries = await SyntheticRows.OpenAsync(source, "mt_events",
            "tenant_id, seq_id, id, stream_id, version, data, type, timestamp, mt_dotnet_type, correlation_id, causation_id, headers, hash"))
        await using (var requests = await SyntheticRows.OpenAsync(source, "requests", "tenant_id, key, fingerprint, outcome"))
        {
            await made.MakeAsync(entries, requests);
            await entries.CompleteAsync();
            await requests.CompleteAsync();
        }

        await SyntheticTables.WriteAsync(source, made.books, plan.Lag, made.random);
        return made;
    }

    private async Task MakeAsync(SyntheticRows entries, SyntheticRows requests)
    {
        for (var i = 0; i < plan.Books; i++)
        {
            var book = new SyntheticBook($"m-{plan.Seed}-{i:D5}");
            books.Add(book);
            foreach (var operation in Setup(book)) await book.RunAsync(operation, entries, requests);
            foreach (var operation in PointsTraffic.Setup(() => OfPoints(book, FormattableString.Invariant($"club-{book.Head}")))) await book.RunAsync(operation, entries, requests);
            points.Add(book, new(plan.Seed + i));
            foreach (var operation in AgreementTraffic.Setup(() => OfPoints(book, FormattableString.Invariant($"light-{book.Head}")))) await book.RunAsync(operation, entries, requests);
            memberships.Add(book, new(plan.Seed + i));
            await book.RunAsync(FuOperations.Agree(OfPoints(book, FormattableString.Invariant($"fu-{book.Head}")), "owner", "fu", "spring"), entries, requests);
        }

        for (var i = 0; i < plan.Operations; i++)
        {
            var book = books[random.Next(books.Count)];
            now += Duration.FromMilliseconds(random.Next(2_000));
            await book.RunAsync(Next(book, i), entries, requests);
            // A dice of their own for points and memberships: what else happens does not depend on them. They live long; their clock runs ahead.
            if (i % 12 == 3)
            {
                var request = OfPoints(book, FormattableString.Invariant($"light-{i}")) with { Now = Times.Cut(now) + Duration.FromHours(i) };
                await book.RunAsync(memberships[book].Next(request, id => Membership(book, id), ["none"]), entries, requests);
            }

            if (i % 10 == 7) await book.RunAsync(FuCard(book, i), entries, requests);
            if (i % 6 == 5) await book.RunAsync(points[book].Next(OfPoints(book, FormattableString.Invariant($"points-{i}")) with { Now = Times.Cut(now) + Duration.FromHours(i) }), entries, requests);
        }
    }

    /// <summary>Cards of the merchant's; the coupon of each second one is used, taken back and used again; and members whom the campaign won.</summary>
    private Operation FuCard(SyntheticBook book, int number)
    {
        var (request, date, (step, last)) = (OfPoints(book, FormattableString.Invariant($"fu-{number}")), now.InUtc().Date, cards.GetValueOrDefault(book));
        var code = step % 6 < 2 ? FormattableString.Invariant($"FC{number:D10}") : last!;
        cards[book] = (step + 1, code);
        switch (step % 6)
        {
            case 2 or 5:
                return TillOperations.Redeem(request, code, new(30_00), now, null, null, null);
            case 3:
                return MemberStream.Join(request, $"fu-{number}", new(["points"], "1", now), [], FuChannel.Of("owner", "fu"), null, date);
            case 4:
                return ReturnOperations.Void(request, $"{code}-1", now, date, null);
            default:
                var drawn = new FuHandEvent.CardDrawn("fu", $"fu-{number % 40:D6}", number, "1001", "shops", $"r{number}", book.Name, false, date, now);
                return FuCardsPolicy.Coupons.Decide(new(FuCardsPolicy.Coupons, "owner~fu~0~1", "fuhand-fu/u", number, new Guid(number, 0, 0, new byte[8]), null, drawn, now, () => code))!;
        }
    }

    private static Agreement Membership(SyntheticBook book, string id) =>
        book.Streams.TryGetValue($"agreement-{id}", out var stream) ? (Agreement)stream.State : Agreement.None;

    private IEnumerable<Operation> Setup(SyntheticBook book)
    {
        var number = 0;
        Request Setting() => Ask(book, $"setup-{number++}");
        yield return MerchantStream.Operation(Setting(), new MerchantCommand.RegisterMerchant($"Tea house {book.Name}", "Asia/Shanghai", "CNY"));
        yield return MerchantStream.Operation(Setting(), new MerchantCommand.OpenStore("s1", "徐家汇店"));
        yield return MerchantStream.Operation(Setting(), new MerchantCommand.OpenStore("s2", "Bund"));
        yield return MerchantStream.Operation(Setting(), new MerchantCommand.InstallTill("s1", "t1"));
        foreach (var (campaign, benefit) in new (string, Benefit)[]
        {
            ("spring", new Benefit.FixedAmount(new(5_00))), ("autumn", new Benefit.Percentage(1_200, new Money(20_00), Rounding.HalfUp)),
            ("summer", new Benefit.FixedAmount(new(3_00))),
        })
        {
            var terms = new CouponTerms(
                benefit, new(10_00), "Asia/Shanghai", new(Opening, Opening + Duration.FromDays(90), ValidDays: 2), [], [], new(PerMember: 50, PerMemberPerDay: 20),
                MaxUses: campaign == "summer" ? 3 : null, OfflineLiability: "platform", IsTransferable: campaign == "summer" ? null : true, ReturnPolicy: campaign == "autumn" ? ReturnPolicy.Requalify : null);
            yield return CouponOperations.Draft(Setting(), campaign, new($"Campaign \"{campaign}\"", 9_000_000, Opening, Opening + Duration.FromDays(60)), terms);
            yield return CouponOperations.Change(Setting(), campaign, new CampaignCommand.SubmitCampaign());
            yield return CouponOperations.Change(Setting(), campaign, new CampaignCommand.ApproveCampaign());
        }

        yield return CouponOperations.Change(Setting(), "autumn", new CampaignCommand.PauseCampaign("weather"));
        yield return CouponOperations.Change(Setting(), "autumn", new CampaignCommand.ResumeCampaign());
        yield return OfflineSettingsStream.ChangeLimits(Setting(), new(new(50_00), 1_000, new(10_000_00)));
        yield return OfflineOperations.Sync(Setting(), "s1/t1", null, null);
    }

    /// <summary>A payment, and every second time the refund of a part of the one before.</summary>
    private Operation Pay(SyntheticBook book, Request request, int number, LocalDate date) =>
        book.Streams.Keys.FirstOrDefault(id => id.StartsWith("payment-", StringComparison.Ordinal)) is { } paid && number % 2 == 0
            ? PaymentOperations.Refund(request, paid["payment-".Length..], $"r{number}", new(1), [], "cold tea", now, date)
            : PaymentOperations.Receive(
                request, $"trade-{number}", new(new(200_00), "balance", [new(new(150_00), 2, "tea", null), new(new(50_00))], new(Portal.Scan), "member-1", null, "s1", "t1", null), now, date);

    private Operation Next(SyntheticBook book, int number)
    {
        var request = Ask(book, $"till-{number:D8}-{random.Next(1 << 20):x5}");
        var date = now.InZone(DateTimeZoneProviders.Tzdb["Asia/Shanghai"]).Date;
        if (number % 17 == 5) return Pay(book, request, number, date);
        var dice = random.Next(100);
        if (dice < 48 || book.Codes.Count == 0) return Issue(book, request, date);
        var code = book.Codes[random.Next(book.Codes.Count)];
        if (number % 20 == 7) return Offline(book, request, code, number);
        if (dice is >= 84 and < 92)
        {
            return ((Coupon)book.Streams[$"coupon-{code}"].State).Hold is not { } hold
                ? TillOperations.Hold(request, code, new(random.Next(10_00, 200_00)), 120 + random.Next(900), now, "s1", "t1", null)
                : random.Next(3) == 0 ? TillOperations.Release(request, hold.Id) : TillOperations.Commit(request, hold.Id, now);
        }

        var state = (Coupon)book.Streams[$"coupon-{code}"].State;
        if (state.Status == CouponStatus.Confirming)
            return random.Next(3) == 0 ? CouponOperations.Cancel(request, code) : CouponOperations.Confirm(request, code);
        if (dice == 82 || state.Status == CouponStatus.InTransfer)
        {
            return state.Gift is not { Status: GiftStatus.Offered } gift ? GiftOperations.Offer(request, code, $"{code}-g{number:x8}", null, Duration.FromHours(1 + random.Next(30)))
                : random.Next(3) == 0 ? GiftOperations.Cancel(request, gift.Id)
                : GiftOperations.Accept(request, gift.Id, $"member-{random.Next(40):D6}");
        }

        // Of a request that never arrived, of one that may have, or of one that comes later.
        if (dice == 83)
        {
            var keys = book.Keys.Where(key => !key.StartsWith("points-", StringComparison.Ordinal) && !key.StartsWith("club-", StringComparison.Ordinal) && !key.StartsWith("light-", StringComparison.Ordinal)
                && !key.StartsWith("fu-", StringComparison.Ordinal) && !Policy.IsKey(key)).ToList();
            var original = random.Next(2) == 0 ? $"lost-{random.Next(1 << 20):x5}" : keys[random.Next(keys.Count)];
            return ReversalOperations.Reverse(request, original, now, date, random.Next(2) == 0 ? null : "no answer");
        }

        if (dice is 92 or 93) return CouponOperations.Deactivate(request, code, "lost");
        if (dice == 94 && book.Redeemed.Count > 0) return ReturnOperations.Return(request, book.Redeemed[random.Next(book.Redeemed.Count)], [new(0, Amount: new(1_00))], null, KeptCoupons.None, now, date, null);
        if (dice is 94 or 95) return ReturnOperations.Void(request, $"{code}-1", now, date, random.Next(2) == 0 ? null : "the guest left");
        if (dice >= 96)
        {
            var (past, late) = (now, CouponOperations.Expire(request with { Key = null, Now = now + Duration.FromDays(3) }, code));
            return random.Next(4) > 0 ? late : TillOperations.Redeem(request, code, new(30_00), past - Duration.FromHours(1), null, null, null);
        }

        if (random.Next(3) > 0) book.Codes.Remove(code);
        book.Redeemed.Add($"{code}-1");
        if (random.Next(4) == 0)
        {
            var others = book.Codes.Where(other => other != code).Take(random.Next(1, 4)).Select(other => new Presented(other));
            return TillOperations.Redeem(request, [new(code), .. others], new(random.Next(10_00, 200_00)), now, "s1", "t1", null);
        }

        var store = random.Next(10) == 0 ? null : random.Next(2) == 0 ? "s1" : "s2";
        return TillOperations.Redeem(
            request, code, new(random.Next(10_00, 200_00)), now, store, store == "s1" ? "t1" : null, random.Next(3) == 0 ? $"order-{number}" : null);
    }

    /// <summary>A till that was offline forwards a record, or synchronises, now and then with a gap.</summary>
    private Operation Offline(SyntheticBook book, Request request, string code, int number)
    {
        var till = (OfflineTill)book.Streams["till-s1/t1"].State;
        var record = new TillHead("s1/t1", till.Sequence, till.Hash).Next(code, new(40_00), new(number % 3 == 0 ? 5_50 : 4_00), now - Duration.FromMinutes(number % 90), order: $"order-{number}");
        return number % 60 == 7
            ? OfflineOperations.Sync(request, "s1/t1", null, number % 180 == 7 ? new DeviceSequenceGap(till.Sequence + 1, till.Sequence + 3) : null)
            : OfflineOperations.Take(request, new(record, "s1", "t1", code, null));
    }

    private Operation Issue(SyntheticBook book, Request request, LocalDate date)
    {
        var code = string.Create(12, random, static (text, random) =>
        {
            foreach (ref var letter in text) letter = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[random.Next(32)];
        });
        book.Codes.Add(code);
        var member = $"member-{random.Next(40 + (plan.Operations / plan.Books / 4)):D6}";
        var (campaign, channel) = (random.Next(4) switch { 0 => "autumn", 1 => "summer", _ => "spring" }, random.Next(2) == 0 ? null : "SCAN");
        // Of those that say where, some leave out the position.
        var surface = channel is null ? null : new Surface(Portal.Scan, code[0] < 'A' ? PublicPosition.NineGrid : null, SurfaceOwner.Platform);
        return CouponOperations.Issue(request, campaign, code, member, channel, now, date, given: null, random.Next(8) == 0 ? 60 + random.Next(900) : null, surface: surface);
    }

    private Request OfPoints(SyntheticBook book, string key) => new(book.Name, key, new byte[32], "key-points", Times.Cut(now));

    private Request Ask(SyntheticBook book, string key)
    {
        var fingerprint = new byte[32];
        random.NextBytes(fingerprint);
        now = Times.Cut(now);
        return new(book.Name, key, fingerprint, $"key-{book.Name}", now, random.Next(8) == 0 ? $"purchase-{random.Next()}" : null);
    }
}
