using System.Buffers;
using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Ledger.Tests;

public class CanonicalJsonTests
{
    private static string Canonical(string json) => Encoding.UTF8.GetString(CanonicalJson.Of(Encoding.UTF8.GetBytes(json)));

    [Theory]
    [InlineData("null", "null")]
    [InlineData(" true ", "true")]
    [InlineData("-0", "0")]
    [InlineData("[ ]", "[]")]
    [InlineData("{ }", "{}")]
    [InlineData("""{"a": 1, "bb": 2}""", """{"a":1,"bb":2}""")]
    [InlineData("""{"bb": {"z": [], "y": -7}, "a": [1, {"d": 1, "c": 2}]}""", """{"a":[1,{"c":2,"d":1}],"bb":{"y":-7,"z":[]}}""")]
    [InlineData("[9007199254740991,-9007199254740991]", "[9007199254740991,-9007199254740991]")]
    public void Has_one_spelling(string json, string expected) => Assert.Equal(expected, Canonical(json));

    /// <summary>The string of RFC 8785, 3.2.2; its numbers are floats, which the ledger refuses.</summary>
    [Fact]
    public void Escapes_strings_like_the_rfc() => Assert.Equal(
        """
        {"literals":[null,true,false],"string":"€$\u000f\nA'B\"\\\\\"/"}
        """,
        Canonical("""{ "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false] }"""));

    [Fact]
    public void Writes_everything_else_as_it_is() => Assert.Equal(
        "\"<>&+'\u007f\u0080\u2028\ufeff\U0001F600\"",
        Canonical("""
            "\u003c\u003E&+'\u007f\u0080\u2028\ufeff\ud83d\ude00"
            """));

    [Fact]
    public void Escapes_each_control() => Assert.Equal(
        """
        "\u0001\u0007\b\t\n\u000b\f\r\u000e\u001f"
        """,
        Canonical("""
            "\u0001\u0007\u0008\u0009\u000A\u000B\u000C\u000D\u000E\u001F"
            """));

    /// <summary>The sorting example of RFC 8785, 3.2.3: the emoji is a surrogate pair and comes before U+FB33.</summary>
    [Fact]
    public void Sorts_names_like_the_rfc() => Assert.Equal(
        "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\",\"\u00f6\":\"Latin Small Letter O With Diaeresis\","
        + "\"\u20ac\":\"Euro Sign\",\"\U0001F600\":\"Emoji: Grinning Face\",\"\ufb33\":\"Hebrew Letter Dalet With Dagesh\"}",
        Canonical("""
            {
              "\u20ac": "Euro Sign",
              "\r": "Carriage Return",
              "\ufb33": "Hebrew Letter Dalet With Dagesh",
              "1": "One",
              "\ud83d\ude00": "Emoji: Grinning Face",
              "\u0080": "Control",
              "\u00f6": "Latin Small Letter O With Diaeresis"
            }
            """));

    [Theory]
    [InlineData("""{"a":1,"a":2}""", "a")]
    [InlineData("""{"b":1,"a":2,"b":3}""", "b")]
    [InlineData("""{"a\n":1,"b":1,"\u0061\u000a":2}""", "a\\n")]
    [InlineData("9007199254740992", "9007199254740992")]
    [InlineData("-9007199254740992", "-9007199254740992")]
    [InlineData("12345678901234567890123", "12345678901234567890123")]
    [InlineData("[1.0]", "1.0")]
    [InlineData("[1e3]", "1e3")]
    [InlineData("""["\u0000"]""", "\\u0000")]
    [InlineData("""{"\u0000":1}""", "\\u0000")]
    [InlineData("""["\ud800"]""", "\\ud800")]
    [InlineData("""["\udc00\ud800"]""", "\\udc00\\ud800")]
    [InlineData("", "")]
    [InlineData("[1,]", "[1,]")]
    [InlineData("1 2", "1 2")]
    [InlineData("\"a\nb\"", "\"a\nb\"")]
    public void Refuses_and_names_the_offending_text(string json, string offending) =>
        Assert.Equal(offending, Assert.Throws<CanonicalJsonException>(() => Canonical(json)).Offending);

    [Fact]
    public void Refuses_text_that_is_not_utf8() =>
        Assert.Throws<CanonicalJsonException>(() => CanonicalJson.Of([(byte)'"', 0xC3, (byte)'"']));

    [Fact]
    public void Opens_32_levels_and_not_33()
    {
        Assert.Equal(64, Canonical(new string('[', 32) + new string(']', 32)).Length);
        Assert.Throws<CanonicalJsonException>(() => Canonical(new string('[', 33) + new string(']', 33)));
    }

    [Fact]
    public void A_refused_text_leaves_the_output_as_it_was()
    {
        var output = new ArrayBufferWriter<byte>();
        CanonicalJson.Write("{ }"u8, output);
        Assert.Throws<CanonicalJsonException>(() => CanonicalJson.Write("[1, 2.5]"u8, output));
        Assert.Equal("{}"u8, output.WrittenSpan);
    }

    [Fact]
    public void Sorts_thousands_of_members()
    {
        var names = Enumerable.Range(0, 5000).Select(i => (i * 7919 % 5000).ToString("D4", CultureInfo.InvariantCulture)).ToArray();
        var expected = "{" + string.Join(',', names.Order(StringComparer.Ordinal).Select(name => $"\"{name}\":0")) + "}";
        Assert.Equal(expected, Canonical("{" + string.Join(',', names.Select(name => $"\"{name}\":0")) + "}"));
    }

    [Fact]
    public void Is_the_reference_form_whatever_the_spelling() => Prop.ForAll(Trees, Orders, (tree, order) =>
    {
        var expected = Reference(tree);
        return string.Equals(Canonical(Spelled(tree, new Random(order))), expected, StringComparison.Ordinal)
            && string.Equals(Canonical(expected), expected, StringComparison.Ordinal);
    }).QuickCheckThrowOnFailure();

    private static Arbitrary<int> Orders => Arb.From(Gen.Choose(0, int.MaxValue));

    private static Arbitrary<object?> Trees => Arb.From(Gen.Sized(size => Tree(Math.Min(size, 40))));

    private static Gen<string> Texts => Gen.Elements(
            "a", "b", "aa", "é", "€", "\u0001", "\r", "\n", "\"", "\\", "/", "\u007f", "\u2028", "\ue000", "\ufb33", "\uffff", "😀", "𐀀")
        .ListOf().Select(string.Concat);

    private static Gen<object?> Tree(int size)
    {
        var scalars = Gen.OneOf(
            Gen.Constant<object?>(null),
            Gen.Elements(true, false).Select(value => (object?)value),
            Gen.Choose(int.MinValue, int.MaxValue).Select(value => (object?)(value * 4_194_303L)),
            Texts.Select(value => (object?)value));
        return size <= 1 ? scalars : Gen.OneOf(
            scalars,
            Tree(size / 3).ListOf().Select(items => (object?)items.ToArray()),
            Gen.Zip(Texts, Tree(size / 3)).ListOf().Select(members => (object?)members
                .DistinctBy(member => member.Item1, StringComparer.Ordinal)
                .ToDictionary(member => member.Item1, member => member.Item2, StringComparer.Ordinal)));
    }

    /// <summary>The canonical form, written the slow and obvious way.</summary>
    private static string Reference(object? tree) => tree switch
    {
        null => "null",
        bool value => value ? "true" : "false",
        long value => value.ToString(CultureInfo.InvariantCulture),
        string value => "\"" + string.Concat(value.Select(Escaped)) + "\"",
        object?[] items => "[" + string.Join(',', items.Select(Reference)) + "]",
        Dictionary<string, object?> members => "{" + string.Join(',', members
            .OrderBy(member => member.Key, StringComparer.Ordinal)
            .Select(member => Reference(member.Key) + ":" + Reference(member.Value))) + "}",
        _ => throw new ArgumentException(tree.ToString(), nameof(tree)),
    };

    private static string Escaped(char unit) => unit switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\b' => "\\b",
        '\t' => "\\t",
        '\n' => "\\n",
        '\f' => "\\f",
        '\r' => "\\r",
        < ' ' => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}"),
        _ => unit.ToString(),
    };

    /// <summary>The same tree with members in random order, random white space, and characters escaped at random.</summary>
    private static string Spelled(object? tree, Random random)
    {
        var space = new string(' ', random.Next(3)) + (random.Next(4) == 0 ? "\r\n\t" : "");
        return space + (tree switch
        {
            string value => "\"" + string.Concat(value.EnumerateRunes().Select(rune => random.Next(3) == 0
                ? string.Concat(rune.ToString().Select(unit => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)unit:X4}")))
                : string.Concat(rune.ToString().Select(Escaped)))) + "\"",
            object?[] items => "[" + string.Join(',', items.Select(item => Spelled(item, random))) + space + "]",
            Dictionary<string, object?> members => "{" + string.Join(',', members.OrderBy(_ => random.Next())
                .Select(member => Spelled(member.Key, random) + space + ":" + Spelled(member.Value, random))) + "}",
            _ => Reference(tree),
        }) + space;
    }
}
