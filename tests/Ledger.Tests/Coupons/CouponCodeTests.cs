using FsCheck;
using FsCheck.Fluent;
using Ledger.Coupons;
using Xunit;

namespace Ledger.Tests.Coupons;

public class CouponCodeTests
{
    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    /// <summary>One code of each length, with a repeated character, both ends of the alphabet and a leading zero.</summary>
    public static TheoryData<string> Codes { get; } = new(
        new[] { "7QX4M2K9TD", "0Z0ZZ1ABCDE", "AABBCCDDEEFF", "000000000001", "ZZZZZZZZZZZZ" }
            .Select(payload => payload + CouponCode.CheckCharacter(payload)));

    /// <summary>Worked by hand: 1 → x; x + 2 = 0 → 0; and 16 → x^5 = x^2 + 1 = 5.</summary>
    [Theory]
    [InlineData("", '0')]
    [InlineData("1", '2')]
    [InlineData("12", '0')]
    [InlineData("G", '5')]
    [InlineData("Z", 'V')]
    public void Has_a_check_character(string payload, char check) => Assert.Equal(check, CouponCode.CheckCharacter(payload));

    /// <summary>
    /// What Damm's proof asks of the operation: a quasigroup, zero on the diagonal, and (c ∗ x) ∗ y = (c ∗ y) ∗ x only for
    /// x = y. Here for every c, x and y, so whatever stands before and after.
    /// </summary>
    [Fact]
    public void Doubling_is_an_anti_symmetric_quasigroup()
    {
        var leads = Alphabet.Select(interim => Alphabet.Single(first => CouponCode.CheckCharacter([first]) == interim)).ToArray();
        foreach (var lead in leads)
        {
            Assert.Equal(32, Alphabet.Select(y => CouponCode.CheckCharacter([lead, y])).Distinct().Count());
            Assert.Equal(32, leads.Select(x => CouponCode.CheckCharacter([x, lead])).Distinct().Count());
            Assert.Equal('0', CouponCode.CheckCharacter([lead, CouponCode.CheckCharacter([lead])]));
            foreach (var x in Alphabet)
            {
                foreach (var y in Alphabet.Where(y => y != x))
                    Assert.NotEqual(CouponCode.CheckCharacter([lead, x, y]), CouponCode.CheckCharacter([lead, y, x]));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Codes))]
    public void Every_wrong_character_is_caught(string code)
    {
        for (var i = 0; i < code.Length; i++)
        {
            foreach (var wrong in Alphabet.Where(character => character != code[i]))
                Assert.Equal(CouponCodeFault.WrongCheckCharacter, CouponCode.Check($"{code[..i]}{wrong}{code[(i + 1)..]}", out _));
        }
    }

    /// <summary>All pairs of characters in all pairs of places, adjacent ones among them.</summary>
    [Fact]
    public void Every_swap_of_two_characters_is_caught()
    {
        for (var length = CouponCode.MinPayload; length <= CouponCode.MaxPayload; length++)
        {
            for (var i = 0; i < length; i++)
            {
                for (var j = i + 1; j <= length; j++) SwapAll(length, i, j);
            }
        }
    }

    private static void SwapAll(int length, int i, int j)
    {
        foreach (var a in Alphabet)
        {
            foreach (var b in Alphabet.Where(b => b != a))
            {
                // With j on the check character, b is what the payload makes it; one payload per (a, b) is enough.
                var code = "0123456789AB"[..length].ToCharArray();
                code[i] = a;
                if (j < length) code[j] = b;
                else code[i == 0 ? 1 : 0] = b;
                code = [.. code, CouponCode.CheckCharacter(code)];
                if (code[i] == code[j]) continue;

                (code[i], code[j]) = (code[j], code[i]);
                Assert.Equal(CouponCodeFault.WrongCheckCharacter, CouponCode.Check(code, out _));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Codes))]
    public void Reads_what_people_write(string code)
    {
        Assert.True(CouponCode.TryParse(code, out var expected));
        Assert.Equal(code, expected.Value);
        Assert.Equal(code, expected.ToString());

        var typed = $" {code[..4]}-{code[4..8]}-{code[8..]} ".Replace('0', 'o').ToLowerInvariant();
        foreach (var one in "1IiLl")
        {
            Assert.True(CouponCode.TryParse(typed.Replace('1', one), out var actual));
            Assert.Equal(expected, actual);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("- -")]
    [InlineData("7QX4M2K9T0")]
    [InlineData("7QX4M2K9TD0000")]
    [InlineData("7QX4M2K9TDU")]
    [InlineData("7QX4M2K9TD\0")]
    [InlineData("7QX4M2K9T\uff10D")]
    [InlineData("7QX4_M2K9_TD0")]
    [InlineData("7QX4M2K9TD0                      ")]
    public void Refuses_other_forms(string text)
    {
        Assert.Equal(CouponCodeFault.Malformed, CouponCode.Check(text, out var code));
        Assert.Equal(default, code);
        Assert.False(CouponCode.TryParse(text, out _));
    }

    [Fact]
    public void Random_bytes_give_a_code_that_reads_back() => Prop.ForAll(ArbMap.Default.ArbFor<ulong>(), bits =>
    {
        var code = CouponCode.FromRandom(BitConverter.GetBytes(bits));
        return code.Value.Length == CouponCode.MaxPayload + 1 && CouponCode.TryParse(code.Value, out var read) && read == code;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Uses_the_first_sixty_bits_in_order()
    {
        Assert.Equal("0123456789AB", CouponCode.FromRandom([0x00, 0x44, 0x32, 0x14, 0xC7, 0x42, 0x54, 0xB6]).Value[..12]);
        Assert.StartsWith("ZZZZZZZZZZZZ", CouponCode.FromRandom(Enumerable.Repeat((byte)0xFF, 8).ToArray()).Value, StringComparison.Ordinal);
        Assert.Equal(CouponCode.FromRandom([1, 2, 3, 4, 5, 6, 7, 0x80]), CouponCode.FromRandom([1, 2, 3, 4, 5, 6, 7, 0x8F, 9]));
        Assert.NotEqual(CouponCode.FromRandom([1, 2, 3, 4, 5, 6, 7, 0x80]), CouponCode.FromRandom([1, 2, 3, 4, 5, 6, 7, 0x90]));
        Assert.Throws<ArgumentException>(() => CouponCode.FromRandom(new byte[7]));
    }

    [Theory]
    [MemberData(nameof(Codes))]
    public void Numbers_read_back(string code)
    {
        Assert.True(CouponCode.TryParse(code, out var expected));
        Assert.Equal(expected, CouponCode.FromBits(expected.ToBits()));
    }

    /// <summary>The length stands in the two highest places used, so leading zeros count.</summary>
    [Fact]
    public void Other_numbers_are_nobodys()
    {
        Assert.Equal("00000000000", CouponCode.FromBits(0).Value);
        Assert.Equal("ZZZZZZZZZZ", CouponCode.FromBits((1UL << 50) - 1).Value[..10]);
        Assert.Equal("ZZZZZZZZZZZZ", CouponCode.FromBits((3UL << 60) - 1).Value[..12]);
        Assert.All(new[] { 1UL << 50, (1UL << 60) + (1UL << 55), 3UL << 60, ulong.MaxValue }, bits => Assert.Throws<FormatException>(() => CouponCode.FromBits(bits)));
    }

    [Fact]
    public void A_check_character_is_made_of_the_alphabet_only() =>
        Assert.Throws<FormatException>(() => CouponCode.CheckCharacter("7QX4-M2K9"));

    [Fact]
    public void Nobody_has_the_default_code()
    {
        Assert.Equal("", default(CouponCode).ToString());
        Assert.Throws<InvalidOperationException>(() => default(CouponCode).ToBits());
    }
}
