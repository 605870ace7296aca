using System.Text.Json;
using Ledger.Coupons;
using Ledger.Coupons.Budgets;
using Ledger.Coupons.Groups;
using Ledger.Coupons.Redemptions;
using Ledger.Coupons.Sales;
using Ledger.Pools;
using NodaTime;
using Npgsql;

namespace Ledger.Postgres;

/// <summary>Plain reads: no lock, no scribe. Everything asks for one merchant's rows.</summary>
public sealed class BookQueries(NpgsqlDataSource database)
{
    /// <summary>The readers whose lag a report of coupons states.</summary>
    private static readonly string[] Followers = [.. ReadModel.All.Where(model => !model.IsInline && model.IsPrompt).Select(model => model.Table)];

    /// <summary>Whether the database answers. A dead connection out of the pool is no answer: a second one is tried.</summary>
    public async Task<bool> AnswersAsync(CancellationToken cancellation)
    {
        for (var attempt = 1; attempt <= 2; attempt++)
        {
            try
            {
                await using var ping = database.CreateCommand(SqlFile.Read("query_ping.sql"));
                await ping.ExecuteNonQueryAsync(cancellation);
                return true;
            }
            catch (NpgsqlException)
            {
                // The pool forgets its connections when one of them turns out to be dead.
            }
        }

        return false;
    }

    /// <summary>A stream's state: as stored, or folded where the stored state has another shape than the code's.</summary>
    public async Task<TState> StateAsync<TState, TEvent>(string book, Stream<TState, TEvent> stream, CancellationToken cancellation)
        where TState : notnull
        where TEvent : notnull => (await StreamAsync(book, stream, cancellation)).State;

    /// <summary>The same with the stream's version; 0 where it has no entry.</summary>
    public async Task<(TState State, long Version)> StreamAsync<TState, TEvent>(string book, Stream<TState, TEvent> stream, CancellationToken cancellation)
        where TState : notnull
        where TEvent : notnull
    {
        ArgumentNullException.ThrowIfNull(stream);
        var version = 0L;
        await using var command = Command("query_stream.sql", book, stream.Id);
        await using (var reader = await command.ExecuteReaderAsync(cancellation))
        {
            if (!await reader.ReadAsync(cancellation)) return (stream.Of.InitialState, 0);
            version = reader.GetInt64(0);
            if (Stored(reader, 1, stream.Of) is (true, var state)) return (state!, version);
        }

        return ((await StatesAsync(book, stream, cancellation)).LastOrDefault(stream.Of.InitialState), version);
    }

    /// <summary>At which version the stream stands in each of these books; books without it are left out.</summary>
    public async Task<IReadOnlyDictionary<string, long>> VersionsAsync(string[] books, StreamName stream, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        await using var command = Command("query_versions.sql", books, stream.Id);
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        var versions = new Dictionary<string, long>(StringComparer.Ordinal);
        while (await rows.ReadAsync(cancellation)) versions.Add(rows.GetString(0), rows.GetInt64(1));
        return versions;
    }

    /// <summary>A redemption, standing or voided; null where the merchant has none of this id.</summary>
    public async Task<RedemptionView?> RedemptionAsync(string book, string redemptionId, CancellationToken cancellation)
    {
        if (CouponStream.Parse(redemptionId) is not var (code, _)) return null;
        var record = await StateAsync(book, RedemptionStream.Of(redemptionId), cancellation);
        if (record.Sale is not null) return RedemptionView.Of(redemptionId, record);
        var states = await StatesAsync(book, CouponStream.Of(code), cancellation);
        return states.LastOrDefault(coupon => coupon.Last?.RedemptionId == redemptionId) is { Last: { } use } coupon ? RedemptionView.Of(code, coupon.Campaign, use) : null;
    }

    /// <summary>A campaign with its current terms and the exact number issued; null where the merchant has none of this id.</summary>
    public async Task<CampaignView?> CampaignAsync(string book, string id, CancellationToken cancellation)
    {
        var campaign = await StateAsync(book, CampaignStreams.Of(id), cancellation);
        if (campaign.Status == CampaignStatus.None) return null;
        var terms = await StateAsync(book, CampaignStreams.TermsOf(id, campaign.TermsVersion), cancellation);
        var tallies = await TalliesAsync(book, [CouponTallies.Issued(id), .. MoneyBudgets.Tallies(id, MoneyBudgets.Parties(campaign, terms.Terms!))], cancellation);
        return CampaignView.Of(id, campaign, terms.Terms!, tallies[CouponTallies.Issued(id)], key => tallies[key]);
    }

    /// <summary>What is left of the money budgets that the coupon draws on at that time; null where it draws on none.</summary>
    public async Task<IReadOnlyDictionary<(string Campaign, string Party), Money>?> LeftAsync(
        string book, Coupon coupon, CouponTerms terms, Instant now, CancellationToken cancellation)
    {
        if (terms.Budgets is not { } parties) return null;
        var campaign = await StateAsync(book, CampaignStreams.Of(coupon.Campaign), cancellation);
        var tallies = await TalliesAsync(book, MoneyBudgets.Tallies(coupon.Campaign, parties), cancellation);
        return MoneyBudgets.Left([(coupon.Campaign, terms, coupon.HoldOver(now))], _ => campaign, key => tallies[key]);
    }

    /// <summary>Puts beside coupons and their terms what the budgets that these name ask for; nearly no terms name any.</summary>
    public async Task PutBudgetsAsync(string book, BookStates states, IEnumerable<string> codes, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(states);
        var bound = (from code in codes
                     let coupon = states.State(CouponStream.Of(code))
                     where coupon.Status != CouponStatus.None
                     let terms = states.State(CampaignStreams.TermsOf(coupon.Campaign, coupon.TermsVersion)).Terms!
                     where terms.Budgets is not null
                     select (coupon.Campaign, Parties: terms.Budgets!)).ToList();
        if (bound.Count == 0) return;
        foreach (var id in bound.Select(one => one.Campaign).Distinct(StringComparer.Ordinal))
            states.Put(CampaignStreams.Of(id).Id, await StateAsync(book, CampaignStreams.Of(id), cancellation));
        foreach (var (key, value) in await TalliesAsync(book, bound.SelectMany(one => MoneyBudgets.Tallies(one.Campaign, one.Parties)), cancellation)) states.PutTally(key, value);
    }

    /// <summary>A funding pool; null where there is none of this id.</summary>
    public async Task<PoolView?> PoolAsync(string id, CancellationToken cancellation)
    {
        var (pool, granted) = (await StateAsync(id, PoolStreams.PoolOf(id), cancellation), PoolStreams.Granted(id));
        return pool.Currency is null ? null : PoolView.Of(id, pool, (await TalliesAsync(id, [granted], cancellation))[granted]);
    }

    /// <summary>Slices of a pool, each with what its campaign has committed of the platform's budget by now.</summary>
    public async Task<IReadOnlyList<SliceView>> SlicesAsync(string pool, string after, int limit, CancellationToken cancellation)
    {
        var grants = new List<(string Slice, Grant? Grant)>();
        await using (var command = Command("query_grants.sql", pool, after, limit))
        await using (var row = await command.ExecuteReaderAsync(cancellation))
        {
            while (await row.ReadAsync(cancellation)) grants.Add((row.GetString(0), Stored(row, 1, PoolStreams.Grant) is (true, { } grant) ? grant : null));
        }

        var views = new List<SliceView>(grants.Count);
        foreach (var (slice, stored) in grants)
        {
            var grant = stored ?? await StateAsync(pool, PoolStreams.GrantOf(slice), cancellation);
            var (budget, spent) = (MoneyBudgets.Granted(grant.Campaign), MoneyBudgets.Spent(grant.Campaign, Funding.Platform));
            var tallies = await TalliesAsync(grant.Merchant, [budget, spent], cancellation);
            views.Add(SliceView.Of(slice, pool, grant) with { Budget = new(tallies[budget]), Committed = new(tallies[spent]) });
        }

        return views;
    }

    /// <summary>The values of tallies by key; 0 for one that was never written.</summary>
    private async Task<Dictionary<string, long>> TalliesAsync(string book, IEnumerable<string> keys, CancellationToken cancellation)
    {
        var values = keys.Distinct(StringComparer.Ordinal).ToDictionary(key => key, _ => 0L, StringComparer.Ordinal);
        await using var command = Command("query_tallies.sql", book, values.Keys.ToArray());
        await using var row = await command.ExecuteReaderAsync(cancellation);
        while (await row.ReadAsync(cancellation)) values[row.GetString(0)] = row.GetInt64(1);
        return values;
    }

    /// <summary>A state and, in the next column, its schema; not usable where it has another shape than the code's and must be folded.</summary>
    private static (bool IsUsable, TState? State) Stored<TState, TEvent>(NpgsqlDataReader row, int column, StreamType<TState, TEvent> type)
        where TState : notnull
        where TEvent : notnull => row.IsDBNull(column) || row.IsDBNull(column + 1) || row.GetInt32(column + 1) != type.Schema
        ? (false, default)
        : (true, JsonSerializer.Deserialize<TState>(row.GetFieldValue<byte[]>(column), LedgerJson.Options));

    /// <summary>The states that a stream went through, one after each of its entries.</summary>
    private async Task<IEnumerable<TState>> StatesAsync<TState, TEvent>(string book, Stream<TState, TEvent> stream, CancellationToken cancellation)
        where TState : notnull
        where TEvent : notnull => (await HistoryAsync(book, stream, cancellation)).Select(step => step.After);

    /// <summary>The facts of a stream, each with the state that it led to.</summary>
    public async Task<IReadOnlyList<(TEvent Fact, TState After)>> HistoryAsync<TState, TEvent>(string book, Stream<TState, TEvent> stream, CancellationToken cancellation)
        where TState : notnull
        where TEvent : notnull
    {
        ArgumentNullException.ThrowIfNull(stream);
        await using var events = Command("query_stream_events.sql", book, stream.Id);
        await using var rows = await events.ExecuteReaderAsync(cancellation);
        var (steps, state) = (new List<(TEvent, TState)>(), stream.Of.InitialState);
        while (await rows.ReadAsync(cancellation))
        {
            var fact = (TEvent)Catalogue.Events[rows.GetString(0)].Read(rows.GetFieldValue<byte[]>(1));
            state = stream.Of.EvolveState(state, fact);
            steps.Add((fact, state));
        }

        return steps;
    }

    /// <summary>The answer that a request key has for ever, or the tombstone that bars it; null where nothing was carried out under it.</summary>
    public async Task<(byte[] Outcome, bool IsTombstone)?> RequestAsync(string book, string key, CancellationToken cancellation)
    {
        await using var command = Command("query_request.sql", book, key);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAsync(cancellation) ? (CanonicalJson.Of(row.GetFieldValue<byte[]>(0)), row.GetBoolean(1)) : null;
    }

    /// <summary>Entries of a book after a cursor, at most <paramref name="limit"/>.</summary>
    public async Task<IReadOnlyList<EntryView>> EntriesAsync(string book, long after, int limit, CancellationToken cancellation)
    {
        var entries = new List<EntryView>();
        await using var command = Command("query_entries.sql", book, after, limit);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        while (await row.ReadAsync(cancellation)) entries.Add(Entry(row));

        return entries;
    }

    internal static EntryView Entry(NpgsqlDataReader row) => new(
        row.GetInt64(0), row.GetGuid(1), row.GetString(2), row.GetInt64(3), row.GetString(4), Json(row, 5), TimeOf(row, 6),
        row.IsDBNull(7) ? null : row.GetString(7), row.IsDBNull(8) ? null : row.GetString(8),
        row.IsDBNull(9) ? null : Json(row, 9), Convert.ToHexStringLower(row.GetFieldValue<byte[]>(10)));

    public async Task<IReadOnlyList<CampaignView>> CampaignsAsync(string book, string after, int limit, CancellationToken cancellation)
    {
        var campaigns = new List<(string Id, CampaignView? View)>();
        await using (var command = Command("query_campaigns.sql", book, after, limit))
        await using (var row = await command.ExecuteReaderAsync(cancellation))
        {
            while (await row.ReadAsync(cancellation))
            {
                var id = row.GetString(0);
                var (campaign, terms) = (Stored(row, 1, CampaignStreams.Campaign), Stored(row, 3, CampaignStreams.Terms));
                // What has budgets is read one by one, with their tallies.
                var isWhole = campaign.IsUsable && terms.IsUsable && MoneyBudgets.Parties(campaign.State!, terms.State!.Terms!).Count == 0;
                campaigns.Add((id, isWhole ? CampaignView.Of(id, campaign.State!, terms.State!.Terms!, row.GetInt64(5), _ => 0) : null));
            }
        }

        var views = new List<CampaignView>(campaigns.Count);
        foreach (var (id, view) in campaigns) views.Add(view ?? (await CampaignAsync(book, id, cancellation))!);
        return views;
    }

    public async Task<IReadOnlyList<WalletCoupon>> WalletAsync(
        string book, string member, bool isWithHidden, string after, int limit, Instant now, CancellationToken cancellation)
    {
        var found = new List<(string Code, Coupon? Coupon)>();
        await using (var command = Command("query_wallet.sql", book, member, after, limit, isWithHidden))
        await using (var row = await command.ExecuteReaderAsync(cancellation))
        {
            while (await row.ReadAsync(cancellation)) found.Add((row.GetString(0), Stored(row, 1, CouponStream.Type) is (true, { } coupon) ? coupon : null));
        }

        var coupons = new List<WalletCoupon>(found.Count);
        foreach (var (code, stored) in found) coupons.Add(WalletCoupon.Of(code, stored ?? await StateAsync(book, CouponStream.Of(code), cancellation), now));
        return coupons;
    }

    public async Task<IReadOnlyList<CampaignTotals>> CampaignTotalsAsync(string book, string after, int limit, CancellationToken cancellation)
    {
        var totals = new List<CampaignTotals>();
        await using var command = Command("query_report_campaigns.sql", book, after, limit);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        while (await row.ReadAsync(cancellation))
        {
            totals.Add(new(
                row.GetString(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5), row.GetInt64(6), row.GetInt64(7),
                row.GetInt64(8), row.GetInt64(9), row.GetInt64(10), row.GetInt64(11), row.GetInt64(12)));
        }

        return totals;
    }

    /// <summary>A group as the clock stands; null where the merchant has none of this id.</summary>
    public async Task<GroupView?> GroupAsync(string book, string id, Instant now, CancellationToken cancellation) =>
        await StateAsync(book, GroupStream.Of(id), cancellation) is { Status: not GroupStatus.None } group ? GroupView.Of(id, group, now) : null;

    /// <summary>The group in which the payment pays for a place; null: none.</summary>
    public async Task<string?> GroupOfPaymentAsync(string book, string trade, CancellationToken cancellation) =>
        (await StateAsync(book, SaleStream.Of(trade), cancellation)).Group;

    /// <summary>A sale with its coupons as they stand; null where the merchant has none of this trade number, or its group has not formed.</summary>
    public async Task<SaleView?> SaleAsync(string book, string trade, Instant now, CancellationToken cancellation)
    {
        var sale = await StateAsync(book, SaleStream.Of(trade), cancellation);
        if (sale.Codes.Count == 0) return null;
        var coupons = new Dictionary<string, Coupon>(StringComparer.Ordinal);
        foreach (var code in sale.Codes) coupons[code] = await StateAsync(book, CouponStream.Of(code), cancellation);
        return SaleView.Of(trade, sale, code => coupons[code], now);
    }

    public async Task<IReadOnlyList<SaleTotals>> SaleTotalsAsync(string book, string after, int limit, CancellationToken cancellation)
    {
        var totals = new List<SaleTotals>();
        await using var command = Command("query_report_sales.sql", book, after, limit);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        while (await row.ReadAsync(cancellation))
        {
            totals.Add(new(
                row.GetString(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5), row.GetInt64(6), row.GetInt64(7), row.GetInt64(8)));
        }

        return totals;
    }

    /// <summary>Days in <c>[from, to)</c>, each with its stores, after a day and store.</summary>
    public async Task<IReadOnlyList<StoreDay>> StoreDaysAsync(
        string book, LocalDate from, LocalDate to, (LocalDate Day, string Store) after, int limit, CancellationToken cancellation)
    {
        var days = new List<StoreDay>();
        await using var command = Command("query_report_days.sql", book, from.ToDateOnly(), to.ToDateOnly(), after.Day.ToDateOnly(), after.Store, limit);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        while (await row.ReadAsync(cancellation))
        {
            days.Add(new(
                LocalDate.FromDateOnly(row.GetFieldValue<DateOnly>(0)), row.GetString(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5), row.GetInt64(6),
                row.GetInt64(7)));
        }

        return days;
    }

    public async Task<MerchantTotals> MerchantTotalsAsync(string book, Instant now, CancellationToken cancellation)
    {
        var (behind, since) = await LagAsync(book, cancellation);
        await using var command = Command("query_report_merchant.sql", book);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        await row.ReadAsync(cancellation);
        return new(
            book, row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(7), row.GetInt64(8), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5), row.GetInt64(6),
            behind, since is { } oldest ? Math.Max(0, (long)(now - oldest).TotalSeconds) : 0);
    }

    private async Task<(long Entries, Instant? Since)> LagAsync(string book, CancellationToken cancellation)
    {
        await using var command = Command("query_lag.sql", book, Followers);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAsync(cancellation) ? (row.GetInt64(0), row.IsDBNull(1) ? null : TimeOf(row, 1)) : (0, null);
    }

    private NpgsqlCommand Command(string file, params ReadOnlySpan<object> values)
    {
        var command = database.CreateCommand(SqlFile.Read(file));
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return command;
    }

    private static Instant TimeOf(NpgsqlDataReader row, int column) => Instant.FromDateTimeUtc(row.GetDateTime(column));

    private static JsonElement Json(NpgsqlDataReader row, int column) => JsonSerializer.Deserialize<JsonElement>(row.GetFieldValue<byte[]>(column));
}

/// <summary>An entry of a book as the API shows it.</summary>
/// <param name="Hash">Hexadecimal SHA-256 that chains this entry to the one before.</param>
public sealed record EntryView(
    long Entry, Guid Id, string Stream, long Version, string Type, JsonElement Data, Instant Timestamp, string? Correlation, string? Causation, JsonElement? Headers, string Hash);

/// <summary>A coupon in a member's wallet.</summary>
/// <param name="IsHidden">True: the member deleted it, and it is listed because all were asked for; else absent.</param>
public sealed record WalletCoupon(string Code, string Campaign, string Status, Instant ValidFrom, Instant ValidTo, Instant? RedeemedAt, bool? IsHidden = null)
{
    public static WalletCoupon Of(string code, Coupon coupon, Instant now)
    {
        ArgumentNullException.ThrowIfNull(coupon);
        return new(code, coupon.Campaign, coupon.StatusAt(now), coupon.ValidFrom, coupon.ValidTo, coupon.Standing?.At, coupon.IsHidden);
    }
}

/// <summary>Totals of a campaign; what was voided or returned is taken back out of amount and discount. A basket counts for each coupon used on it.</summary>
/// <param name="Redeemed">Redemptions ever made, voided and returned ones included.</param>
/// <param name="Returned">Returns of goods or uses.</param>
public sealed record CampaignTotals(
    string Campaign, long Issued, long Redeemed, long Voided, long Returned, long Deactivated, long Expired, long Amount, long Discount, long FaceValued, long FaceValue,
    long Members, long MembersRedeeming);

/// <summary>The account of a campaign's sold coupons: paid = settled + refunds + open + breakage + held, exact at the moment of the answer.</summary>
/// <param name="Open">The liability: coupons neither used nor given back.</param>
/// <param name="Settled">Owed to the payees for coupons used, commission included.</param>
/// <param name="Refunds">Requested, of which some were paid.</param>
/// <param name="Held">Paid for places in groups that are forming: a liability too.</param>
public sealed record SaleTotals(string Campaign, long Paid, long Open, long Settled, long Commission, long Refunds, long RefundsPaid, long Breakage, long Held);

/// <summary>Totals of a merchant's store on a business date. A basket counts once, however many coupons were used on it.</summary>
public sealed record StoreDay(LocalDate Day, string Store, long Issued, long Redeemed, long Voided, long Returned, long Amount, long Discount);

/// <summary>Totals of a merchant.</summary>
/// <param name="LagEntries">Entries that these totals do not know yet.</param>
/// <param name="LagSeconds">Age of the oldest of them.</param>
public sealed record MerchantTotals(
    string Merchant, long Campaigns, long Issued, long Redeemed, long Members, long MembersRedeeming, long Amount, long Discount, long FaceValued, long FaceValue,
    long LagEntries, long LagSeconds);
