using System.Security.Cryptography;
using Ledger.Coupons;

namespace Ledger.Postgres;

/// <summary>Codes of coupons that nobody has.</summary>
public static class FreshCodes
{
    public static string[] Next(int count) => [.. Enumerable.Range(0, count).Select(_ => Next())];

    /// <summary>A code of random bits; one of digits alone is left to merchants.</summary>
    public static string Next()
    {
        Span<byte> entropy = stackalloc byte[CouponCode.EntropyBytes];
        while (true)
        {
            RandomNumberGenerator.Fill(entropy);
            if (CouponCode.FromRandom(entropy) is { CouldBeMade: true } code) return code.Value;
        }
    }
}
