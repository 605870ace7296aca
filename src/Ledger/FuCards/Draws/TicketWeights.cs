using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace Ledger.FuCards.Draws;

/// <summary>
/// The weight of a ticket in a pot, in whole 2^-20: a pure function of the key and the ticket's number, in integers alone, so that whoever
/// computes it in whatever language gets the same number. docs/fu-proof.md says it step by step.
/// </summary>
public static class TicketWeights
{
    /// <summary>The weight 1: weights are counted in whole 2^-20.</summary>
    public const int One = 1 << 20;

    /// <summary>Every weight is below this: 32 · ln 2 = 22.2 is the largest of the exponential ones.</summary>
    public const int Bound = 1 << 25;

    private const ulong Ln2 = 2_977_044_472; // ln 2 in whole 2^-32, rounded.

    /// <param name="key"><see cref="PotKey"/>, 64 bytes.</param>
    /// <returns>1 to <see cref="Bound"/> − 1; at least half of <see cref="One"/> unless exponential.</returns>
    public static int Of(PotWeight weight, ReadOnlySpan<byte> key, long ticket)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, PotKey.Bytes, nameof(key));
        ArgumentOutOfRangeException.ThrowIfLessThan(ticket, 1);
        Span<byte> message = stackalloc byte[3 + 8 + 4];
        "pot"u8.CopyTo(message);
        BinaryPrimitives.WriteInt64BigEndian(message[3..], ticket);
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        for (var attempt = 0U; ; attempt++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(message[^4..], attempt);
            HMACSHA256.HashData(key, message, hash);
            switch (weight)
            {
                case PotWeight.Uniform: return Even(Word(hash, 0));
                case PotWeight.Exponential: return Math.Max(1, (int)(MinusLog(Word(hash, 0)) >> 7));
                case PotWeight.Normal when NormalOf(hash) is var w and > 0: return w;
                case PotWeight.Normal: continue;
                default: throw new ArgumentOutOfRangeException(nameof(weight));
            }
        }
    }

    /// <summary>−ln((word + 1) / 2^32) in whole 2^-27, by squaring: 0 to 32 · ln 2.</summary>
    public static ulong MinusLog(uint word)
    {
        var value = word + 1UL;
        var whole = BitOperations.Log2(value);
        var x = whole == 32 ? 1UL << 31 : value << (31 - whole); // 1 ≤ x / 2^31 < 2
        var log = (ulong)whole;
        for (var i = 0; i < 32; i++)
        {
            x = (x * x) >> 31;
            var bit = x >> 32;
            log = (log << 1) | bit;
            x >>= (int)bit;
        }

        return ((((32UL << 32) - log) >> 5) * Ln2) >> 32;
    }

    private static int Even(uint word) => (One / 2) + (int)(word >> 12);

    /// <summary>Of four pairs the first whose second word stays under the bell at its first word; 0 where none does.</summary>
    private static int NormalOf(ReadOnlySpan<byte> hash)
    {
        for (var i = 0; i < 8; i += 2)
        {
            var w = Even(Word(hash, i));
            var d = (long)w - One;
            // z = 4 d / 2^20, and z² / 2 in whole 2^-27 is 8 d² / 2^13.
            if (MinusLog(Word(hash, i + 1)) >= (ulong)((d * d) >> 10)) return w;
        }

        return 0;
    }

    private static uint Word(ReadOnlySpan<byte> hash, int i) => BinaryPrimitives.ReadUInt32BigEndian(hash[(4 * i)..]);
}
