using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Ledger.Coupons;

namespace Ledger.Benchmarks.Seed;

/// <summary>
/// Coupons by number. Book and code follow from SHA-256 of the number, in C# for the service and in SQL for the reference, so that both
/// know the whole supply without a table of it, and neither order nor place has a pattern.
/// </summary>
internal static class Numbers
{
    public const int Merchants = 1_000;

    public const string HotMerchant = "hot";

    /// <summary>Numbers from here on belong to the one hot merchant.</summary>
    public const long Hot = 1_000_000_000;

    /// <summary>A prime: multiplied by it, modulo a count that it does not divide, every number comes up once.</summary>
    private const long Step = 7_368_787;

    /// <summary>The number of the i-th coupon to be used.</summary>
    public static long At(long i, long count, bool isHot) => (i * Step % count) + (isHot ? Hot : 0);

    public static string MerchantOf(ReadOnlySpan<byte> digest, bool isHot) =>
        isHot ? HotMerchant : Merchant(((digest[0] << 8) + digest[1]) % Merchants);

    public static string Merchant(int index) => string.Create(CultureInfo.InvariantCulture, $"m{index:D4}");

    public static byte[] Digest(long number) => SHA256.HashData(Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture)));

    /// <summary>A code as the service takes it.</summary>
    public static string LedgerCode(ReadOnlySpan<byte> digest) => CouponCode.FromRandom(digest[8..]).Value;

    /// <summary>A text of the same length that SQL can make.</summary>
    public static string ReferenceCode(ReadOnlySpan<byte> digest) => Convert.ToHexString(digest)[16..29];
}
