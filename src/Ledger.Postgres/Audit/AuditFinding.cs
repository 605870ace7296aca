namespace Ledger.Postgres.Audit;

/// <summary>One thing that is not as the ledger left it.</summary>
/// <param name="Entry">The entry's number, where one entry is to blame.</param>
public abstract record AuditFinding(string Book, long? Entry)
{
    /// <summary>What is wrong, for people.</summary>
    public abstract string Sentence { get; }
}

/// <summary>Entries in the middle of a book are gone. What follows them is chained to an entry that nobody can read.</summary>
public sealed record EntriesMissing(string Book, long First, long Last) : AuditFinding(Book, First)
{
    public override string Sentence => First == Last
        ? $"Entry {First} of book {Book} is missing."
        : $"Entries {First} to {Last} of book {Book} are missing.";
}

/// <summary>Books begin with entry 1.</summary>
public sealed record EntryNumberImpossible(string Book, long Number) : AuditFinding(Book, Number)
{
    public override string Sentence => $"Book {Book} has an entry {Number}; books begin with entry 1.";
}

/// <summary>The entry's columns and the hash before it do not give its hash.</summary>
public sealed record EntryAltered(string Book, long Number) : AuditFinding(Book, Number)
{
    public override string Sentence => Number == 1
        ? $"Entry 1 of book {Book} was changed after it was written: its hash does not follow from its columns."
        : $"Entry {Number} of book {Book} was changed after it was written, or entry {Number - 1} was replaced: its hash does not follow from entry {Number - 1} and its own columns.";
}

/// <summary>Only the hash was changed: the next entry, or the head, vouches for the columns.</summary>
public sealed record EntryHashAltered(string Book, long Number) : AuditFinding(Book, Number)
{
    public override string Sentence => $"The hash of entry {Number} of book {Book} was changed; its columns are what was written.";
}

/// <summary>Two entries stand in each other's place.</summary>
/// <param name="What">What was exchanged: the data alone, or the whole entries.</param>
public sealed record EntriesSwapped(string Book, long Number, long Other, string What) : AuditFinding(Book, Number)
{
    public override string Sentence => $"Entry {Number} of book {Book} holds {What} of entry {Other}.";
}

/// <summary>A column that the hash does not cover, or that the code decides, holds something else.</summary>
public sealed record EntryColumnUnexpected(string Book, long Number, string Column, string Found) : AuditFinding(Book, Number)
{
    public override string Sentence => $"Entry {Number} of book {Book} has {Column} = {Found}, which the ledger never writes there.";
}

/// <summary>The event cannot be read, or does not fit its stream; the stream's state and what follows from it are not compared.</summary>
public sealed record EntryUnreadable(string Book, long Number, string Type, string Reason) : AuditFinding(Book, Number)
{
    public override string Sentence => $"Entry {Number} of book {Book} ({Type}) cannot be read: {Reason}";
}

/// <summary>Versions count 1, 2, 3 ... in each stream.</summary>
public sealed record VersionBroken(string Book, long Number, string Stream, long Expected, long Found) : AuditFinding(Book, Number)
{
    public override string Sentence => $"Entry {Number} of book {Book} is version {Found} of stream {Stream}, where {Expected} follows.";
}

/// <summary>A request was reversed before it arrived, and then carried out all the same.</summary>
public sealed record BarredRequestCarriedOut(string Book, long Number, string Key) : AuditFinding(Book, Number)
{
    public override string Sentence => $"Entry {Number} of book {Book} was made under request key {Key}, which an earlier entry bars.";
}

/// <summary>The book's row and its last entry disagree.</summary>
/// <param name="Last">The number of the last entry there is; 0 if there is none.</param>
public sealed record HeadDiffers(string Book, long Last, long Head) : AuditFinding(Book, Last == 0 ? null : Last)
{
    public override string Sentence => Last == 0
        ? $"Book {Book} has no entries but its head says {Head}."
        : Last < Head ? $"Book {Book} ends at entry {Last} but its head says {Head}."
        : $"Book {Book} goes on to entry {Last} but its head says {Head}.";
}

/// <summary>The last entry is there, but it is not the one that the head was made of.</summary>
public sealed record HeadHashDiffers(string Book, long Head) : AuditFinding(Book, Head == 0 ? null : Head)
{
    public override string Sentence => $"The head of book {Book} does not hold the hash of its entry {Head}.";
}

/// <summary>Rows of a merchant who has no book.</summary>
/// <param name="Table">Where the first of them was met.</param>
public sealed record BookUnknown(string Book, string Table) : AuditFinding(Book, null)
{
    public override string Sentence => $"Table {Table} has rows of {Book}, but there is no book of that name.";
}

/// <summary>What the entries say is not there.</summary>
public sealed record RowMissing(string Book, string Table, string Key) : AuditFinding(Book, null)
{
    public override string Sentence => $"Book {Book} has no row {Key} in {Table}, though its entries make one.";
}

/// <summary>Nothing in the entries makes this row.</summary>
public sealed record RowUnexpected(string Book, string Table, string Key) : AuditFinding(Book, null)
{
    public override string Sentence => $"Book {Book} has a row {Key} in {Table} that its entries do not make.";
}

/// <summary>A row says something else than the entries.</summary>
public sealed record RowDiffers(string Book, string Table, string Key, string Column, string Expected, string Found) : AuditFinding(Book, null)
{
    public override string Sentence => $"Row {Key} of book {Book} in {Table} has {Column} = {Found}, where its entries give {Expected}.";
}

/// <summary>A reader claims to have followed the book further than it goes.</summary>
public sealed record ProgressAhead(string Book, string Reader, long Progress, long Last) : AuditFinding(Book, null)
{
    public override string Sentence => $"Reader {Reader} is at entry {Progress} of book {Book}, which ends at entry {Last}.";
}

/// <summary>Outcomes that no request could have been answered with, or fingerprints that are none.</summary>
public sealed record RequestsUnreadable(string Book, long Count, string FirstKey) : AuditFinding(Book, null)
{
    public override string Sentence => $"{Count} stored request(s) of book {Book} cannot be read, the first under key {FirstKey}.";
}

/// <summary>The row of <c>requests</c> that was written together with an entry is gone. The entry itself may be as it was written.</summary>
/// <param name="Number">The first entry under the key.</param>
public sealed record RequestMissing(string Book, long Number, string Key) : AuditFinding(Book, null)
{
    public override string Sentence => $"Entry {Number} of book {Book} was written under request key {Key}, which has no row in requests: sent again, it would be carried out again.";
}

/// <summary>What a draw of Fu cards is for brings one card in all shards of a campaign, of which the first one keeps who did it.</summary>
/// <param name="Book">The first shard.</param>
/// <param name="Key">The key that is kept: <c>furef {campaign} {source} {reference}</c>.</param>
/// <param name="Cards">What it brought in all shards.</param>
public sealed record FuReferenceDiffers(string Book, string Key, long Cards, bool IsKept) : AuditFinding(Book, null)
{
    public override string Sentence => (Cards, IsKept) switch
    {
        ( > 1, _) => $"{Key} brought {Cards} cards in the shards of book {Book}'s campaign; a reference brings one.",
        (_, false) => $"{Key} brought a card, and book {Book} does not keep that it did.",
        (0, _) => $"Book {Book} keeps that {Key} brought a card, and no entry of the campaign says so.",
        _ => $"Book {Book} keeps that another request than the entry says drew for {Key}.",
    };
}
