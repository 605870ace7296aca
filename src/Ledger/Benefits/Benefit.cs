using NodaTime;

namespace Ledger.Benefits;

/// <summary>What members get for points: an item of the catalogue.</summary>
/// <param name="Name">Null while there is none.</param>
/// <param name="Program">The programme whose points it costs.</param>
/// <param name="Points">What one costs.</param>
/// <param name="Stock">How many may be ordered and not given back; null: no limit.</param>
/// <param name="Stores">The designated stores, in ordinal order; empty: any store.</param>
/// <param name="Campaign">coupon: whose coupon it is.</param>
/// <param name="Days">pickUp: days for picking it up, the day of the order not counted.</param>
public sealed record Benefit(
    string? Name, string Program, long Points, BenefitItemKind Kind, long? Stock, IReadOnlyList<string> Stores, string? Campaign, int Days, bool IsWithdrawn = false)
{
    public static Benefit None { get; } = new(null, "", 0, BenefitItemKind.Goods, null, [], null, 0);

    public bool Equals(Benefit? other) =>
        other is not null && (Name, Program, Points, Kind, Stock, Campaign, Days) == (other.Name, other.Program, other.Points, other.Kind, other.Stock, other.Campaign, other.Days)
        && IsWithdrawn == other.IsWithdrawn && Stores.SequenceEqual(other.Stores, StringComparer.Ordinal);

    public override int GetHashCode() => HashCode.Combine(Name, Program, Points, Kind, Stock);
}

public enum BenefitItemKind
{
    /// <summary>Points are spent with the order; until the goods are handed over it may be cancelled.</summary>
    Goods,

    /// <summary>Points are spent, and a coupon of a campaign is issued with them.</summary>
    Coupon,

    /// <summary>Points are held until it is picked up at a designated store.</summary>
    PickUp,
}

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record BenefitEvent
{
    private BenefitEvent() { }

    public sealed record BenefitListed(
        string Name, string Program, long Points, BenefitItemKind Kind, long? Stock, IReadOnlyList<string> Stores, string? Campaign, int Days) : BenefitEvent
    {
        public bool Equals(BenefitListed? other) =>
            other is not null && (Name, Program, Points, Kind, Stock, Campaign, Days) == (other.Name, other.Program, other.Points, other.Kind, other.Stock, other.Campaign, other.Days)
            && Stores.SequenceEqual(other.Stores, StringComparer.Ordinal);

        public override int GetHashCode() => HashCode.Combine(Name, Program, Points, Kind, Stock);
    }

    public sealed record BenefitStockChanged(long? From, long To) : BenefitEvent;

    public sealed record BenefitTakenOff : BenefitEvent;
}

public abstract record BenefitCommand
{
    private BenefitCommand() { }

    public sealed record ListBenefit(string Id, Benefit Benefit) : BenefitCommand;

    /// <param name="Expected">What the caller believes the stock to be, null where it is not limited: compare and set.</param>
    /// <param name="Ordered">Ordered and not given back; the stock never falls below it.</param>
    public sealed record ChangeStock(string Id, long? Expected, long Target, long Ordered) : BenefitCommand;

    public sealed record TakeOff(string Id) : BenefitCommand;
}

/// <summary>An order of a benefit.</summary>
/// <param name="Points">What it cost; the spend of these points has the order's id.</param>
/// <param name="ExpiresAt">First instant at which it can no longer be picked up; null: it does not expire.</param>
/// <param name="Code">The coupon that was issued.</param>
/// <param name="Store">Where it was picked up.</param>
public sealed record BenefitOrder(
    BenefitOrderStatus Status, string Benefit, string Program, string Member, long Points, BenefitItemKind Kind, IReadOnlyList<string> Stores, Instant? ExpiresAt, string? Code,
    string? Store, Instant At)
{
    public static BenefitOrder None { get; } = new(BenefitOrderStatus.None, "", "", "", 0, BenefitItemKind.Goods, [], null, null, null, default);

    public bool Equals(BenefitOrder? other) =>
        other is not null && (Status, Benefit, Program, Member, Points, Kind, ExpiresAt) == (other.Status, other.Benefit, other.Program, other.Member, other.Points, other.Kind, other.ExpiresAt)
        && (Code, Store, At) == (other.Code, other.Store, other.At) && Stores.SequenceEqual(other.Stores, StringComparer.Ordinal);

    public override int GetHashCode() => HashCode.Combine(Status, Benefit, Member, Points, At);
}

public enum BenefitOrderStatus
{
    None,
    Ordered,

    /// <summary>Picked up or handed over; of a coupon, issued.</summary>
    Received,
    Cancelled,
    Expired,
}

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record BenefitOrderEvent
{
    private BenefitOrderEvent() { }

    /// <param name="Date">The business date of <paramref name="At"/>; so with the others.</param>
    /// <param name="Redeemed">1 where the points are spent with it; a pick-up's are only held: 0. The others say what they add.</param>
    public sealed record BenefitOrdered(
        string Benefit, string Program, string Member, long Points, BenefitItemKind Kind, IReadOnlyList<string> Stores, Instant? ExpiresAt, string? Code, Instant At, LocalDate Date,
        int Redeemed) : BenefitOrderEvent
    {
        public bool Equals(BenefitOrdered? other) =>
            other is not null && (Benefit, Program, Member, Points, Kind, ExpiresAt, Code) == (other.Benefit, other.Program, other.Member, other.Points, other.Kind, other.ExpiresAt, other.Code)
            && (At, Date, Redeemed) == (other.At, other.Date, other.Redeemed) && Stores.SequenceEqual(other.Stores, StringComparer.Ordinal);

        public override int GetHashCode() => HashCode.Combine(Benefit, Member, Points, At);
    }

    public sealed record BenefitPickedUp(string Benefit, string Member, long Points, string? Store, Instant At, LocalDate Date, int Redeemed) : BenefitOrderEvent;

    public sealed record BenefitCancelled(string Benefit, string Member, long Points, Instant At, LocalDate Date, int Redeemed) : BenefitOrderEvent;

    /// <param name="At">The end of the time for picking it up, whenever the clock was read.</param>
    public sealed record BenefitOrderExpired(string Benefit, string Member, long Points, Instant At, LocalDate Date, int Redeemed) : BenefitOrderEvent;
}

public abstract record BenefitOrderCommand(LocalDate Date, Instant Now)
{
    /// <param name="Benefit">The item as it stands.</param>
    /// <param name="Ordered">Ordered of it and not given back.</param>
    /// <param name="Code">coupon: the code that is issued.</param>
    /// <param name="ExpiresAt">pickUp: the end of the time for it.</param>
    public sealed record OrderBenefit(string BenefitId, Benefit Benefit, string Member, long Ordered, string? Code, Instant? ExpiresAt, LocalDate Date, Instant Now)
        : BenefitOrderCommand(Date, Now);

    /// <param name="Store">Where; null: not said.</param>
    public sealed record PickUpBenefit(string OrderId, string? Store, LocalDate Date, Instant Now) : BenefitOrderCommand(Date, Now);

    public sealed record CancelBenefit(string OrderId, LocalDate Date, Instant Now) : BenefitOrderCommand(Date, Now);

    /// <param name="Date">That of the order's end.</param>
    public sealed record ExpireOrder(string OrderId, LocalDate Date, Instant Now) : BenefitOrderCommand(Date, Now);
}

public sealed record BenefitUnknown(string Benefit) : Rejection(
    RejectionKind.NotFound, "There is no benefit of this id", "Look the id up with GET /v1/benefits.");

public sealed record BenefitExists(string Benefit) : Rejection(
    RejectionKind.Conflict, "A benefit of this id exists already", "Choose another id, or use the benefit as it is.");

public sealed record BenefitNotOffered(string Benefit) : Rejection(
    RejectionKind.Conflict, "The benefit is no longer offered", "Let the member choose another one.");

public sealed record BenefitOutOfStock(long Stock) : Rejection(
    RejectionKind.Conflict, "All of the benefit's stock is ordered", "Let the member choose another one, or have the stock raised.");

public sealed record StockCasMismatch(long? Expected, long? Current) : Rejection(
    RejectionKind.Conflict, "The stock is not what the caller believed", "Read the benefit and decide again with its current stock.");

public sealed record StockBelowOrdered(long Target, long Ordered) : Rejection(
    RejectionKind.RuleViolated, "More of the benefit is ordered already than the stock asked for", "Ask for at least what is ordered.");

public sealed record BenefitOrderUnknown(string Order) : Rejection(
    RejectionKind.NotFound, "There is no order of a benefit of this id", "Look at the answer that made it: orderId.");

/// <param name="Stores">Where it may be picked up.</param>
public sealed record StoreNotDesignated(string? Store, IReadOnlyList<string> Stores) : Rejection(
    RejectionKind.RuleViolated, "The benefit is not handed over at this store", "Send the member to one of stores; the points stay held until then.")
{
    public bool Equals(StoreNotDesignated? other) => other is not null && Store == other.Store && Stores.SequenceEqual(other.Stores, StringComparer.Ordinal);

    public override int GetHashCode() => HashCode.Combine(Store, Stores.Count);
}

/// <param name="OrderStatus">received, cancelled or expired.</param>
public sealed record BenefitOrderIsOver(BenefitOrderStatus OrderStatus) : Rejection(
    RejectionKind.Conflict, "The order was received, cancelled or has expired before", "Order the benefit again, if the member still wants it.");
