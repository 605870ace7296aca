using System.Text.Json;
using Ledger.Agreements;
using Ledger.Coupons;
using Ledger.Coupons.Groups;
using Ledger.FuCards;
using Ledger.Members;
using Ledger.Merchants;
using Ledger.Payments;
using Ledger.Tests.Agreements;
using Ledger.Tests.Points;
using Ledger.Traffic;
using NodaTime;
using Npgsql;
using NpgsqlTypes;
using static Ledger.Coupons.CampaignEvent;
using static Ledger.Coupons.CouponEvent;

namespace Ledger.Tests.Readers;

/// <summary>One entry of a book before it is stored.</summary>
internal sealed record Written(string Book, long Seq, string Stream, long Version, object Fact);

/// <summary>Random but lawful lives of coupons and campaigns, mixed in a few books, stored as the scribe stores them.</summary>
internal sealed class Histories(int seed)
{
    private static readonly Instant Start = Instant.FromUtc(2026, 11, 1, 0, 0);

    private readonly Random random = new(seed);
    private readonly Dictionary<string, long> heads = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Book, string Stream), long> versions = [];
    private readonly Dictionary<(string Book, string Stream), Coupon> coupons = [];

    private readonly Dictionary<string, (InMemoryBook Book, PointsTraffic Traffic)> points = new(StringComparer.Ordinal);

    private readonly Dictionary<string, (AgreementShop Shop, AgreementTraffic Traffic)> memberships = new(StringComparer.Ordinal);

    public List<Written> Entries { get; } = [];

    public IReadOnlyDictionary<string, long> Heads => heads;

    public Histories Write(int steps, int books = 3)
    {
        for (var step = 0; step < steps; step++)
        {
            var book = $"m{random.Next(books)}";
            if (heads.GetValueOrDefault(book) == 0) Begin(book);
            if (random.Next(3) == 0) Points(book, step);
            if (random.Next(6) == 0) Memberships(book);
            if (random.Next(6) == 0) FuCard(book, step);
            var known = coupons.Keys.Where(key => key.Book == book).ToArray();
            if (random.Next(8) == 0) Pay(book);
            else if (known.Length == 0 || random.Next(3) == 0) Issue(book);
            else Live(known[random.Next(known.Length)]);
        }

        return this;
    }

    /// <summary>The rows that the fold in C# makes of all entries.</summary>
    public IEnumerable<Projections> Fold() => Entries.GroupBy(entry => entry.Book, StringComparer.Ordinal).Select(book =>
    {
        var fold = new Projections(book.Key);
        foreach (var entry in book) fold.Apply(entry.Stream, entry.Fact);
        return fold;
    });

    /// <summary>Stores the entries from <paramref name="from"/> on, and the heads.</summary>
    public async Task StoreAsync(NpgsqlDataSource database, int from = 0)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using (var copy = await connection.BeginBinaryImportAsync(
            "copy ledger.mt_events (tenant_id, seq_id, id, stream_id, version, data, type, timestamp, mt_dotnet_type, hash) from stdin (format binary)"))
        {
            foreach (var entry in Entries.Skip(from))
            {
                var stored = Catalogue.Of(entry.Fact);
                await copy.StartRowAsync();
                await copy.WriteAsync(entry.Book, NpgsqlDbType.Varchar);
                await copy.WriteAsync(entry.Seq, NpgsqlDbType.Bigint);
                await copy.WriteAsync(Guid.CreateVersion7(), NpgsqlDbType.Uuid);
                await copy.WriteAsync(entry.Stream, NpgsqlDbType.Varchar);
                await copy.WriteAsync(entry.Version, NpgsqlDbType.Bigint);
                await copy.WriteAsync(JsonSerializer.Serialize(entry.Fact, stored.Type, LedgerJson.Options), NpgsqlDbType.Jsonb);
                await copy.WriteAsync(stored.Name, NpgsqlDbType.Varchar);
                await copy.WriteAsync((Start + Duration.FromSeconds(entry.Seq)).ToDateTimeUtc(), NpgsqlDbType.TimestampTz);
                await copy.WriteAsync(stored.DotnetType, NpgsqlDbType.Varchar);
                await copy.WriteAsync(new byte[32], NpgsqlDbType.Bytea);
            }

            await copy.CompleteAsync();
        }

        foreach (var (book, head) in heads)
        {
            await database.ExecuteAsync(
                $"insert into ledger.books values ('{book}', {head}, '') on conflict (tenant_id) do update set head = excluded.head");
        }
    }

    private void Begin(string book)
    {
        Add(book, "merchant", new MerchantEvent.MerchantRegistered("Teahouse", "Asia/Shanghai", "CNY"));
        for (var campaign = 0; campaign < 3; campaign++)
        {
            var stream = $"campaign-c{campaign}";
            Add(book, stream, new CampaignDrafted("Spring", 100, Start, At()));
            Add(book, stream, new CampaignApproved(At()));
            Add(book, $"group-g{campaign}", new GroupEvent.GroupOpened($"c{campaign}", 1, new(39_90), 3, 3, At(), Start));
            if (random.Next(3) == 0) Add(book, stream, new CampaignPaused("rest"));
            if (random.Next(3) == 0) Add(book, stream, random.Next(2) == 0 ? new CampaignStopped("enough") : new CampaignEnded(At()));
        }
    }

    /// <summary>A card of the merchant's with its coupon or without, or a member whom a campaign won or something else.</summary>
    private void FuCard(string book, int step)
    {
        var (owner, user) = ($"o{random.Next(2)}", $"u{random.Next(8)}");
        if (random.Next(3) == 0)
        {
            Add(book, $"member-f{step}", new MemberEvent.MemberJoined($"f{step}", new(["points"], "1", At()), [], random.Next(3) == 0 ? "shop" : FuChannel.Of(owner, "spring"), null, At(), Date()));
            return;
        }

        var code = random.Next(4) == 0 ? null : $"{Guid.NewGuid():N}";
        if (code is not null) Add(book, $"coupon-{code}", new CouponIssued("c0", 1, user, FuChannel.Of(owner, "spring"), ["issued/c"], null, At(), At(), At(), Date()));
        Add(book, $"fucoupon-{owner}/spring/{user}/{step}", new FuCouponEvent.CardCouponSettled(owner, "spring", user, step, code is not null, code, code is null ? "quota-exhausted" : null, At()));
    }

    private void Pay(string book)
    {
        var (trade, amount, store) = ($"t{Entries.Count}", random.Next(1, 9_999), random.Next(3) == 0 ? null : $"s{random.Next(2)}");
        Add(book, $"payment-{trade}", new PaymentEvent.PaymentReceived(trade, new(new(amount), "balance", [], null, null, null, store, null, null), "k", trade, At(), Date()));
        if (random.Next(2) == 0)
            Add(book, $"payment-{trade}", new PaymentEvent.PaymentRefunded(trade, new("r", new(amount), [], null, "k", At()), Money.Zero, null, store, null, Date()));
    }

    /// <summary>What some requests about points append.</summary>
    private void Points(string book, int step)
    {
        var before = 0;
        if (points.TryGetValue(book, out var world))
        {
            before = world.Book.Entries.Count;
        }
        else
        {
            points.Add(book, world = (new(), new(seed + points.Count)));
            foreach (var operation in PointsTraffic.Setup(() => InMemoryBook.Request(FormattableString.Invariant($"setup-{world.Book.Entries.Count}"), Start))) world.Book.Run(operation);
        }

        for (var i = 0; i < 5; i++) world.Book.Run(world.Traffic.Next(InMemoryBook.Request(FormattableString.Invariant($"step-{step}-{i}"), Start + Duration.FromHours(step * 5))));
        var request = InMemoryBook.Request($"traffic-{step}", Start + Duration.FromHours(step * 30));
        world.Book.Run(random.Next(3) == 0
            ? TrafficOperations.Spend(request, $"s{step}", "banner", random.Next(1, 5_000), request.Now.InUtc().Date)
            : TrafficOperations.Attribute(request, $"v{random.Next(3)}", null, request.Now, request.Now.InUtc().Date, DateTimeZone.Utc));
        foreach (var (stream, _, fact) in world.Book.Entries.Skip(before)) Add(book, stream.Id, fact);
    }

    /// <summary>What some requests about light memberships append.</summary>
    private void Memberships(string book)
    {
        if (!memberships.TryGetValue(book, out var world))
        {
            memberships.Add(book, world = (new(), new(seed + memberships.Count)));
            foreach (var operation in AgreementTraffic.Setup(() => world.Shop.Ask())) world.Shop.Book.Run(operation);
            foreach (var (stream, _, fact) in world.Shop.Book.Entries) Add(book, stream.Id, fact);
        }

        var before = world.Shop.Book.Entries.Count;
        for (var i = 0; i < 6; i++)
        {
            world.Shop.Now += Duration.FromHours(random.Next(30));
            world.Shop.Book.Run(world.Traffic.Next(world.Shop.Ask(), id => world.Shop.Agreement(id), ["none"]));
        }

        foreach (var (stream, _, fact) in world.Shop.Book.Entries.Skip(before)) Add(book, stream.Id, fact);
    }

    private void Issue(string book) => Add(book, $"coupon-{Guid.NewGuid():N}", new CouponIssued(
        $"c{random.Next(3)}", random.Next(1, 4), $"u{random.Next(8)}", null, ["issued/c"], random.Next(3) == 0 ? null : new Money(random.Next(1, 9_999)),
        At(), At(), At(), Date(), Sale: null, random.Next(3) == 0 ? At() : null, Place()));

    private Surface? Place() => random.Next(2) == 0 ? null : new(
        (Portal)random.Next(7), random.Next(2) == 0 ? null : (PublicPosition)random.Next(2), random.Next(2) == 0 ? null : SurfaceOwner.Platform);

    private void Live((string Book, string Stream) key)
    {
        var (coupon, code) = (coupons[key], key.Stream["coupon-".Length..]);
        CouponEvent[] facts = (coupon.Status, random.Next(5)) switch
        {
            _ when random.Next(12) == 0 => [new CouponHidden(coupon.Campaign, coupon.Member, At(), coupon.Status)],
            (CouponStatus.Confirming, < 3) => [new CouponIssueConfirmed(coupon.Campaign, coupon.Member, At())],
            (CouponStatus.Confirming, _) =>
                [new CouponIssueCancelled(coupon.Campaign, coupon.Member, coupon.Claim!.LimitKeys, coupon.Claim.FaceValue, coupon.Claim.Date, IssueEnd.Cancelled, At(), coupon.Surface)],
            (CouponStatus.Cancelled, _) => [],
            (CouponStatus.InTransfer, < 3) => [new CouponGiftAccepted(coupon.Gift!.Id, coupon.Campaign, $"u{random.Next(8)}", coupon.Member, At())],
            (CouponStatus.InTransfer, _) => [new CouponGiftEnded(coupon.Gift!.Id, coupon.Campaign, coupon.Member, GiftStatus.Cancelled, At())],
            (CouponStatus.Issued, 0) when coupon.Hold is null && random.Next(2) == 0 => [new CouponGiftOffered($"{code}-g1", coupon.Campaign, coupon.Member, null, At(), At())],
            (CouponStatus.Issued, 0) when coupon.Hold is null => [new CouponExpired(coupon.Campaign, coupon.Member, coupon.ValidTo)],
            (CouponStatus.Issued, 1) when coupon.Hold is null => [new CouponDeactivated(coupon.Campaign, coupon.Member, At(), null)],
            (CouponStatus.Issued, 2) when coupon.Hold is null => [Held(code, coupon)],
            (CouponStatus.Issued, 2 or 3) when coupon.Hold is { } hold =>
                [new CouponHoldReleased(hold.Id, coupon.Campaign, coupon.Member, random.Next(2) == 0 ? HoldEnd.Expired : HoldEnd.Released, At())],
            (CouponStatus.Issued, 4) when coupon is { Hold: null, Last: not null } => [Returned(coupon, CouponStatus.Issued, 1)],
            (CouponStatus.Issued, _) => [Redeemed(code, coupon) with { UsesLeft = random.Next(3) == 0 ? 2 : null, Lead = random.Next(4) == 0 ? "other" : null }],
            (CouponStatus.Used, 3) => [Returned(coupon, (CouponStatus)random.Next(1, 6), null)],
            (CouponStatus.Used, 4) when coupon.Uses > 1 => [Voided(coupon) with { Status = CouponStatus.Expired }],
            (CouponStatus.Used, < 3) => [Voided(coupon)],
            (CouponStatus.Expired, < 3) => [new CouponExpiryReversed(coupon.Campaign, coupon.Member, At()), Redeemed(code, coupon)],
            _ => [],
        };
        foreach (var fact in facts) Add(key.Book, key.Stream, fact);
    }

    private RedemptionVoided Voided(Coupon coupon) => new(
        coupon.Last!.RedemptionId, coupon.Campaign, coupon.Member, coupon.Last.Amount, coupon.Last.Discount, At(), Date(), coupon.ValidTo, coupon.Last.Store, null);

    private CouponReturned Returned(Coupon coupon, CouponStatus status, int? uses) => new(
        coupon.Last!.RedemptionId, 1, coupon.Campaign, coupon.Member, new(random.Next(99)), new(random.Next(99)), [], status, uses, At(), Date(), coupon.ValidTo,
        coupon.Last.Store, random.Next(4) == 0 ? "other" : null);

    private CouponHeld Held(string code, Coupon coupon) => new(
        CouponStream.HoldId(code, Guid.NewGuid().ToString("N")), Guid.NewGuid().ToString("N"), coupon.Campaign, coupon.Member,
        new Money(random.Next(1, 99_999)), new Money(random.Next(1, 999)), At(), At(), null, null, null);

    private CouponRedeemed Redeemed(string code, Coupon coupon) => new(
        CouponStream.RedemptionId(code, coupon.Redemptions + 1), Guid.NewGuid().ToString("N"), coupon.Campaign, coupon.Member,
        new Money(random.Next(1, 99_999)), new Money(random.Next(1, 999)), At(), Date(), At(), random.Next(3) == 0 ? null : $"s{random.Next(2)}", null, null);

    private void Add(string book, string stream, object fact)
    {
        var seq = heads[book] = heads.GetValueOrDefault(book) + 1;
        var version = versions[(book, stream)] = versions.GetValueOrDefault((book, stream)) + 1;
        Entries.Add(new(book, seq, stream, version, fact));
        if (fact is CouponEvent happened)
        {
            coupons[(book, stream)] = CouponDecider.Evolve(coupons.GetValueOrDefault((book, stream)) ?? Coupon.None, happened);
        }
    }

    private Instant At() => Start + Duration.FromMilliseconds(random.Next()) + Duration.FromTicks(random.Next(1_000) * 10);

    private LocalDate Date() => new LocalDate(2026, 11, 1).PlusDays(random.Next(4));
}
