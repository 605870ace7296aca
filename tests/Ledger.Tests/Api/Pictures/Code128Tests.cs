using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using FsCheck.Fluent;
using Ledger.Api.Pictures;
using Xunit;

namespace Ledger.Tests.Api.Pictures;

public sealed partial class Code128Tests
{
    /// <summary>The symbols of ISO/IEC 15417 by value, 0 to 105, as 11 modules from the left, black 1; kept apart from the encoder's widths.</summary>
    private const string Symbols = """
        6CC 66C 666 498 48C 44C 4C8 4C4 464 648 644 624 59C 4DC 4CE 5CC 4EC 4E6 672 65C 64E 6E4 674 76E 74C 72C 726
        764 734 732 6D8 6C6 636 518 458 446 588 468 462 688 628 622 5B8 58E 46E 5D8 5C6 476 776 68E 62E 6E8 6E2 6EE
        758 746 716 768 762 71A 77A 642 78A 530 50C 4B0 486 42C 426 590 584 4D0 4C2 434 432 612 650 7BA 614 47A 53C
        4BC 49E 5E4 4F4 4F2 7A4 794 792 6DE 6F6 7B6 578 51E 45E 5E8 5E2 7A8 7A2 5DE 5EE 75E 7AE 684 690 69C
        """;

    private const string Stop = "1100011101011";

    private static readonly Dictionary<string, int> s_values = Symbols.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
        .Select((hex, value) => (Modules: Convert.ToString(Convert.ToInt32(hex, 16), 2), value)).ToDictionary(s => s.Modules, s => s.value, StringComparer.Ordinal);

    /// <summary>Worked examples: barcoderesource.com (abcdef, 345678), and Wikipedia's PJJ123C, there with start A, whose 54 is 55 with start B.</summary>
    [Theory]
    [InlineData("abcdef", 97)]
    [InlineData("345678", 73)]
    [InlineData("PJJ123C", 55)]
    public void The_check_symbol_is_that_of_the_known_examples(string text, int check) => Assert.Equal(check, Code128.Symbols(text)[^2]);

    [Theory]
    [InlineData("A", "104 33 34 106")]
    [InlineData("12", "105 12 14 106")]
    [InlineData("123", "104 17 18 19 8 106")]
    [InlineData("12345", "105 12 34 100 21 54 106")]
    [InlineData("A1234", "104 33 99 12 34 95 106")]
    [InlineData("A1234B", "104 33 17 18 19 20 34 90 106")]
    [InlineData("A123456B", "104 33 99 12 34 56 100 34 80 106")]
    [InlineData("A12345", "104 33 17 99 23 45 64 106")]
    public void Runs_of_digits_take_code_set_C_where_it_is_shorter(string text, string symbols) =>
        Assert.Equal(symbols, string.Join(' ', Code128.Symbols(text)));

    [Fact]
    public void Any_text_reads_back_from_its_bars() => Holds.For(Gen.OneOf(Gen.Choose('0', '9'), Gen.Choose(' ', '~')).NonEmptyListOf(), characters =>
    {
        var text = string.Concat(characters.Take(Code128.MaxText).Select(c => (char)c));
        Assert.Equal(text, Decode(string.Concat(Code128.Modules(text).Select(isBlack => isBlack ? '1' : '0'))));
    });

    [Fact]
    public void The_picture_shows_these_bars_and_the_code_below()
    {
        const string code = "7QX4M2K9TD<&";
        var svg = XDocument.Parse(CodePicture.Bars(code).ToSvg()).Root!;
        var path = svg.Elements().Where(e => e.Name.LocalName == "path").Select(e => e.Attribute("d")!.Value).Last();
        var bars = Bar().Matches(path).Select(bar => (Start: Number(bar, "start"), Length: Number(bar, "length"), Height: Number(bar, "height"))).ToArray();
        Assert.All(bars, bar => Assert.Equal(40, bar.Height));

        var width = int.Parse(svg.Attribute("viewBox")!.Value.Split(' ')[2], CultureInfo.InvariantCulture);
        var modules = new string('0', width).ToCharArray();
        foreach (var bar in bars) modules.AsSpan(bar.Start, bar.Length).Fill('1');
        Assert.Equal(code, Decode(new(modules)));
        Assert.All(svg.Elements().Where(e => e.Name.LocalName is "title" or "text"), e => Assert.Equal(code, e.Value));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\u00e9")]
    [InlineData("a\n")]
    [InlineData("\u007f")]
    public void Refuses_what_code_set_B_has_not(string text) => Assert.Throws<ArgumentException>(() => Code128.Symbols(text));

    [Fact]
    public void Refuses_more_than_scanners_read()
    {
        Assert.NotEmpty(Code128.Modules(new('x', Code128.MaxText)));
        Assert.Throws<ArgumentException>(() => Code128.Modules(new('x', Code128.MaxText + 1)));
    }

    /// <summary>Reads modules as a scanner does: quiet zones, start, symbols, check, stop.</summary>
    private static string Decode(string modules)
    {
        Assert.Equal(Code128.QuietZone, modules.IndexOf('1', StringComparison.Ordinal));
        Assert.Equal(Code128.QuietZone, modules.Length - 1 - modules.LastIndexOf('1'));
        modules = modules.Trim('0');
        Assert.EndsWith(Stop, modules, StringComparison.Ordinal);
        var values = modules[..^Stop.Length].Chunk(11).Select(symbol => s_values[new(symbol)]).ToArray();

        var sum = values[0];
        for (var place = 1; place < values.Length - 1; place++) sum += place * values[place];
        Assert.Equal(sum % 103, values[^1]);

        Assert.True(values[0] is 104 or 105);
        var isC = values[0] == 105;
        var text = "";
        foreach (var value in values[1..^1])
        {
            // In code set C 99 is a pair of digits, and only 100 leads back.
            if (value == (isC ? 100 : 99)) isC = !isC;
            else text += isC ? value.ToString("00", CultureInfo.InvariantCulture) : (char)(value + 32);
        }

        return text;
    }

    private static int Number(Match match, string group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"M(?<start>\d+) 0h(?<length>\d+)v(?<height>\d+)h-\d+z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Bar();
}
