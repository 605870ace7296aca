using System.Buffers.Binary;
using System.Text;
using NodaTime;

namespace Ledger.Coupons.Codes;

/// <summary>What a merchant promises a till that cannot ask.</summary>
/// <param name="ValidTo">First instant no longer valid, in whole microseconds. A token is made only for a coupon that is effective already: it
/// names no beginning.</param>
/// <param name="MaxDiscount">The most that the coupon takes off, whatever the basket: 0 to <see cref="Limits.MaxAmount"/>.</param>
/// <param name="Scope">The stores that take it; null: every store of the merchant.</param>
/// <param name="OwnerHint">What the cashier compares with the customer (the last digits of a phone number, a masked name), never enough to
/// know a person by; at most <see cref="OfflineToken.MaxHintBytes"/> bytes in UTF-8, and none where it is empty.</param>
public sealed record OfflineClaims(CouponCode Code, Instant ValidTo, Money MaxDiscount, StoreScope? Scope, string OwnerHint);

/// <summary>
/// A coupon that a till accepts without the service: claims, signed with the merchant's key, as text of QR's alphanumeric alphabet.
/// Never more than <see cref="MaxText"/> characters.
/// </summary>
/// <remarks>
/// <para>The text is <c>T</c>, <see cref="Base45"/> and a full stop; the frame keeps it apart from payment codes, and scanners from trimming
/// spaces. The bytes, numbers big-endian:</para>
/// <code>
/// 1   version, 1
/// 1   1 if there is a scope, else 0
/// 4   key id
/// 8   coupon code (<see cref="CouponCode.ToBits"/>)
/// 8   validTo, microseconds since 1970
/// 5   maxDiscount, minor units
/// 12  scope, if there is one
/// n   hint, UTF-8, 0 to 12 bytes
/// 64  ECDSA P-256 of SHA-256 of all before it: r, s
/// </code>
/// <para>Whoever holds a genuine token can write a second genuine text of the same claims (s and n − s sign alike): what was used is known by
/// the coupon's code, never by the token's text.</para>
/// </remarks>
/// <param name="KeyId">The key that signed it.</param>
/// <param name="Text">The token itself.</param>
public sealed record OfflineToken(OfflineClaims Claims, string KeyId, string Text)
{
    /// <summary>The most characters of a token. In fact 175: 115 bytes.</summary>
    public const int MaxText = 180;

    public const int MaxHintBytes = 12;

    private const byte Version = 1;
    private const int FixedBytes = 2 + OfflinePublicKey.IdBytes + sizeof(ulong) + sizeof(long) + AmountBytes;
    private const int AmountBytes = 5;

    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="ArgumentException">A claim is outside its bounds, or the code is nobody's.</exception>
    public static OfflineToken Sign(OfflineClaims claims, OfflineSigningKey key)
    {
        ArgumentNullException.ThrowIfNull(claims);
        ArgumentNullException.ThrowIfNull(key);
        var data = Write(claims, key.Id);
        return new(claims, key.Id, $"T{Base45.Encode([.. data, .. key.Sign(data)])}.");
    }

    /// <summary>What a till without the service says of a scanned text: the first line that matches refuses.</summary>
    /// <param name="at">The till's clock, or what the service judges by when the record arrives (<see cref="Offline.JudgedTime"/>).</param>
    public static Checked<OfflineToken> Verify(string text, OfflineKeyRing keys, Instant at, TillPlace place)
    {
        ArgumentNullException.ThrowIfNull(place);
        return Read(text, keys) switch
        {
            Checked<OfflineToken>.Passed({ Claims: var claims }) when at >= claims.ValidTo => new Expired(claims.ValidTo),
            Checked<OfflineToken>.Passed({ Claims: var claims }) when !place.IsIn(claims.Scope) => new StoreNotAllowed(place.Store),
            var genuine => genuine,
        };
    }

    /// <summary>The token of a text that the merchant signed, whatever the time and place.</summary>
    public static Checked<OfflineToken> Read(string text, OfflineKeyRing keys)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(keys);
        if (text.Length > MaxText || text is not ['T', .. var body, '.'] || !Base45.TryDecode(body, out var bytes)) return new TokenNotGenuine();
        if (bytes.Length < FixedBytes + OfflinePublicKey.SignatureBytes || bytes[0] != Version) return new TokenNotGenuine();

        var data = bytes.AsSpan(..^OfflinePublicKey.SignatureBytes);
        var keyId = Convert.ToHexStringLower(data.Slice(2, OfflinePublicKey.IdBytes));
        if (keys.Find(keyId) is not { } key) return new TokenKeyUnknown(keyId);
        if (!key.IsSigned(data, bytes.AsSpan(^OfflinePublicKey.SignatureBytes..))) return new TokenNotGenuine();

        // From here on the bytes are as a merchant's key signed them.
        return new OfflineToken(Read(data), keyId, text);
    }

    private static byte[] Write(OfflineClaims claims, string keyId)
    {
        if (claims.Code == default) throw new ArgumentException("The token is of no coupon.", nameof(claims));
        if (claims.MaxDiscount.Minor is < 0 or > Limits.MaxAmount) throw new ArgumentException($"{claims.MaxDiscount} is not an amount of a token.", nameof(claims));
        var hint = s_utf8.GetBytes(claims.OwnerHint);
        if (hint.Length > MaxHintBytes || claims.OwnerHint.Any(char.IsControl)) throw new ArgumentException($"The hint is longer than {MaxHintBytes} bytes or holds a control.", nameof(claims));

        var scope = claims.Scope is { } some ? Convert.FromHexString(some.Value) : [];
        if (scope.Length != (claims.Scope is null ? 0 : StoreScope.Bytes)) throw new ArgumentException("The scope is not one that StoreScope.Of made.", nameof(claims));

        var data = new byte[FixedBytes + scope.Length + hint.Length];
        data[0] = Version;
        data[1] = (byte)(claims.Scope is null ? 0 : 1);
        Convert.FromHexString(keyId).CopyTo(data, 2);
        BinaryPrimitives.WriteUInt64BigEndian(data.AsSpan(6), claims.Code.ToBits());
        BinaryPrimitives.WriteInt64BigEndian(data.AsSpan(14), Times.Cut(claims.ValidTo).ToUnixTimeTicks() / 10);
        data[22] = (byte)(claims.MaxDiscount.Minor >> 32);
        BinaryPrimitives.WriteUInt32BigEndian(data.AsSpan(23), (uint)(claims.MaxDiscount.Minor & uint.MaxValue));
        scope.CopyTo(data, FixedBytes);
        hint.CopyTo(data, FixedBytes + scope.Length);
        return data;
    }

    private static OfflineClaims Read(ReadOnlySpan<byte> data)
    {
        var hasScope = data[1] == 1;
        return new(
            CouponCode.FromBits(BinaryPrimitives.ReadUInt64BigEndian(data[6..])),
            Instant.FromUnixTimeTicks(BinaryPrimitives.ReadInt64BigEndian(data[14..]) * 10),
            new(((long)data[22] << 32) | BinaryPrimitives.ReadUInt32BigEndian(data[23..])),
            hasScope ? new StoreScope(Convert.ToHexStringLower(data.Slice(FixedBytes, StoreScope.Bytes))) : null,
            s_utf8.GetString(data[(FixedBytes + (hasScope ? StoreScope.Bytes : 0))..]));
    }
}

public sealed record TokenKeyUnknown(string KeyId) : Rejection(
    RejectionKind.RuleViolated, "The offline token is signed with a key that this till does not know", "Synchronise the till; until then take the full price.");

public sealed record TokenNotGenuine() : Rejection(
    RejectionKind.RuleViolated, "The offline token is not one that this merchant signed", "Scan it again; if it is refused again, take the full price.");
