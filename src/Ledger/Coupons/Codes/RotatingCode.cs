using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using NodaTime;

namespace Ledger.Coupons.Codes;

/// <summary>How long one rotating code is shown; the number is its seconds.</summary>
public enum Rotation
{
    HalfMinute = 30,
    Minute = 60,
}

/// <summary>
/// A coupon's code that changes with the clock, so that a picture of it soon is worth nothing: <c>R</c>, the coupon's code, and
/// 8 digits of the time step (RFC 6238 with HMAC-SHA-256). All characters belong to QR's alphanumeric mode.
/// </summary>
/// <remarks>
/// <para>The rule that keeps it apart from payment codes (<see cref="PaymentCodes"/>) is its letter <c>R</c> in front: those are digits
/// throughout. With 20 to 22 characters it is no <see cref="CouponCode"/> either, which has at most 13.</para>
/// <para>
/// Nothing secret is kept per coupon: its secret is derived (HKDF-SHA-256, RFC 5869) from one key of the merchant and the code.
/// Beside it stands only the last step accepted, so that no digits pass twice.
/// </para>
/// <para>One guess passes with 3 in 10^8, whoever knows the coupon's code; limit the rate of guesses all the same.</para>
/// </remarks>
public readonly record struct RotatingCode
{
    /// <summary>The first character of every rotating code; read in either case.</summary>
    public const char Lead = 'R';

    /// <summary>Digits of one step: the most that RFC 6238 gives, up to zeros in front.</summary>
    public const int DigitCount = 8;

    /// <summary>How many steps a shown code may be behind or ahead of our clock.</summary>
    public const int Tolerance = 1;

    /// <summary>The least length of a merchant's key in bytes: that of the hash (RFC 4226, section 4, R6).</summary>
    public const int MinKeyBytes = 32;

    private const uint Modulus = 100_000_000;

    private readonly string? _digits;

    private RotatingCode(CouponCode code, string digits) => (Code, _digits) = (code, digits);

    /// <summary>The coupon that shows it.</summary>
    public CouponCode Code { get; }

    /// <summary>The <see cref="DigitCount"/> digits shown; empty in the default value.</summary>
    public string Digits => _digits ?? "";

    /// <summary>What the coupon shows at an instant.</summary>
    /// <param name="merchantKey">At least 32 random bytes, used for nothing else.</param>
    /// <exception cref="ArgumentException">The key is shorter.</exception>
    public static RotatingCode Show(ReadOnlySpan<byte> merchantKey, CouponCode code, Instant at, Rotation rotation) =>
        new(code, DigitsOf(SecretOf(merchantKey, code), StepOf(at, rotation)));

    /// <summary>Reads a scanned text by its form alone; whether the digits are right <see cref="Verify"/> says.</summary>
    public static CouponCodeFault Check(ReadOnlySpan<char> text, out RotatingCode rotating)
    {
        rotating = default;
        if (text.Length is < 1 + CouponCode.MinPayload + 1 + DigitCount or > 1 + CouponCode.MaxPayload + 1 + DigitCount) return CouponCodeFault.Malformed;
        if (text[0] is not (Lead or 'r') || text[^DigitCount..].ContainsAnyExceptInRange('0', '9')) return CouponCodeFault.Malformed;

        var fault = CouponCode.Check(text[1..^DigitCount], out var code);
        if (fault == CouponCodeFault.None) rotating = new(code, new string(text[^DigitCount..]));
        return fault;
    }

    /// <summary>
    /// Whether the coupon shows these digits in the step of an instant, the one before or the one after it. Passes the step, which
    /// the caller keeps as the coupon's last accepted one.
    /// </summary>
    /// <param name="lastAccepted">The last step accepted of this coupon; it and all before it do not pass again. Null: none yet.</param>
    /// <exception cref="ArgumentException">The key is shorter than <see cref="MinKeyBytes"/>.</exception>
    public Checked<long> Verify(ReadOnlySpan<byte> merchantKey, Instant at, Rotation rotation, long? lastAccepted)
    {
        var secret = SecretOf(merchantKey, Code);
        var current = StepOf(at, rotation);
        long? fresh = null;
        var isOld = false;
        for (var step = current - Tolerance; step <= current + Tolerance; step++)
        {
            if (!IsEqual(DigitsOf(secret, step), Digits)) continue;

            if (step <= lastAccepted) isOld = true;
            else fresh ??= step; // Should two steps share their digits, the earlier one leaves the later one usable.
        }

        return (fresh, isOld) switch
        {
            ({ } step, _) => step,
            (null, true) => new CodeStepReplayed((int)rotation),
            _ => new CodeStepStale((int)rotation),
        };
    }

    /// <summary>Whole rotations since 1970; a step begins with its first instant.</summary>
    public static long StepOf(Instant at, Rotation rotation)
    {
        var seconds = at.ToUnixTimeSeconds();
        var (step, rest) = Math.DivRem(seconds, (long)rotation);
        return rest < 0 ? step - 1 : step;
    }

    /// <summary>The digits of a step by RFC 4226, section 5.3, with HMAC-SHA-256 as RFC 6238 permits.</summary>
    public static string DigitsOf(ReadOnlySpan<byte> secret, long step)
    {
        Span<byte> counter = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(secret, counter, mac);
        var offset = mac[^1] & 0xF;
        var number = BinaryPrimitives.ReadUInt32BigEndian(mac[offset..]) & 0x7FFF_FFFF;
        return (number % Modulus).ToString("D8", CultureInfo.InvariantCulture);
    }

    /// <summary>The coupon's secret, 32 bytes: HKDF-SHA-256 of the merchant's key without salt, for this use and this code.</summary>
    /// <exception cref="ArgumentException">The key is shorter than <see cref="MinKeyBytes"/>.</exception>
    public static byte[] SecretOf(ReadOnlySpan<byte> merchantKey, CouponCode code)
    {
        if (merchantKey.Length < MinKeyBytes) throw new ArgumentException($"A key has at least {MinKeyBytes} bytes, not {merchantKey.Length}.", nameof(merchantKey));
        var secret = new byte[HMACSHA256.HashSizeInBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, merchantKey, secret, [], Encoding.UTF8.GetBytes($"ledger rotating code 1\0{code.Value}"));
        return secret;
    }

    /// <summary>The text for the picture; empty for the default value.</summary>
    public override string ToString() => _digits is null ? "" : $"{Lead}{Code.Value}{_digits}";

    private static bool IsEqual(string expected, string shown) =>
        CryptographicOperations.FixedTimeEquals(MemoryMarshal.AsBytes(expected.AsSpan()), MemoryMarshal.AsBytes(shown.AsSpan()));
}

/// <param name="PeriodSeconds">After how long the customer's screen shows another code.</param>
public sealed record CodeStepStale(int PeriodSeconds) : Rejection(
    RejectionKind.RuleViolated, "The code shown is not the coupon's code of this moment", "Have the customer open the coupon again and scan the code that it shows then.");

/// <param name="PeriodSeconds">After how long the customer's screen shows another code.</param>
public sealed record CodeStepReplayed(int PeriodSeconds) : Rejection(
    RejectionKind.Conflict, "The code shown was accepted before", "Wait until the customer's screen shows the next code, and scan that.");
