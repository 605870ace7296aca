using System.Text;

namespace Ledger.Postgres.Audit;

/// <summary>Keeps one string for texts that repeat: campaigns, channels, stores, tills. Bounded: a newer text takes an older one's place.</summary>
internal sealed class TextPool
{
    private const int Size = 1 << 14;
    private const int MaxLength = 128;

    private readonly string?[] texts = new string?[Size];

    public string Of(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > MaxLength) return Encoding.UTF8.GetString(utf8);
        ref var place = ref texts[KeyHash.Of(utf8) >> 18 & (Size - 1)];
        return place is not null && Ascii.Equals(utf8, place) ? place : place = Encoding.UTF8.GetString(utf8);
    }
}

/// <summary>A hash of keys that is the same in every pass over a book; not a defence, only a way to cut a book into parts.</summary>
internal static class KeyHash
{
    public static uint Of(ReadOnlySpan<byte> utf8)
    {
        var hash = 0xCBF29CE484222325UL;
        while (utf8.Length >= 8)
        {
            hash = Mix(hash, System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(utf8));
            utf8 = utf8[8..];
        }

        foreach (var value in utf8) hash = Mix(hash, value);
        return unchecked((uint)(hash ^ (hash >> 32)));
    }

    private static ulong Mix(ulong hash, ulong value) => unchecked(System.Numerics.BitOperations.RotateLeft((hash ^ value) * 0x9E3779B97F4A7C15UL, 29));
}
