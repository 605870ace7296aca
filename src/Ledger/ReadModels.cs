using System.Reflection;

namespace Ledger;

/// <summary>
/// A read model: a table, and one SQL statement of the same name that brings it forward over ranges of entries.
/// </summary>
/// <remarks>
/// The statement says what to do with <c>entries</c>; one of two heads before it says how these are found. It takes <c>$1 varchar[]</c> tenants, <c>$2 bigint[]</c> and <c>$3 bigint[]</c>: entries <c>($2, $3]</c> of each book.
/// It names its own table without a schema (a rebuild runs the same text against a table beside) and the ledger's with one, and
/// gives the same rows however the entries are cut into ranges.
/// </remarks>
/// <param name="Table">The table in schema <c>ledger</c>, and the reader's name in <c>progress</c>.</param>
/// <param name="IsInline">Written by the scribe in the transaction of the entries, never behind; else it follows.</param>
public sealed record ReadModel(string Table, bool IsInline)
{
    private static readonly string Few = Read("entries_few");
    private static readonly string Quiet = Read("entries_quiet");

    /// <summary>The stored events that tills write all day; <c>entries_quiet.sql</c> and its index leave them out.</summary>
    public static IReadOnlyList<string> Busy { get; } = ["coupon_issued", "coupon_held", "coupon_hold_released", "coupon_redeemed", "coupon_expired"];

    /// <summary>What is due when.</summary>
    public static ReadModel Timers { get; } = new("timers", IsInline: true);

    /// <summary>Every read model there is.</summary>
    public static IReadOnlyList<ReadModel> All { get; } =
    [
        Timers,
        new("wallets", IsInline: true),
        new("campaign_totals", IsInline: false) { IsPrompt = true },
        new("store_days", IsInline: false) { IsPrompt = true },
        new("surface_totals", IsInline: false),
        new("fu_totals", IsInline: false),
        new("payment_days", IsInline: false),
        new("points_balances", IsInline: false),
        new("points_days", IsInline: false),
        new("benefit_months", IsInline: false),
        new("agreements", IsInline: false),
    ];

    /// <summary>The statement without its entries: it reads them from a relation <c>entries</c> that stands before it.</summary>
    public string Statement { get; } = Read(Table);

    /// <summary>The statement for ranges of a few entries: it walks the book's index, whatever the planner believes about the tables.</summary>
    public string Sql => EntriesFor(Knows) + Statement;

    /// <summary>The same statement for ranges that are a good part of all entries, as a rebuild reads them: the planner chooses.</summary>
    public string BulkSql { get; } = Read("entries_many") + Read(Table);

    /// <summary>
    /// What stands before a statement that asks for a few entries: a walk over all of them, or over the few that tills do not write all day where none of those concerns it.
    /// </summary>
    public static string EntriesFor(Func<string, bool> knows) => Busy.Any(knows) ? Few : Quiet;

    /// <summary>Whether an event of this stored name can change it: whether its statement says that name.</summary>
    public bool Knows(string stored) => Statement.Contains($"'{stored}'", StringComparison.Ordinal);

    /// <summary>Followed at once while tills are busy; the others take their time, and cost less.</summary>
    public bool IsPrompt { get; init; }

    private static string Read(string name)
    {
        using var stream = typeof(ReadModel).Assembly.GetManifestResourceStream($"{name}.sql")
            ?? throw new InvalidOperationException($"No embedded {name}.sql.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
