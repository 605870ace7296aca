using FsCheck.Fluent;
using Ledger.Coupons;
using Ledger.Coupons.Codes;
using NodaTime;
using Xunit;
using static Ledger.Tests.Moments;

namespace Ledger.Tests.Coupons.Codes;

public class RotatingCodeTests
{
    private static readonly byte[] s_key = [.. Enumerable.Range(1, 32).Select(n => (byte)n)];
    private static readonly CouponCode s_code = CouponCode.FromRandom([1, 2, 3, 4, 5, 6, 7, 8]);

    /// <summary>A moment of the middle of a step, whichever the rotation.</summary>
    private static readonly Instant s_now = At("2026-02-17T10:00:15Z");

    /// <summary>RFC 6238, appendix B: the vectors of SHA-256, whose secret is the ASCII text below.</summary>
    [Theory]
    [InlineData(59, "46119246")]
    [InlineData(1111111109, "68084774")]
    [InlineData(1111111111, "67062674")]
    [InlineData(1234567890, "91819424")]
    [InlineData(2000000000, "90698825")]
    [InlineData(20000000000, "77737706")]
    public void Shows_the_digits_of_RFC_6238(long seconds, string digits)
    {
        var step = RotatingCode.StepOf(Instant.FromUnixTimeSeconds(seconds), Rotation.HalfMinute);
        Assert.Equal(digits, RotatingCode.DigitsOf("12345678901234567890123456789012"u8, step));
    }

    [Theory]
    [InlineData("1970-01-01T00:00:00Z", 0, 0)]
    [InlineData("1970-01-01T00:00:29.999999Z", 0, 0)]
    [InlineData("1970-01-01T00:00:30Z", 1, 0)]
    [InlineData("1970-01-01T00:01:00Z", 2, 1)]
    [InlineData("1969-12-31T23:59:59.999999Z", -1, -1)]
    [InlineData("1969-12-31T23:59:00Z", -2, -1)]
    public void A_step_begins_with_its_first_instant(string at, long halfMinutes, long minutes)
    {
        Assert.Equal(halfMinutes, RotatingCode.StepOf(At(at), Rotation.HalfMinute));
        Assert.Equal(minutes, RotatingCode.StepOf(At(at), Rotation.Minute));
    }

    [Theory]
    [InlineData(-1, true)]
    [InlineData(0, true)]
    [InlineData(1, true)]
    [InlineData(-2, false)]
    [InlineData(2, false)]
    public void Passes_one_step_behind_or_ahead(int steps, bool passes)
    {
        foreach (var rotation in Enum.GetValues<Rotation>())
        {
            var shownAt = s_now + Duration.FromSeconds(steps * (int)rotation);
            var shown = RotatingCode.Show(s_key, s_code, shownAt, rotation);
            Checked<long> expected = passes ? RotatingCode.StepOf(shownAt, rotation) : new CodeStepStale((int)rotation);
            Assert.Equal(expected, shown.Verify(s_key, s_now, rotation, lastAccepted: null));
        }
    }

    [Fact]
    public void The_same_digits_pass_once_and_older_ones_not_after_them()
    {
        var older = RotatingCode.Show(s_key, s_code, s_now - Duration.FromSeconds(60), Rotation.Minute);
        var shown = RotatingCode.Show(s_key, s_code, s_now, Rotation.Minute);
        var step = RotatingCode.StepOf(s_now, Rotation.Minute);

        Assert.Equal(step, shown.Verify(s_key, s_now, Rotation.Minute, step - 1));
        Assert.Equal(new CodeStepReplayed(60), shown.Verify(s_key, s_now, Rotation.Minute, step));
        Assert.Equal(new CodeStepReplayed(60), older.Verify(s_key, s_now, Rotation.Minute, step));
        Assert.Equal(new CodeStepReplayed(60), shown.Verify(s_key, s_now, Rotation.Minute, step + 1));
        Assert.Equal(step - 1, older.Verify(s_key, s_now, Rotation.Minute, step - 2));
    }

    [Fact]
    public void Other_digits_and_the_digits_of_another_coupon_or_merchant_are_stale()
    {
        var other = CouponCode.FromRandom([8, 7, 6, 5, 4, 3, 2, 1]);
        var otherKey = s_key.Reverse().ToArray();
        var digits = RotatingCode.Show(s_key, s_code, s_now, Rotation.HalfMinute).Digits;
        Assert.Equal(CouponCodeFault.None, RotatingCode.Check($"R{other}{digits}", out var moved));
        Assert.Equal(new CodeStepStale(30), moved.Verify(s_key, s_now, Rotation.HalfMinute, null));
        Assert.Equal(new CodeStepStale(30), RotatingCode.Show(otherKey, s_code, s_now, Rotation.HalfMinute).Verify(s_key, s_now, Rotation.HalfMinute, null));
        for (var i = 0; i < RotatingCode.DigitCount; i++)
        {
            var wrong = $"{digits[..i]}{(digits[i] == '9' ? '0' : '9')}{digits[(i + 1)..]}";
            Assert.Equal(CouponCodeFault.None, RotatingCode.Check($"R{s_code}{wrong}", out var guess));
            Assert.Equal(new CodeStepStale(30), guess.Verify(s_key, s_now, Rotation.HalfMinute, null));
        }

        Assert.Equal(new CodeStepStale(30), default(RotatingCode).Verify(s_key, s_now, Rotation.HalfMinute, null));
    }

    [Fact]
    public void Reads_back_what_it_shows_and_what_a_scanner_in_lower_case_types() => Holds.For(Gen.Choose(0, int.MaxValue), seed =>
    {
        var code = CouponCode.FromRandom([.. BitConverter.GetBytes(seed), 1, 2, 3, 4]);
        var shown = RotatingCode.Show(s_key, code, s_now + Duration.FromSeconds(seed), Rotation.HalfMinute);
        foreach (var text in new[] { shown.ToString(), shown.ToString().ToLowerInvariant() })
        {
            Assert.Equal(CouponCodeFault.None, RotatingCode.Check(text, out var read));
            Assert.Equal(shown, read);
        }
    });

    /// <summary>The letter in front is the rule: a coupon's code and digits alone could be 21 digits that begin with 28.</summary>
    [Fact]
    public void Is_never_taken_for_a_payment_code_or_a_printed_coupon_code()
    {
        var digitsOnly = Enumerable.Range(0, 1000).Select(n => $"2811111{n:000}")
            .Select(payload => payload + CouponCode.CheckCharacter(payload)).First(code => char.IsAsciiDigit(code[^1]));
        Assert.True(CouponCode.TryParse(digitsOnly, out var code));
        var shown = RotatingCode.Show(s_key, code, s_now, Rotation.HalfMinute).ToString();
        Assert.Equal(PaymentCodeKind.Alipay, PaymentCodes.KindOf(shown.AsSpan(1)));

        Assert.Equal(PaymentCodeKind.None, PaymentCodes.KindOf(shown));
        Assert.Equal(CouponCodeFault.Malformed, CouponCode.Check(shown, out _));
        Assert.All(shown, character => Assert.Contains(character, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"));
    }

    [Theory]
    [InlineData("250000000000000000", PaymentCodeKind.Alipay)]
    [InlineData("2500000000000000", PaymentCodeKind.Alipay)]
    [InlineData("309999999999999999999999", PaymentCodeKind.Alipay)]
    [InlineData("310000000000000000", PaymentCodeKind.None)]
    [InlineData("240000000000000000", PaymentCodeKind.None)]
    [InlineData("250000000000000", PaymentCodeKind.None)]
    [InlineData("2500000000000000000000000", PaymentCodeKind.None)]
    [InlineData("100000000000000000", PaymentCodeKind.WeChat)]
    [InlineData("159999999999999999", PaymentCodeKind.WeChat)]
    [InlineData("160000000000000000", PaymentCodeKind.None)]
    [InlineData("1500000000000000000", PaymentCodeKind.None)]
    [InlineData("15000000000000000X", PaymentCodeKind.None)]
    [InlineData("", PaymentCodeKind.None)]
    public void Payment_codes_are_told_by_length_and_first_digits(string text, PaymentCodeKind kind) => Assert.Equal(kind, PaymentCodes.KindOf(text));

    [Fact]
    public void Refuses_other_forms()
    {
        var shown = RotatingCode.Show(s_key, s_code, s_now, Rotation.HalfMinute).ToString();
        string[] malformed = ["", "R", shown[1..], $"S{shown[1..]}", $"{shown}0", shown[..^1] + "X", $"R{shown}", "R12345678", shown.Replace('R', 'r') + " "];
        Assert.All(malformed, text => Assert.Equal(CouponCodeFault.Malformed, RotatingCode.Check(text, out _)));

        var wrong = shown[1] == '0' ? '1' : '0';
        Assert.Equal(CouponCodeFault.WrongCheckCharacter, RotatingCode.Check($"R{wrong}{shown[2..]}", out var none));
        Assert.Equal("", none.ToString());
    }

    [Fact]
    public void Secrets_differ_by_coupon_and_merchant_and_keys_are_long_enough()
    {
        var other = CouponCode.FromRandom([8, 7, 6, 5, 4, 3, 2, 1]);
        Assert.Equal(RotatingCode.SecretOf(s_key, s_code), RotatingCode.SecretOf(s_key, s_code));
        Assert.NotEqual(RotatingCode.SecretOf(s_key, s_code), RotatingCode.SecretOf(s_key, other));
        Assert.NotEqual(RotatingCode.SecretOf(s_key, s_code), RotatingCode.SecretOf([.. s_key, 33], s_code));
        Assert.Throws<ArgumentException>(() => RotatingCode.SecretOf(s_key.AsSpan(1), s_code));
    }

    /// <summary>Computed by another program from the remarks on the type: pages that show the code do the same, so it may never change.</summary>
    [Fact]
    public void The_derivation_is_fixed() => Assert.Equal("R041061050R3GM82360842", RotatingCode.Show(s_key, s_code, s_now, Rotation.HalfMinute).ToString());
}
