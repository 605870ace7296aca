using Ledger.Members;
using Ledger.Merchants;
using Ledger.Payments;
using Ledger.Points;
using Ledger.Policies;
using Ledger.Tests.Points;
using NodaTime;
using Xunit;
using static Ledger.Tests.Points.PointsExamples;

namespace Ledger.Tests.Policies;

/// <summary>A shop in memory whose payments earn points, and its policies, which follow the book each at a pace of its own.</summary>
internal sealed class PaymentLoop
{
    private readonly Dictionary<Policy, Queue<int>> waiting = Policy.All.ToDictionary(policy => policy, _ => new Queue<int>());
    private int noticed;

    public PaymentLoop(PointsTerms? terms = null)
    {
        Shop = new(terms);
        Do(MerchantStream.Operation(Shop.Ask(), new MerchantCommand.RegisterMerchant("Tea house", "Asia/Shanghai", "CNY")));
        Do(PaymentPointsPolicy.SetEarning(Shop.Ask(), Club, "merchant", Money.Zero));
    }

    public PointsShop Shop { get; }

    /// <summary>Entries that a policy is to look at still.</summary>
    public int Waiting => waiting.Values.Sum(queue => queue.Count);

    /// <summary>What policies were refused.</summary>
    public List<(string Policy, string Reason)> Refused { get; } = [];

    public PointsAccount Account(string member = "m-1") => Shop.Account(member);

    public PointsPurchase Purchase(string trade) => Shop.Book.State(PointsPurchaseStream.Of(Club, trade));

    public Payment Payment(string trade) => Shop.Book.State(PaymentStream.Of(trade));

    public Member Member(string member = "m-1") => Shop.Book.State(MemberStream.Of(member));

    public IEnumerable<T> Facts<T>() => Shop.Book.Entries.Select(entry => entry.Fact).OfType<T>();

    /// <returns>The refusal, or null.</returns>
    public Rejection? Do(Operation operation)
    {
        var refusal = Shop.Book.Run(operation).Refusal;
        Notice();
        return refusal;
    }

    public Rejection? Pay(string trade, long amount, string? member = "m-1", params long[] lines) => Do(PaymentOperations.Receive(
        Shop.Ask(), trade, new(new(amount), "balance", [.. lines.Select(line => new PaidLine(new(line)))], null, member, null, "s1", null, null), Shop.Now, Today));

    public Rejection? Back(string trade, string number, long? amount = null, int? line = null, string? redemption = null, string? spend = null) => Do(PaymentOperations.Refund(
        Shop.Ask(), trade, number, line is null && amount is { } whole ? new Money(whole) : null, line is { } one ? [new RefundAsk(one, amount is { } part ? new Money(part) : null)] : [],
        null, Shop.Now, Today, redemption, spend));

    public Rejection? Join(string member = "m-1") =>
        Do(MemberStream.Join(Shop.Ask(), member, new(["points"], "v1", Shop.Now), [], null, null, Today));

    public Rejection? Change(MemberCommand command) => Do(MemberStream.Change(Shop.Ask(), command switch
    {
        MemberCommand.Suspend c => c.Member,
        MemberCommand.Resume c => c.Member,
        MemberCommand.Close c => c.Member,
        _ => throw new System.Diagnostics.UnreachableException($"{command}"),
    }, command));

    /// <summary>Every policy looks at all that it has to look at.</summary>
    public void FollowAll()
    {
        while (waiting.FirstOrDefault(pair => pair.Value.Count > 0).Key is { } policy) Follow(policy);
    }

    /// <summary>One policy looks at its next entry, once or, as after a crash, again.</summary>
    public void FollowOne(Random random)
    {
        if (waiting.Where(pair => pair.Value.Count > 0).Select(pair => pair.Key).ToList() is { Count: > 0 } some) Follow(some[random.Next(some.Count)], random.Next(1, 3));
    }

    public void Follow(Policy policy, int times = 1)
    {
        var index = waiting[policy].Dequeue();
        var (stream, _, fact) = Shop.Book.Entries[index];
        for (; times > 0; times--)
        {
            var turn = new PolicyTurn(policy, "book", stream.Id, index + 1, new(index, 0, 0, new byte[8]), null, fact, Shop.Now, Ledger.Postgres.FreshCodes.Next);
            if (policy.Decide(turn) is { } operation && Do(operation) is { } refusal) Refused.Add((policy.Name, refusal.Slug));
        }
    }

    /// <summary>The books of points balance, and say what the accounts do: the invariants 1, 2, 5 and 6 of points.</summary>
    public void AssertBalanced(params string[] members)
    {
        var accounts = members.Select(Account).ToList();
        Assert.Equal(0, Shop.Book.Tallies.Where(tally => tally.Key.StartsWith("points/", StringComparison.Ordinal)).Sum(tally => tally.Value));
        Assert.Equal(accounts.Sum(account => account.Available), Shop.Tally(PointsBooks.Available));
        Assert.Equal(accounts.Sum(account => account.PendingPoints), Shop.Tally(PointsBooks.Pending));
        Assert.Equal(accounts.Sum(account => account.Held), Shop.Tally(PointsBooks.Held));
        Assert.Equal(accounts.Sum(account => account.Arrears), -Shop.Tally(PointsBooks.Arrears));
        Assert.Equal(0, Shop.Tally(PointsBooks.Transit));
        Assert.Equal(Shop.Book.States.Values.OfType<PointsSpend>().Where(spend => spend.Status == SpendStatus.Spent).Sum(spend => spend.Lots.Total()), Shop.Tally(PointsBooks.Redeemed));
        Assert.All(accounts, account =>
        {
            Assert.True(account.Arrears >= 0 && (account.Arrears == 0 || account.Available == 0), $"{account}");
            Assert.True(account.Lifetime >= account.Tier && account.Tier >= 0);
        });
    }

    private LocalDate Today => Shop.Now.InZone(Shanghai).Date;

    private void Notice()
    {
        for (; noticed < Shop.Book.Entries.Count; noticed++)
        {
            foreach (var (policy, queue) in waiting)
            {
                if (policy.Follows.Contains(Shop.Book.Entries[noticed].Fact.GetType())) queue.Enqueue(noticed);
            }
        }
    }
}
