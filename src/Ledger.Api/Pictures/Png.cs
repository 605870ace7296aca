using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Ledger.Api.Pictures;

/// <summary>Writes pictures of one bit a pixel as PNG (W3C, third edition), which needs no more than the framework's zlib.</summary>
internal static class Png
{
    private static readonly uint[] s_crc = [.. Enumerable.Range(0, 256).Select(n => CrcOf((uint)n))];

    /// <param name="rows">Modules, true for black; all rows of one length.</param>
    /// <param name="across">Pixels a module, from left to right.</param>
    /// <param name="down">Pixels a module, from top to bottom.</param>
    public static byte[] Of(IReadOnlyList<bool[]> rows, int across, int down)
    {
        var (width, height) = (rows[0].Length * across, rows.Count * down);
        using var png = new MemoryStream();
        png.Write([0x89, (byte)'P', (byte)'N', (byte)'G', (byte)'\r', (byte)'\n', 0x1A, (byte)'\n']);

        // Bit depth 1, greyscale, deflate, the one filter method, not interlaced.
        Span<byte> header = [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], height);
        Chunk(png, "IHDR", header);
        Chunk(png, "IDAT", Compressed(rows, across, down));
        Chunk(png, "IEND", []);
        return png.ToArray();
    }

    /// <summary>Each row is a byte 0 (no filter) and its pixels from the highest bit on, 1 for white.</summary>
    private static byte[] Compressed(IReadOnlyList<bool[]> rows, int across, int down)
    {
        using var data = new MemoryStream();
        using (var zlib = new ZLibStream(data, CompressionLevel.Optimal, leaveOpen: true))
        {
            foreach (var modules in rows)
            {
                var row = new byte[1 + (((modules.Length * across) + 7) / 8)];
                for (var x = 0; x < modules.Length * across; x++)
                {
                    if (!modules[x / across]) row[1 + (x / 8)] |= (byte)(0x80 >> (x % 8));
                }

                for (var y = 0; y < down; y++) zlib.Write(row);
            }
        }

        return data.ToArray();
    }

    private static void Chunk(MemoryStream png, string type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        png.Write(number);
        byte[] body = [.. Encoding.ASCII.GetBytes(type), .. data];
        png.Write(body);

        var crc = uint.MaxValue;
        foreach (var value in body) crc = s_crc[(byte)(crc & 0xFF) ^ value] ^ (crc >> 8);
        BinaryPrimitives.WriteUInt32BigEndian(number, ~crc);
        png.Write(number);
    }

    private static uint CrcOf(uint n)
    {
        for (var bit = 0; bit < 8; bit++) n = (n & 1) == 0 ? n >> 1 : 0xEDB8_8320 ^ (n >> 1);
        return n;
    }
}
