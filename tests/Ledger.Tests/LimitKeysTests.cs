using Xunit;

namespace Ledger.Tests;

public class LimitKeysTests
{
    private static readonly byte[] s_secret = [.. Enumerable.Range(1, 32).Select(n => (byte)n)];

    /// <summary>A member whose id is the phone number or the number of a citizen counts apart from both.</summary>
    [Fact]
    public void Identities_of_different_kinds_never_share_a_counter()
    {
        const string number = "440524188001010014";
        Assert.Equal(PersonNumberFault.None, PersonNumber.Check(number, out var person));
        Assert.Equal(PhoneNumberFault.None, PhoneNumber.Check("13800138000", out var phone));
        Assert.Distinct(
            [
                LimitKeys.OfPerson(s_secret, person), LimitKeys.OfMember(s_secret, number), LimitKeys.OfPhone(s_secret, phone),
                LimitKeys.OfMember(s_secret, phone.Value), LimitKeys.OfMember(s_secret, $"phone\0{phone.Value}"), LimitKeys.OfMember(s_secret, "person"),
            ],
            StringComparer.Ordinal);
    }

    [Fact]
    public void One_identity_has_one_key_however_it_is_spelt_and_another_one_under_another_secret()
    {
        Assert.Equal(PhoneNumberFault.None, PhoneNumber.Check("+86 138-0013-8000", out var written));
        Assert.Equal(PhoneNumberFault.None, PhoneNumber.Check("13800138000", out var typed));
        Assert.Equal(LimitKeys.OfPhone(s_secret, written), LimitKeys.OfPhone(s_secret, typed));
        Assert.False(LimitKeys.OfPhone(s_secret, typed) == LimitKeys.OfPhone([.. s_secret.Reverse()], typed));
        Assert.False(LimitKeys.OfMember(s_secret, "m1") == LimitKeys.OfMember(s_secret, "M1"));
    }

    /// <summary>Counters are kept under these names: they may never change.</summary>
    [Fact]
    public void A_key_is_the_first_half_of_the_keyed_hash_of_kind_and_identity()
    {
        Assert.Equal("a9f77ecbaa549d152bb06521c319c54c", LimitKeys.OfMember(s_secret, "m1"));
    }

    [Fact]
    public void Short_secrets_and_identities_of_nobody_are_bugs()
    {
        Assert.Throws<ArgumentException>(() => LimitKeys.OfMember(s_secret.AsSpan(1), "m1"));
        Assert.Throws<ArgumentException>(() => LimitKeys.OfMember(s_secret, ""));
        Assert.Throws<ArgumentException>(() => LimitKeys.OfPhone(s_secret, default));
        Assert.Throws<ArgumentException>(() => LimitKeys.OfPerson(s_secret, default));
    }

    [Theory]
    [InlineData("13800138000", "+8613800138000")]
    [InlineData("8613800138000", "+8613800138000")]
    [InlineData("+86 138 0013 8000", "+8613800138000")]
    [InlineData("0086-138-0013-8000", "+8613800138000")]
    [InlineData("(+86) 138.0013.8000", "+8613800138000")]
    [InlineData("19912345678", "+8619912345678")]
    [InlineData("+852 9123 4567", "+85291234567")]
    [InlineData("+86 10 8888 8888", "+861088888888")]
    [InlineData("+1234567", "+1234567")]
    [InlineData("+123456789012345", "+123456789012345")]
    public void Phone_numbers_are_read_as_people_write_them(string text, string value)
    {
        Assert.Equal(PhoneNumberFault.None, PhoneNumber.Check(text, out var number));
        Assert.Equal(value, number.Value);
        Assert.Equal(PhoneNumberFault.None, PhoneNumber.Check(number.Value, out var again));
        Assert.Equal(number, again);
    }

    [Theory]
    [InlineData("", PhoneNumberFault.CountryMissing)]
    [InlineData("12345678901", PhoneNumberFault.CountryMissing)]
    [InlineData("1380013800", PhoneNumberFault.CountryMissing)]
    [InlineData("010 8888 8888", PhoneNumberFault.CountryMissing)]
    [InlineData("+0861380013800", PhoneNumberFault.CountryMissing)]
    [InlineData("+86 138 0013 800", PhoneNumberFault.WrongLength)]
    [InlineData("+86 138 0013 80000", PhoneNumberFault.WrongLength)]
    [InlineData("+86 010 8888 8888", PhoneNumberFault.WrongLength)]
    [InlineData("+123456", PhoneNumberFault.WrongLength)]
    [InlineData("+1234567890123456", PhoneNumberFault.WrongLength)]
    [InlineData("+", PhoneNumberFault.WrongLength)]
    [InlineData("138 0013 8000                    ", PhoneNumberFault.WrongLength)]
    [InlineData("86+13800138000", PhoneNumberFault.WrongCharacter)]
    [InlineData("1380013800x", PhoneNumberFault.WrongCharacter)]
    [InlineData("１３８００１３８０００", PhoneNumberFault.WrongCharacter)]
    public void Other_texts_are_no_phone_numbers(string text, PhoneNumberFault fault)
    {
        Assert.Equal(fault, PhoneNumber.Check(text, out var number));
        Assert.Equal(default, number);
    }

    /// <summary>The two examples of GB 11643-1999.</summary>
    [Theory]
    [InlineData("11010519491231002X", "11010519491231002X")]
    [InlineData("11010519491231002x", "11010519491231002X")]
    [InlineData("110105 19491231 002x", "11010519491231002X")]
    [InlineData("440524188001010014", "440524188001010014")]
    public void Citizens_numbers_are_read(string text, string value)
    {
        Assert.Equal(PersonNumberFault.None, PersonNumber.Check(text, out var number));
        Assert.Equal(value, number.Value);
    }

    [Theory]
    [InlineData("", PersonNumberFault.WrongLength)]
    [InlineData("110105491231002", PersonNumberFault.WrongLength)]
    [InlineData("11010519491231002X0", PersonNumberFault.WrongLength)]
    [InlineData("1101051949123100X2", PersonNumberFault.WrongCharacter)]
    [InlineData("11010519491231002Y", PersonNumberFault.WrongCharacter)]
    [InlineData("11010519490229002X", PersonNumberFault.WrongBirthDate)]
    [InlineData("11010517991231002X", PersonNumberFault.WrongBirthDate)]
    [InlineData("110105194912310021", PersonNumberFault.WrongCheckCharacter)]
    public void Other_texts_are_no_citizens_numbers(string text, PersonNumberFault fault)
    {
        Assert.Equal(fault, PersonNumber.Check(text, out var number));
        Assert.Equal(default, number);
    }

    [Fact]
    public void No_wrong_character_passes_for_a_citizens_number()
    {
        const string right = "11010519491231002X";
        for (var i = 0; i < right.Length; i++)
        {
            foreach (var wrong in "0123456789X".Where(character => character != right[i]))
                Assert.NotEqual(PersonNumberFault.None, PersonNumber.Check($"{right[..i]}{wrong}{right[(i + 1)..]}", out _));
        }
    }

    [Fact]
    public void Logs_show_no_personal_data()
    {
        PhoneNumber.Check("13800138000", out var phone);
        PersonNumber.Check("11010519491231002X", out var person);
        Assert.Equal(["+…00", "******************", "", ""], [$"{phone}", $"{person}", $"{default(PhoneNumber)}", $"{default(PersonNumber)}"], StringComparer.Ordinal);
    }
}
