using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Ledger.Api.Pictures;
using Xunit;

namespace Ledger.Tests.Api.Pictures;

public sealed partial class CodePictureTests
{
    private const string Rotating = "R041061050R3GM82360842";

    /// <summary>22 alphanumeric characters fit version 2 at M: 25 modules, and 4 white ones on either side.</summary>
    [Fact]
    public void A_QR_code_has_its_quiet_zone_and_its_three_finders()
    {
        var modules = Modules(CodePicture.Qr(Rotating));
        Assert.Equal((33, 33), (modules.Length, modules[0].Length));
        for (var i = 0; i < 33; i++)
        {
            foreach (var edge in new[] { 0, 1, 2, 3, 29, 30, 31, 32 }) Assert.False(modules[i][edge] || modules[edge][i]);
        }

        string[] finder = ["1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111"];
        foreach (var (x, y) in new[] { (4, 4), (22, 4), (4, 22) })
            Assert.Equal(finder, Enumerable.Range(y, 7).Select(row => string.Concat(modules[row][x..(x + 7)].Select(isBlack => isBlack ? '1' : '0'))), StringComparer.Ordinal);
    }

    [Fact]
    public void The_same_text_gives_the_same_picture_and_another_text_another()
    {
        Assert.Equal(CodePicture.Qr(Rotating).ToSvg(), CodePicture.Qr(Rotating).ToSvg());
        Assert.Equal(CodePicture.Qr(Rotating).ToPng(3), CodePicture.Qr(Rotating).ToPng(3));
        Assert.NotEqual(Modules(CodePicture.Qr(Rotating)), Modules(CodePicture.Qr(Rotating[..^1] + "3")));
    }

    [Fact]
    public void The_label_stands_below_and_is_no_markup()
    {
        var svg = XDocument.Parse(CodePicture.Qr(Rotating, "0410 <b>\"&'").ToSvg()).Root!;
        var text = svg.Elements().Single(e => e.Name.LocalName == "text");
        Assert.Equal("0410 <b>\"&'", text.Value);
        Assert.True(double.Parse(text.Attribute("y")!.Value, CultureInfo.InvariantCulture) > 33);
        Assert.True(double.Parse(text.Attribute("textLength")!.Value, CultureInfo.InvariantCulture) <= 33);
        Assert.Equal("img", svg.Attribute("role")!.Value);

        Assert.Equal("", XDocument.Parse(CodePicture.Qr(Rotating, "").ToSvg()).Root!.Elements().Single(e => e.Name.LocalName == "text").Value);
    }

    /// <summary>The PNG, read by a reader of its own, shows what the SVG shows.</summary>
    [Theory]
    [InlineData(true, 1)]
    [InlineData(true, 3)]
    [InlineData(false, 1)]
    [InlineData(false, 2)]
    public void The_PNG_has_the_same_modules(bool isQr, int scale)
    {
        var picture = isQr ? CodePicture.Qr(Rotating) : CodePicture.Bars("7QX4M2K9TD0");
        var modules = Modules(picture);
        var pixels = ReadPng(picture.ToPng(scale));
        Assert.Equal((picture.Height * scale, picture.Width * scale), (pixels.Length, pixels[0].Length));
        for (var y = 0; y < pixels.Length; y++)
        {
            for (var x = 0; x < pixels[y].Length; x++) Assert.Equal(modules[y / scale][x / scale], pixels[y][x]);
        }
    }

    [Fact]
    public void Texts_and_scales_have_bounds()
    {
        Assert.NotEmpty(CodePicture.Qr(new('A', CodePicture.MaxQrText)).ToSvg());
        Assert.Throws<ArgumentException>(() => CodePicture.Qr(new('A', CodePicture.MaxQrText + 1)));
        Assert.Throws<ArgumentException>(() => CodePicture.Qr(""));
        Assert.Throws<ArgumentException>(() => CodePicture.Qr("é"));
        Assert.Throws<ArgumentOutOfRangeException>(() => CodePicture.Qr("A").ToPng(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => CodePicture.Qr("A").ToPng(41));
    }

    /// <summary>What the SVG's black path covers.</summary>
    private static bool[][] Modules(CodePicture picture)
    {
        var modules = Enumerable.Range(0, picture.Height).Select(_ => new bool[picture.Width]).ToArray();
        var path = XDocument.Parse(picture.ToSvg()).Root!.Elements().Last(e => e.Name.LocalName == "path").Attribute("d")!.Value;
        foreach (Match run in Run().Matches(path))
        {
            int[] n = [.. run.Groups.Values.Skip(1).Select(group => int.Parse(group.Value, CultureInfo.InvariantCulture))];
            for (var y = n[1]; y < n[1] + n[3]; y++) modules[y].AsSpan(n[0], n[2]).Fill(true);
        }

        return modules;
    }

    private static bool[][] ReadPng(ReadOnlySpan<byte> png)
    {
        Assert.Equal([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], png[..8].ToArray());
        var (width, height) = (0, 0);
        byte[] data = [];
        var types = "";
        for (png = png[8..]; !png.IsEmpty; png = png[(BinaryPrimitives.ReadInt32BigEndian(png) + 12)..])
        {
            var body = png.Slice(4, BinaryPrimitives.ReadInt32BigEndian(png) + 4);
            Assert.Equal(Crc(body), BinaryPrimitives.ReadUInt32BigEndian(png[(4 + body.Length)..]));
            var type = Encoding.ASCII.GetString(body[..4]);
            types += type;
            if (type == "IHDR") (width, height) = (BinaryPrimitives.ReadInt32BigEndian(body[4..]), BinaryPrimitives.ReadInt32BigEndian(body[8..]));
            if (type == "IDAT") data = body[4..].ToArray();
        }

        Assert.Equal("IHDRIDATIEND", types);
        using var inflated = new MemoryStream();
        using (var zlib = new ZLibStream(new MemoryStream(data), CompressionMode.Decompress)) zlib.CopyTo(inflated);
        var bytes = inflated.ToArray();
        var stride = 1 + ((width + 7) / 8);
        Assert.Equal(stride * height, bytes.Length);
        return [.. Enumerable.Range(0, height).Select(y => Enumerable.Range(0, width)
            .Select(x => (bytes[(y * stride) + 1 + (x / 8)] >> (7 - (x % 8)) & 1) == 0).ToArray())];
    }

    /// <summary>Bit by bit, as the standard defines it.</summary>
    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) * 0xEDB8_8320);
        }

        return ~crc;
    }

    [GeneratedRegex(@"M(?<x>\d+) (?<y>\d+)h(?<width>\d+)v(?<height>\d+)h-\d+z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Run();
}
