using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Ledger.FuCards.Draws;

/// <summary>Which card a user draws: a pure function of the committed seed, the user, the number of the draw and the published weights.</summary>
/// <remarks>
/// r = the first four bytes, big endian, of HMAC-SHA-256(seed, message); message = the ASCII bytes <c>card</c>, the length of the user's name
/// in UTF-8 bytes (4 bytes), the name, the index (8 bytes), the attempt (4 bytes, from 0); numbers are big endian. With S the sum of the
/// weights, r counts if r &lt; 2^32 − (2^32 mod S); else the next attempt. The card is the first whose cumulative weight is above r mod S.
/// </remarks>
public static class CardDraw
{
    private const int Overhead = 4 + 4 + 8 + 4;

    /// <summary>The place in <paramref name="weights"/> of the card of this draw. Allocates nothing.</summary>
    /// <param name="seed">32 bytes.</param>
    /// <param name="user">The name under which the user stands in the proof: at most <see cref="Limits.MaxDrawUser"/> bytes of UTF-8.</param>
    /// <param name="index">1, 2, 3 ... for each user, over all sources.</param>
    /// <param name="weights">None negative, with a sum of 1 to 2^31 − 1.</param>
    public static int Draw(ReadOnlySpan<byte> seed, string user, long index, IReadOnlyList<int> weights)
    {
        ArgumentNullException.ThrowIfNull(user);
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentOutOfRangeException.ThrowIfNotEqual(seed.Length, Commitment.SeedBytes, nameof(seed));
        ArgumentOutOfRangeException.ThrowIfLessThan(index, 1);
        var sum = (uint)Sum(weights);
        var beyond = (uint)((1UL << 32) % sum);

        Span<byte> buffer = stackalloc byte[Overhead + Limits.MaxDrawUser];
        "card"u8.CopyTo(buffer);
        var length = Encoding.UTF8.GetBytes(user, buffer.Slice(8, Limits.MaxDrawUser));
        BinaryPrimitives.WriteInt32BigEndian(buffer[4..], length);
        BinaryPrimitives.WriteInt64BigEndian(buffer[(8 + length)..], index);
        var message = buffer[..(Overhead + length)];
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        for (var attempt = 0U; ; attempt++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(message[^4..], attempt);
            HMACSHA256.HashData(seed, message, hash);
            var r = BinaryPrimitives.ReadUInt32BigEndian(hash);
            if (r <= uint.MaxValue - beyond) return Place(r % sum, weights);
        }
    }

    /// <summary>Whether cards can be drawn by these weights.</summary>
    public static bool IsFit(IReadOnlyList<int> weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        var sum = 0L;
        for (var i = 0; i < weights.Count; i++)
        {
            if (weights[i] < 0) return false;
            sum += weights[i];
        }

        return weights.Count <= Limits.MaxCardTypes && sum is >= 1 and <= int.MaxValue;
    }

    private static int Sum(IReadOnlyList<int> weights)
    {
        if (!IsFit(weights)) throw new ArgumentException("Weights are not negative and sum to 1 to 2^31 - 1.", nameof(weights));
        var sum = 0;
        for (var i = 0; i < weights.Count; i++) sum += weights[i];
        return sum;
    }

    private static int Place(uint at, IReadOnlyList<int> weights)
    {
        var cumulative = 0U;
        for (var i = 0; ; i++)
        {
            cumulative += (uint)weights[i];
            if (at < cumulative) return i;
        }
    }
}
