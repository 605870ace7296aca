using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Ledger.FuCards.Draws;

/// <summary>
/// The Merkle tree hash of RFC 6962 over a stream of leaves, in memory that grows with the logarithm of their number: SHA-256 of 0x00 and a
/// leaf, of 0x01 and two nodes; of nothing where there is no leaf.
/// </summary>
public sealed class MerkleTree
{
    private const int HashBytes = SHA256.HashSizeInBytes;

    private readonly byte[] _nodes = new byte[64 * HashBytes];
    private int _height;

    /// <summary>Leaves so far.</summary>
    public long Count { get; private set; }

    /// <summary>A ticket's leaf: its number (8 bytes, big endian), its user in UTF-8 and, where it takes part in the grand draw, a byte 1, which no name has.</summary>
    public static byte[] Leaf(long ticket, string user, bool isGrand = false)
    {
        ArgumentNullException.ThrowIfNull(user);
        var leaf = new byte[8 + Encoding.UTF8.GetByteCount(user) + (isGrand ? 1 : 0)];
        Write(leaf, ticket, user, isGrand);
        return leaf;
    }

    /// <summary>Adds the next leaf; tickets come in the order of their numbers.</summary>
    /// <param name="leaf">At most <see cref="Limits.MaxDrawUser"/> + 9 bytes.</param>
    public void Add(ReadOnlySpan<byte> leaf)
    {
        Span<byte> node = stackalloc byte[HashBytes];
        LeafHash(leaf, node);
        // As many complete trees end here as the number of leaves so far has ones at its end.
        for (var count = Count++; (count & 1) == 1; count >>= 1) Join(_nodes.AsSpan(--_height * HashBytes, HashBytes), node, node);
        node.CopyTo(_nodes.AsSpan(_height++ * HashBytes));
    }

    /// <summary>Adds a ticket's leaf.</summary>
    public void Add(long ticket, string user, bool isGrand = false)
    {
        Span<byte> leaf = stackalloc byte[8 + Limits.MaxDrawUser + 1];
        Add(leaf[..Write(leaf, ticket, user, isGrand)]);
    }

    /// <summary>The root over the leaves so far; more may follow.</summary>
    public byte[] Root()
    {
        if (Count == 0) return SHA256.HashData([]);
        var root = _nodes.AsSpan((_height - 1) * HashBytes, HashBytes).ToArray();
        for (var i = _height - 2; i >= 0; i--) Join(_nodes.AsSpan(i * HashBytes, HashBytes), root, root);
        return root;
    }

    /// <summary>What leads from one leaf to the root: the roots of the trees beside its way, from the leaf upwards. Reads the leaves once.</summary>
    /// <param name="index">The leaf's place, from 0.</param>
    /// <param name="count">How many leaves there are.</param>
    public static IReadOnlyList<byte[]> Proof(IEnumerable<byte[]> leaves, long index, long count)
    {
        ArgumentNullException.ThrowIfNull(leaves);
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, count);
        var beside = new List<(long From, long To, MerkleTree Tree)>();
        for (long from = 0, to = count; to - from > 1;)
        {
            var split = from + LargestPowerBelow(to - from);
            beside.Add(index < split ? (split, to, new()) : (from, split, new()));
            (from, to) = index < split ? (from, split) : (split, to);
        }

        var at = 0L;
        foreach (var leaf in leaves)
        {
            beside.Find(tree => tree.From <= at && at < tree.To).Tree?.Add(leaf);
            at++;
        }

        if (at != count) throw new ArgumentException($"There are {at} leaves.", nameof(count));
        beside.Reverse();
        return [.. beside.Select(tree => tree.Tree.Root())];
    }

    /// <summary>Whether the leaf stands at this place of the tree with this root (RFC 9162, 2.1.3.2).</summary>
    public static bool Verify(ReadOnlySpan<byte> root, ReadOnlySpan<byte> leaf, long index, long count, IReadOnlyList<byte[]> proof)
    {
        ArgumentNullException.ThrowIfNull(proof);
        if (index < 0 || index >= count) return false;
        Span<byte> node = stackalloc byte[HashBytes];
        LeafHash(leaf, node);
        var (place, last) = (index, count - 1);
        foreach (var beside in proof)
        {
            if (last == 0 || beside.Length != HashBytes) return false;
            if ((place & 1) == 1 || place == last)
            {
                Join(beside, node, node);
                for (; (place & 1) == 0 && place != 0; place >>= 1) last >>= 1;
            }
            else
            {
                Join(node, beside, node);
            }

            (place, last) = (place >> 1, last >> 1);
        }

        return last == 0 && node.SequenceEqual(root);
    }

    private static int Write(Span<byte> leaf, long ticket, string user, bool isGrand)
    {
        BinaryPrimitives.WriteInt64BigEndian(leaf, ticket);
        var end = 8 + Encoding.UTF8.GetBytes(user, leaf[8..]);
        if (isGrand) leaf[end++] = 1;
        return end;
    }

    private static long LargestPowerBelow(long count) => 1L << (int)long.Log2(count - 1);

    private static void LeafHash(ReadOnlySpan<byte> leaf, Span<byte> hash)
    {
        Span<byte> message = stackalloc byte[1 + 8 + Limits.MaxDrawUser + 1];
        message[0] = 0;
        leaf.CopyTo(message[1..]);
        SHA256.HashData(message[..(1 + leaf.Length)], hash);
    }

    private static void Join(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, Span<byte> hash)
    {
        Span<byte> message = stackalloc byte[1 + (2 * HashBytes)];
        message[0] = 1;
        left.CopyTo(message[1..]);
        right.CopyTo(message[(1 + HashBytes)..]);
        SHA256.HashData(message, hash);
    }
}
