using Ledger.Benefits;
using Ledger.Points;
using NodaTime;
using Npgsql;

namespace Ledger.Postgres;

/// <summary>Plain reads of points and benefits. Everything asks for one merchant's rows.</summary>
public sealed class PointsQueries(NpgsqlDataSource database, BookQueries books)
{
    /// <summary>A programme with its current terms; null where the merchant has none of this id.</summary>
    public async Task<PointsProgramView?> ProgramAsync(string book, string id, CancellationToken cancellation)
    {
        var program = await books.StateAsync(book, PointsStreams.ProgramOf(id), cancellation);
        return program.Name is null ? null : PointsProgramView.Of(id, program, await TermsAsync(book, id, program.Version, cancellation));
    }

    public async Task<IReadOnlyList<PointsProgramView>> ProgramsAsync(string book, string after, int limit, CancellationToken cancellation)
    {
        var views = new List<PointsProgramView>();
        foreach (var id in await IdsAsync("query_points_programs.sql", book, after, limit, cancellation)) views.Add((await ProgramAsync(book, id, cancellation))!);
        return views;
    }

    /// <summary>What a member has, as the clock stands; null where there is no such programme.</summary>
    public async Task<PointsBalanceView?> BalanceAsync(string book, string program, string member, Instant now, CancellationToken cancellation)
    {
        var home = await books.StateAsync(book, PointsStreams.ProgramOf(program), cancellation);
        if (home.Name is null) return null;
        var (account, terms) = (await books.StateAsync(book, PointsStreams.AccountOf(program, member), cancellation), await TermsAsync(book, program, home.Version, cancellation));
        return PointsBalanceView.Of(program, member, account, terms, now, home.Zone());
    }

    /// <summary>Puts a programme with its current terms and a member's account beside what is loaded; of a programme that is unknown, that.</summary>
    public async Task PutAccountAsync(string book, BookStates states, string program, string member, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(states);
        var (home, account) = (PointsStreams.ProgramOf(program), PointsStreams.AccountOf(program, member));
        var state = await books.StateAsync(book, home, cancellation);
        states.Put(home.Id, state);
        states.Put(account.Id, await books.StateAsync(book, account, cancellation));
        if (state.Name is null) return;
        var terms = PointsStreams.TermsOf(program, state.Version);
        states.Put(terms.Id, await books.StateAsync(book, terms, cancellation));
    }

    /// <summary>What moved a member's points, from a cursor.</summary>
    public async Task<IReadOnlyList<PointsEntryView>> EntriesAsync(string book, string program, string member, long after, int limit, CancellationToken cancellation)
    {
        var entries = new List<PointsEntryView>();
        await using var command = Command("query_points_entries.sql", book, PointsStreams.AccountOf(program, member).Id, after, limit);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        while (await row.ReadAsync(cancellation))
        {
            var fact = (PointsEvent)Catalogue.Events[row.GetString(2)].Read(row.GetFieldValue<byte[]>(3));
            entries.Add(new(
                row.GetInt64(0), row.GetInt64(1), row.GetString(2), fact.At, fact.Date, fact.Points, fact.Debit, fact.Credit, [.. fact.Lots.Select(lot => new MovedLotView(lot.Id, lot.Points))]));
        }

        return entries;
    }

    /// <summary>A spend or a hold; null where the merchant has none of this id.</summary>
    public async Task<PointsSpendView?> SpendAsync(string book, string id, CancellationToken cancellation)
    {
        var spend = await books.StateAsync(book, PointsSpendStream.Of(id), cancellation);
        return spend.Status == SpendStatus.None ? null : PointsSpendView.Of(id, spend, await TermsAsync(book, spend.Program, spend.Version, cancellation));
    }

    /// <summary>The accounts of a programme, and what is owed to members by the month in which they earned it; null where there is no such programme.</summary>
    public async Task<PointsReport?> ReportAsync(string book, string id, CancellationToken cancellation)
    {
        var program = await books.StateAsync(book, PointsStreams.ProgramOf(id), cancellation);
        if (program.Name is null) return null;
        var terms = await TermsAsync(book, id, program.Version, cancellation);
        var rows = new List<(LocalDate Cohort, string Account, long Points)>();
        await using var command = Command("query_report_points.sql", book, id);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        while (await row.ReadAsync(cancellation)) rows.Add((LocalDate.FromDateOnly(row.GetFieldValue<DateOnly>(0)), row.GetString(1), row.GetInt64(2)));
        return PointsReport.Of(id, program, terms, rows);
    }

    /// <summary>Accounts by business date in <c>[from, to)</c>, after a day and account.</summary>
    public async Task<IReadOnlyList<PointsDay>> DaysAsync(
        string book, string program, LocalDate from, LocalDate to, (LocalDate Day, string Account) after, int limit, CancellationToken cancellation)
    {
        var days = new List<PointsDay>();
        await using var command = Command(
            "query_report_points_days.sql", book, program, from.ToDateOnly(), to.ToDateOnly(), after.Day.ToDateOnly(), after.Account, limit);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        while (await row.ReadAsync(cancellation)) days.Add(new(LocalDate.FromDateOnly(row.GetFieldValue<DateOnly>(0)), row.GetString(1), row.GetInt64(2)));
        return days;
    }

    public async Task<IReadOnlyList<PointsMember>> MembersAsync(string book, string program, string after, int limit, CancellationToken cancellation)
    {
        var members = new List<PointsMember>();
        await using var command = Command("query_report_points_members.sql", book, program, after, limit);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        while (await row.ReadAsync(cancellation))
            members.Add(new(row.GetString(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5), row.GetInt64(6)));
        return members;
    }

    /// <summary>A benefit with the exact number ordered; null where the merchant has none of this id.</summary>
    public async Task<BenefitView?> BenefitAsync(string book, string id, CancellationToken cancellation)
    {
        var benefit = await books.StateAsync(book, BenefitStreams.BenefitOf(id), cancellation);
        if (benefit.Name is null) return null;
        await using var command = Command("query_tallies.sql", book, new[] { BenefitStreams.Ordered(id) });
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return BenefitView.Of(id, benefit, await row.ReadAsync(cancellation) ? row.GetInt64(1) : 0);
    }

    public async Task<IReadOnlyList<BenefitView>> BenefitsAsync(string book, string after, int limit, CancellationToken cancellation)
    {
        var views = new List<BenefitView>();
        foreach (var id in await IdsAsync("query_benefits.sql", book, after, limit, cancellation)) views.Add((await BenefitAsync(book, id, cancellation))!);
        return views;
    }

    public async Task<BenefitOrderView?> OrderAsync(string book, string id, CancellationToken cancellation)
    {
        var order = await books.StateAsync(book, BenefitStreams.OrderOf(id), cancellation);
        return order.Status == BenefitOrderStatus.None ? null : BenefitOrderView.Of(id, order);
    }

    /// <summary>The benefits of a month, the most redeemed first.</summary>
    public async Task<IReadOnlyList<BenefitRank>> LeaderboardAsync(string book, LocalDate month, int limit, CancellationToken cancellation)
    {
        var ranks = new List<BenefitRank>();
        await using var command = Command("query_report_benefits.sql", book, month.ToDateOnly(), limit);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        while (await row.ReadAsync(cancellation)) ranks.Add(new(ranks.Count + 1, row.GetString(0), row.GetInt64(1), row.GetInt64(2)));
        return ranks;
    }

    private async Task<PointsTerms> TermsAsync(string book, string program, int version, CancellationToken cancellation) =>
        (await books.StateAsync(book, PointsStreams.TermsOf(program, version), cancellation)).Terms!;

    private async Task<List<string>> IdsAsync(string file, string book, string after, int limit, CancellationToken cancellation)
    {
        var ids = new List<string>();
        await using var command = Command(file, book, after, limit);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        while (await row.ReadAsync(cancellation)) ids.Add(row.GetString(0));
        return ids;
    }

    private NpgsqlCommand Command(string file, params ReadOnlySpan<object> values)
    {
        var command = database.CreateCommand(SqlFile.Read(file));
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return command;
    }
}

/// <summary>One line of a member's statement.</summary>
/// <param name="Number">1, 2, 3 ... in the account; the cursor of a page.</param>
/// <param name="Entry">Of the book.</param>
/// <param name="Kind">What happened: points_earned, points_spent ...</param>
/// <param name="Debit">The account that the points left; <paramref name="Credit"/> the one that got them.</param>
public sealed record PointsEntryView(
    long Number, long Entry, string Kind, Instant At, LocalDate Date, long Points, string Debit, string Credit, IReadOnlyList<MovedLotView> Lots);

public sealed record MovedLotView(int Lot, long Points);

/// <summary>What an account gained on a business date, or lost where it is less than 0; a day's rows sum to zero.</summary>
public sealed record PointsDay(LocalDate Day, string Account, long Points);

/// <summary>A member's balances, as the read model that follows the book has them.</summary>
public sealed record PointsMember(string Member, long Available, long Pending, long Held, long Arrears, long Lifetime, long Tier);

/// <summary>A place in a month's list of redeemed benefits.</summary>
public sealed record BenefitRank(int Rank, string Benefit, long Redeemed, long Points);
