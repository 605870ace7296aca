using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Ledger.Coupons.Offline;

/// <summary>
/// The codes that a till must not take while it is offline, in little room: a Bloom filter. A revoked code is always found; another
/// one is found by mistake as often as <see cref="FalsePositiveRate"/> says, and pays the full price or waits for the connection.
/// </summary>
/// <remarks>
/// Easy to write again for a till: hash number i (0, 1 ...) of a code is the i-th big-endian 32-bit word of SHA-512 of its characters,
/// modulo the number of bits; bit b is bit b mod 8 (the lowest first) of byte b / 8. The serialised form is a version byte 1, the
/// number of hashes (1 byte), the number of codes (4, big-endian), the number of bits (4, big-endian, a multiple of 8), the bits.
/// </remarks>
public sealed class RevocationFilter
{
    /// <summary>The most codes of one filter; at one in a thousand they take 1.8 MB.</summary>
    public const int MaxCodes = 1_000_000;

    /// <summary>The most hashes: the words of SHA-512.</summary>
    public const int MaxHashes = SHA512.HashSizeInBytes / sizeof(uint);

    /// <summary>The least rate that may be asked for; <see cref="MaxHashes"/> hashes reach 1 in 65,536.</summary>
    public const double MinRate = 0.0001;

    private const byte Version = 1;
    private const int HeaderBytes = 2 + (2 * sizeof(uint));
    private const uint MaxBits = 1 << 27;

    private readonly byte[] table;

    private RevocationFilter(byte[] bits, int hashes, int codes) => (table, Hashes, Codes) = (bits, hashes, codes);

    /// <summary>How many bits each code sets.</summary>
    public int Hashes { get; }

    /// <summary>How many codes are in it.</summary>
    public int Codes { get; }

    public int Bits => table.Length * 8;

    /// <summary>The part of all other codes that is found by mistake: (1 − e^(−hashes · codes / bits))^hashes.</summary>
    public double FalsePositiveRate => Math.Pow(1 - Math.Exp(-(double)Hashes * Codes / Bits), Hashes);

    /// <param name="rate">The false-positive rate wished for, from <see cref="MinRate"/> to 0.5; bits are rounded up, hashes to the nearest.</param>
    /// <exception cref="ArgumentException">There are more than <see cref="MaxCodes"/> codes.</exception>
    public static RevocationFilter Of(IEnumerable<string> revoked, double rate = 0.001)
    {
        if (!(rate is >= MinRate and <= 0.5)) throw new ArgumentOutOfRangeException(nameof(rate), rate, "No filter has this rate.");
        var codes = revoked.Distinct(StringComparer.Ordinal).ToList();
        if (codes.Count > MaxCodes) throw new ArgumentException($"A filter holds at most {MaxCodes} codes, not {codes.Count}.", nameof(revoked));

        var perCode = -Math.Log2(rate) / Math.Log(2);
        var filter = new RevocationFilter(new byte[Math.Max(1, (int)Math.Ceiling(codes.Count * perCode / 8))], Math.Max(1, (int)Math.Round(-Math.Log2(rate))), codes.Count);
        foreach (var code in codes) filter.Add(code);
        return filter;
    }

    /// <summary>False: certainly not revoked when the filter was made. True: revoked, or one of the few mistaken for it.</summary>
    public bool MayContain(string code)
    {
        Span<byte> words = stackalloc byte[SHA512.HashSizeInBytes];
        SHA512.HashData(Encoding.UTF8.GetBytes(code), words);
        for (var i = 0; i < Hashes; i++)
        {
            var bit = BitOf(words, i);
            if ((table[bit / 8] & (1 << (bit % 8))) == 0) return false;
        }

        return true;
    }

    public byte[] ToBytes()
    {
        var bytes = new byte[HeaderBytes + table.Length];
        bytes[0] = Version;
        bytes[1] = (byte)Hashes;
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(2), (uint)Codes);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(6), (uint)Bits);
        table.CopyTo(bytes, HeaderBytes);
        return bytes;
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote. False for anything else, another version included.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out RevocationFilter? filter)
    {
        filter = null;
        if (bytes.Length < HeaderBytes || bytes[0] != Version || bytes[1] is < 1 or > MaxHashes) return false;

        var codes = BinaryPrimitives.ReadUInt32BigEndian(bytes[2..]);
        var bits = BinaryPrimitives.ReadUInt32BigEndian(bytes[6..]);
        if (codes > MaxCodes || bits is 0 or > MaxBits || bits % 8 != 0 || bytes.Length - HeaderBytes != bits / 8) return false;

        filter = new(bytes[HeaderBytes..].ToArray(), bytes[1], (int)codes);
        return true;
    }

    private void Add(string code)
    {
        Span<byte> words = stackalloc byte[SHA512.HashSizeInBytes];
        SHA512.HashData(Encoding.UTF8.GetBytes(code), words);
        for (var i = 0; i < Hashes; i++)
        {
            var bit = BitOf(words, i);
            table[bit / 8] |= (byte)(1 << (bit % 8));
        }
    }

    private int BitOf(ReadOnlySpan<byte> words, int i) => (int)(BinaryPrimitives.ReadUInt32BigEndian(words[(i * sizeof(uint))..]) % (uint)Bits);
}

public sealed record TooManyRevocations(int Limit) : Rejection(
    RejectionKind.RuleViolated, "More coupons are used and still valid than a revocation filter holds", "Redeem online; let the coupons of ended campaigns expire sooner.");
