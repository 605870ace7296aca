using System.Globalization;
using System.Net;
using System.Text;
using QRCoder;

namespace Ledger.Api.Pictures;

/// <summary>
/// A code as black and white modules, quiet zone included, and the text that they say. The same text gives the same picture, so its
/// bytes may be cached for ever.
/// </summary>
public sealed class CodePicture
{
    /// <summary>The most characters of a QR picture: more than any code of the ledger has.</summary>
    public const int MaxQrText = 256;

    /// <summary>Modules from the top of a bar to its end: for 13 characters a good sixth of the width, as the standard asks.</summary>
    private const int BarHeight = 40;

    /// <summary>Modules of the largest letters below a picture; a long label has smaller ones.</summary>
    private const double MaxLetter = 8;

    private readonly string text;
    private readonly string label;
    private readonly bool[][] rows;
    private readonly int rowHeight;

    private CodePicture(string text, string label, bool[][] rows, int rowHeight) => (this.text, this.label, this.rows, this.rowHeight) = (text, label, rows, rowHeight);

    /// <summary>Modules from left to right.</summary>
    public int Width => rows[0].Length;

    /// <summary>Modules from top to bottom, without the line of text.</summary>
    public int Height => rows.Length * rowHeight;

    /// <summary>
    /// A QR code of error correction M (15 % may be lost) with a quiet zone of 4 modules. Text of digits, upper-case letters and
    /// <c>$%*+-./:</c> and space takes its alphanumeric mode and so the fewest modules.
    /// </summary>
    /// <param name="label">What people read below it, where that is not the text itself (a rotating code shows the coupon's code); empty: nothing.</param>
    /// <exception cref="ArgumentException">The text is empty, longer than <see cref="MaxQrText"/>, or not printable ASCII throughout.</exception>
    public static CodePicture Qr(string text, string? label = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length is 0 or > MaxQrText || text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            throw new ArgumentException($"A QR picture takes 1 to {MaxQrText} printable ASCII characters here.", nameof(text));

        using var code = QRCodeGenerator.GenerateQrCode(text, QRCodeGenerator.ECCLevel.M);
        return new(text, label ?? text, [.. code.ModuleMatrix.Select(row => row.Cast<bool>().ToArray())], rowHeight: 1);
    }

    /// <summary>The bars of <see cref="Code128"/>.</summary>
    /// <exception cref="ArgumentException">As <see cref="Code128.Symbols"/>.</exception>
    public static CodePicture Bars(string text, string? label = null) => new(text, label ?? text, [[.. Code128.Modules(text)]], BarHeight);

    /// <summary>
    /// SVG with one unit a module and the label below, to be scaled by whoever shows it. Adjoining modules are one shape, so no gap shows
    /// between them at any scale.
    /// </summary>
    public string ToSvg()
    {
        var path = new StringBuilder();
        for (var y = 0; y < rows.Length; y++)
        {
            foreach (var (start, length) in Runs(rows[y]))
                path.Append(CultureInfo.InvariantCulture, $"M{start} {y * rowHeight}h{length}v{rowHeight}h-{length}z");
        }

        // A monospaced letter is 0.6 of its size wide. The length is stated beside, so that no font runs over the edge.
        var size = label.Length == 0 ? 0 : Math.Min(MaxLetter, Math.Round((Width - 4) / (0.6 * label.Length), 2));
        var height = Math.Round(Height + (size * 1.5), 2);
        var words = WebUtility.HtmlEncode(label);
        return string.Create(CultureInfo.InvariantCulture, $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {height}" role="img" shape-rendering="crispEdges">
            <title>{words}</title>
            <path d="M0 0h{Width}v{height}h-{Width}z" fill="#fff"/>
            <path d="{path}" fill="#000"/>
            <text x="{Width / 2.0}" y="{Math.Round(Height + size, 2)}" font-family="ui-monospace,monospace" font-size="{size}" text-anchor="middle" textLength="{Math.Round(0.6 * size * label.Length, 2)}" lengthAdjust="spacingAndGlyphs">{words}</text>
            </svg>

            """);
    }

    /// <summary>PNG in black and white, without the label: for printers and programs that take no SVG.</summary>
    /// <param name="scale">Pixels a module, 1 to 40.</param>
    public byte[] ToPng(int scale)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(scale, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(scale, 40);
        return Png.Of(rows, scale, rowHeight * scale);
    }

    public override string ToString() => text;

    /// <summary>Where black begins in a row, and for how many modules.</summary>
    private static IEnumerable<(int Start, int Length)> Runs(bool[] row)
    {
        for (var x = 0; x < row.Length; x++)
        {
            if (!row[x]) continue;

            var start = x;
            while (x < row.Length && row[x]) x++;
            yield return (start, x - start);
        }
    }
}
