using System.Security.Cryptography;
using System.Text;
using NodaTime;

namespace Ledger.Policies;

/// <summary>
/// What follows from what: an entry in, at most one operation out, for the same book or another. A small pure function, whose operation sees the
/// states that it needs when it is carried out. This is where slices meet.
/// </summary>
/// <param name="Name">Names its progress and its request keys: never renamed, never used for another purpose.</param>
/// <param name="Follows">The events that it looks at; nothing else is read for it.</param>
/// <param name="Decide">The operation, under <see cref="PolicyTurn.Request"/>; null: nothing follows.</param>
public sealed record Policy(string Name, IReadOnlyList<Type> Follows, Func<PolicyTurn, Operation?> Decide)
{
    /// <summary>Every policy there is. To add one is to add it here; it then follows every book from its first entry on.</summary>
    public static IReadOnlyList<Policy> All { get; } =
    [
        AgencyPolicy.Merchants, PaymentOffersPolicy.Offer, PaymentOffersPolicy.Return, PaymentPointsPolicy.Earn, PaymentPointsPolicy.ClawBack,
        RefundInKindPolicy.Coupons, RefundInKindPolicy.Points, TierPolicy.Count,
        FuCardsPolicy.Cards, FuCardsPolicy.Wants, FuCardsPolicy.Stock, FuCardsPolicy.Coupons, FuCardsPolicy.Payouts,
        LightMembershipPolicy.Benefits, LightMembershipPolicy.Outcomes,
    ];

    /// <summary>Nobody waits for what follows: entries are followed soon, many at a time, and not each at once.</summary>
    public bool IsPatient { get; init; }

    private const string KeyBegin = "policy ";

    /// <summary>Only books matter that have a stream whose id begins so: the others cost nothing. Null: all.</summary>
    public string? OnlyWhere { get; init; }

    /// <summary>Only events matter that have this member: the policy does not wake for others, nor is it handed any. Null: all.</summary>
    public string? OnlyWith { get; init; }

    /// <summary>Nothing follows: no entry, and an answer that says nothing.</summary>
    internal static Verdict Nothing { get; } = new Verdict.Accepted([], new PolicyAnswer());

    /// <summary>Another operation as a part of this one: carried out once all that it names is loaded.</summary>
    internal static Verdict Run(BookStates book, Operation operation) => operation.Streams.All(book.Has) && operation.Tallies.All(book.HasTally)
        ? operation.Decide(book)
        : new Verdict.NeedsMore(operation.Streams) { Tallies = operation.Tallies };

    /// <summary>The reader's name in <c>progress</c>.</summary>
    public string Reader => $"policy/{Name}";

    /// <summary>
    /// The request key of what follows from an entry: whoever repeats it changes nothing. No caller's key has blanks, so nobody can take it.
    /// </summary>
    public string KeyOf(Guid entry) => $"{KeyBegin}{Name} {entry:D}";

    /// <summary>
    /// Whether a request key is a policy's. Where nothing follows nothing is kept under it, as nobody waits for the answer: a repeat after a crash
    /// decides anew, and whatever changes the book is kept and so happens once.
    /// </summary>
    public static bool IsKey(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return key.StartsWith(KeyBegin, StringComparison.Ordinal);
    }
}

/// <summary>One entry at one policy.</summary>
/// <param name="Stream">The stream of the entry.</param>
/// <param name="Seq">The entry's number in its book.</param>
/// <param name="Id">The entry's own id.</param>
/// <param name="Now">When the policy looked at it.</param>
/// <param name="Fresh">Makes a coupon code that nobody has.</param>
public sealed record PolicyTurn(Policy Policy, string Book, string Stream, long Seq, Guid Id, string? Correlation, object Fact, Instant Now, Func<string> Fresh)
{
    /// <summary>The request under which the policy's operation is carried out once: it names the entry as its cause, and goes on with its chain.</summary>
    /// <param name="book">Null: the entry's own.</param>
    public Request Request(string? book = null)
    {
        var key = Policy.KeyOf(Id);
        return new(book ?? Book, key, SHA256.HashData(Encoding.UTF8.GetBytes($"{key} {Book}")), Policy.Reader, Now, Correlation);
    }
}

/// <summary>What a policy's operation answers where nothing followed; nobody reads it.</summary>
public sealed record PolicyAnswer;
