using Ledger.FuCards;
using Ledger.Policies;
using NodaTime;
using Xunit;
using static Ledger.Tests.FuCards.FuExamples;

namespace Ledger.Tests.FuCards;

/// <summary>The shards of a campaign without a database: real operations, and real policies between them when the test says so.</summary>
internal sealed class FuWorld
{
    private static readonly FuBook s_first = new("o", Campaign, 0, 4);

    private readonly Dictionary<string, InMemoryBook> books;
    private readonly Dictionary<string, int> read = new(StringComparer.Ordinal);
    private int keys;

    /// <summary>Open, with a hand of each of these users.</summary>
    public FuWorld(FuRules rules, params string[] users)
    {
        var onces = new HashSet<(string Book, string Key)>();
        books = Enumerable.Range(0, 4).ToDictionary(shard => (s_first with { Shard = shard }).Id, _ => new InMemoryBook(onces), StringComparer.Ordinal);
        Now = rules.Timeline.OpensAt;
        Step(request => FuOperations.Do(request, new FuShardCommand.OpenShard(Campaign, rules, Now)));
        foreach (var user in users) Ok(user, request => FuOperations.OpenHand(request, Campaign, user));
    }

    public Instant Now { get; set; }

    public static FuBook At(string user) => s_first.For(user);

    public FuHand Hand(string user) => books[At(user).Id].State(FuStreams.HandOf(Campaign, user));

    public long Tally(string key) => books.Values.Sum(book => book.Tallies.GetValueOrDefault(key));

    public Rejection? Run(string user, Func<Request, Operation> operation) => books[At(user).Id].Run(operation(Ask(At(user).Id))).Refusal;

    public void Ok(string user, Func<Request, Operation> operation) => Assert.Null(Run(user, operation));

    public Rejection? Draw(string user, string type) =>
        Run(user, request => FuOperations.Draw(request, At(user), user, new byte[32], $"only-{type}", FormattableString.Invariant($"r{++keys}"), null, Now.InUtc().Date));

    /// <summary>The same step of every shard.</summary>
    public void Step(Func<Request, Operation> operation)
    {
        foreach (var (id, book) in books) Assert.Null(book.Run(operation(Ask(id))).Refusal);
    }

    /// <summary>Cards on their way land, until none is.</summary>
    public void Land()
    {
        for (var moved = true; moved;)
        {
            moved = false;
            foreach (var (id, book) in books)
            {
                for (; read.GetValueOrDefault(id) < book.Entries.Count; moved = true)
                {
                    var at = read[id] = read.GetValueOrDefault(id) + 1;
                    var entry = book.Entries[at - 1];
                    if (!FuCardsPolicy.Cards.Follows.Contains(entry.Fact.GetType())) continue;
                    var turn = new PolicyTurn(FuCardsPolicy.Cards, id, entry.Stream.Id, at, Guid.CreateVersion7(), null, entry.Fact, Now, () => "");
                    var operation = FuCardsPolicy.Cards.Decide(turn)!;
                    Assert.Null(books[operation.Request.Book].Run(operation).Refusal);
                }
            }
        }
    }

    private Request Ask(string book) => new(book, FormattableString.Invariant($"k{++keys}"), new byte[32], "test", Now);
}
