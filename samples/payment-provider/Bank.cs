namespace Ledger.Samples.PaymentProvider;

/// <param name="Kind">freeze, unfreeze, unfreezeToPay, withhold, refund or payout.</param>
internal sealed record Order(string Merchant, string Number, string Kind, long Amount, string Account, string? Of = null, string? Agreement = null);

internal sealed record Question(string Merchant, string Number, string? Account = null);

/// <param name="Status">Y, N or P.</param>
internal sealed record Word(string Merchant, string Number, string Status, long? Amount, string? Reference, string? Reason);

/// <summary>An account's money as a test sets it.</summary>
internal sealed record Deposit(string Account, long Balance);

internal sealed record Entry(string Merchant, string Number, string Kind, long Amount, string Account, string? Of, string? Agreement, string Status, string? Reference, string? Reason);

/// <summary>The provider's own record: accounts, frozen money, and one entry per merchant and number. Money moves between accounts and is never made.</summary>
internal sealed class Bank(long opening)
{
    private readonly Lock door = new();
    private readonly Dictionary<(string Merchant, string Number), (Order Order, Word Word)> orders = [];
    private readonly Dictionary<string, long> accounts = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Merchant, string Number), long> frozen = [];
    private readonly Dictionary<(string Merchant, string Number), long> refunded = [];
    private long deposited;

    /// <summary>Takes an order once; null: the number stands for another content.</summary>
    /// <param name="later">True: the money moves when <see cref="Finish"/> is called.</param>
    /// <param name="decline">Null: only for a reason.</param>
    public (Word Word, bool IsNew)? Take(Order order, bool later, string? decline)
    {
        lock (door)
        {
            var key = (order.Merchant, order.Number);
            if (orders.TryGetValue(key, out var known)) return known.Order == order ? (known.Word, false) : null;
            var word = new Word(order.Merchant, order.Number, "P", order.Amount, null, "PROCESSING");
            orders[key] = (order, word);
            return (later ? word : Settle(key, decline), true);
        }
    }

    public Word Finish(Order order)
    {
        lock (door) return Settle((order.Merchant, order.Number), null);
    }

    public Word? Find(string merchant, string number)
    {
        lock (door) return orders.TryGetValue((merchant, number), out var known) ? known.Word : null;
    }

    public void Set(Deposit deposit)
    {
        lock (door)
        {
            // Asking first, as asking may open the account.
            var before = Balance(deposit.Account);
            deposited += deposit.Balance - before;
            accounts[deposit.Account] = deposit.Balance;
        }
    }

    /// <summary>Everything, for comparison. The balances and what is frozen sum to what was ever deposited.</summary>
    public object Money()
    {
        lock (door)
        {
            return new
            {
                Transfers = orders.Values.Select(EntryOf).ToArray(),
                Accounts = accounts.Select(pair => new Deposit(pair.Key, pair.Value)).ToArray(),
                Frozen = frozen.Values.Sum(),
                Deposited = deposited,
            };
        }
    }

    public Entry? MoneyOf(string merchant, string number)
    {
        lock (door) return orders.TryGetValue((merchant, number), out var known) ? EntryOf(known) : null;
    }

    private static Entry EntryOf((Order Order, Word Word) known) => new(
        known.Order.Merchant, known.Order.Number, known.Order.Kind, known.Order.Amount, known.Order.Account, known.Order.Of, known.Order.Agreement, known.Word.Status,
        known.Word.Reference, known.Word.Reason);

    private Word Settle((string Merchant, string Number) key, string? decline)
    {
        var (order, word) = orders[key];
        if (word.Status != "P") return word;
        var reason = decline ?? Move(order, key);
        word = reason is null ? word with { Status = "Y", Reference = $"p-{order.Merchant}-{order.Number}", Reason = null } : word with { Status = "N", Reason = reason };
        orders[key] = (order, word);
        return word;
    }

    /// <summary>Null: it moved; else why not, and nothing did.</summary>
    private string? Move(Order order, (string Merchant, string Number) key)
    {
        var (till, of) = ($"merchant:{order.Merchant}", (order.Merchant, order.Of ?? ""));
        switch (order.Kind)
        {
            case "freeze":
                if (Balance(order.Account) < order.Amount) return "BALANCE_AVAILABLE_AMOUNT_NOT_ENOUGH";
                accounts[order.Account] -= order.Amount;
                frozen[key] = order.Amount;
                return null;
            case "unfreeze" or "unfreezeToPay":
                if (frozen.GetValueOrDefault(of) < order.Amount) return "BALANCE_AVAILABLE_AMOUNT_NOT_ENOUGH";
                frozen[of] -= order.Amount;
                Add(order.Kind == "unfreeze" ? order.Account : till, order.Amount);
                return null;
            case "withhold":
                return Pay(order.Account, till, order.Amount, "BALANCE_AVAILABLE_AMOUNT_NOT_ENOUGH");
            case "payout":
                return Pay(till, order.Account, order.Amount, "SELLER_BALANCE_NOT_ENOUGH");
            case "refund":
                if (!orders.TryGetValue(of, out var first) || first.Word.Status != "Y" || first.Order.Kind is not ("withhold" or "unfreezeToPay")) return "ORDER_NOT_EXIST";
                if (refunded.GetValueOrDefault(of) + order.Amount > first.Order.Amount) return "SETTLE_REFUND_AMOUNT_ERROR";
                if (Pay(till, order.Account, order.Amount, "SELLER_BALANCE_NOT_ENOUGH") is { } lack) return lack;
                refunded[of] = refunded.GetValueOrDefault(of) + order.Amount;
                return null;
            default:
                return "KIND_UNKNOWN";
        }
    }

    private string? Pay(string from, string to, long amount, string lack)
    {
        if (Balance(from) < amount) return lack;
        accounts[from] -= amount;
        Add(to, amount);
        return null;
    }

    private void Add(string account, long amount) => accounts[account] = Balance(account) + amount;

    private long Balance(string account)
    {
        if (accounts.TryGetValue(account, out var balance)) return balance;
        deposited += opening;
        return accounts[account] = opening;
    }
}
