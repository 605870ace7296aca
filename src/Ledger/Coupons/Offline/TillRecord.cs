using System.Security.Cryptography;
using System.Text.Json;
using NodaTime;

namespace Ledger.Coupons.Offline;

/// <summary>One redemption that a till made without the service, as it keeps and later forwards it.</summary>
/// <param name="Till">The till with its store, <c>{store}/{till}</c>: ids of tills are a store's own.</param>
/// <param name="Sequence">1, 2, 3 ... of its till, for ever.</param>
/// <param name="PreviousHash">The <see cref="Hash"/> of the record before; <see cref="Genesis"/> before the first.</param>
/// <param name="Amount">The basket before the discount.</param>
/// <param name="BusinessTime">When it happened by the till's clock, whole microseconds.</param>
/// <param name="Token">The offline token that the till accepted, if it was shown one.</param>
/// <param name="Order">The till's own receipt or order number.</param>
public sealed record TillRecord(
    string Till, long Sequence, string PreviousHash, string Code, Money Amount, Money Discount, Instant BusinessTime, string? Token,
    string? Order = null)
{
    /// <summary>What stands before the first record of every till: 64 zeros.</summary>
    public static string Genesis { get; } = new('0', 2 * SHA256.HashSizeInBytes);

    /// <summary>
    /// SHA-256 of the record's canonical JSON (RFC 8785), as 64 hexadecimal digits in lower case. The JSON has the members amount,
    /// businessTime (UTC, six decimals), code, discount, previousHash, sequence, till and, unless they are null, order and token.
    /// </summary>
    /// <exception cref="CanonicalJsonException">A member has no canonical form (U+0000, half a surrogate pair, a number beyond 2^53 − 1): the
    /// edge lets no such record in.</exception>
    public string Hash() =>
        Convert.ToHexStringLower(SHA256.HashData(CanonicalJson.Of(JsonSerializer.SerializeToUtf8Bytes(this, LedgerJson.Options))));
}
