using System.Security.Cryptography;
using System.Text;

namespace Ledger.Coupons.Codes;

/// <summary>
/// A set of stores as an offline token carries it: the first 96 bits of SHA-256 of the store ids, in ordinal order, each once, each
/// followed by a line feed. Written as 24 hexadecimal digits in lower case.
/// </summary>
/// <param name="Value">The digits.</param>
public readonly record struct StoreScope(string Value)
{
    public const int Bytes = 12;

    /// <exception cref="ArgumentException">There is no store: a coupon for every store has no scope.</exception>
    public static StoreScope Of(params IEnumerable<string> stores)
    {
        var text = string.Concat(stores.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(store => $"{store}\n"));
        return text.Length == 0
            ? throw new ArgumentException("A scope names at least one store.", nameof(stores))
            : new(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, Bytes)));
    }

    public override string ToString() => Value;
}

/// <summary>Where a till stands, as it knows it when it is offline.</summary>
/// <param name="Scopes">The scopes of several stores that this store belongs to, as the till last learnt them; its own store's alone needs
/// no mention.</param>
public sealed record TillPlace(string Store, IReadOnlySet<StoreScope> Scopes)
{
    /// <param name="scope">Null: every store of the merchant.</param>
    public bool IsIn(StoreScope? scope) => scope is not { } some || some == StoreScope.Of(Store) || Scopes.Contains(some);
}
