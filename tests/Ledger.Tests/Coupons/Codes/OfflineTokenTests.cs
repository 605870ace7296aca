using System.Security.Cryptography;
using System.Text.Json;
using FsCheck.Fluent;
using Ledger.Coupons;
using Ledger.Coupons.Codes;
using NodaTime;
using Xunit;
using static Ledger.Tests.Moments;

namespace Ledger.Tests.Coupons.Codes;

public class OfflineTokenTests
{
    private static readonly Instant s_validTo = At("2026-03-01T00:00:00+08:00");
    private static readonly Instant s_before = s_validTo - Tick;
    private static readonly OfflineSigningKey s_key = NewKey();
    private static readonly OfflineKeyRing s_keys = new(NewKey().Public, s_key.Public);
    private static readonly TillPlace s_place = new("s1", new HashSet<StoreScope> { StoreScope.Of("s1", "s2") });

    private static readonly OfflineClaims s_claims = new(
        CouponCode.FromRandom([1, 2, 3, 4, 5, 6, 7, 8]), s_validTo, new(20_00), StoreScope.Of("s2", "s1"), "王*8000");

    [Fact]
    public void Says_what_was_signed_and_with_which_key()
    {
        var token = OfflineToken.Sign(s_claims, s_key);
        Assert.Equal(token, OfflineToken.Verify(token.Text, s_keys, s_before, s_place));
        Assert.Equal((s_claims, s_key.Id), (token.Claims, token.KeyId));
    }

    [Fact]
    public void Any_claims_read_back_in_at_most_180_characters() => Holds.For(
        Gen.Choose(0, int.MaxValue).Zip(AnyValue.Instants).Zip(AnyValue.Texts), made =>
        {
            var ((number, validTo), hint) = made;
            hint = string.Concat(hint.Where(c => !char.IsControl(c)));
            while (System.Text.Encoding.UTF8.GetByteCount(hint) > OfflineToken.MaxHintBytes) hint = hint[..^(char.IsLowSurrogate(hint[^1]) ? 2 : 1)];
            var payload = $"{number:0000000000}AB"[..(10 + (number % 3))];
            Assert.True(CouponCode.TryParse(payload + CouponCode.CheckCharacter(payload), out var code));
            var claims = new OfflineClaims(code, validTo, new(number * 4L), number % 2 == 0 ? null : StoreScope.Of("s1"), hint);

            var token = OfflineToken.Sign(claims, s_key);
            Assert.Equal(token, OfflineToken.Verify(token.Text, s_keys, validTo - Tick, s_place));
            Assert.InRange(token.Text.Length, 1, OfflineToken.MaxText);
            Assert.All(token.Text, character => Assert.Contains(character, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"));
            Assert.Equal(PaymentCodeKind.None, PaymentCodes.KindOf(token.Text));
        }, times: 100);

    /// <summary>The longest hint and amount, and a scope: as long as a token gets.</summary>
    [Fact]
    public void The_longest_token_has_175_characters_of_115_bytes()
    {
        var token = OfflineToken.Sign(s_claims with { OwnerHint = "四个汉字", MaxDiscount = new(Limits.MaxAmount) }, s_key);
        Assert.Equal(175, token.Text.Length);
        Assert.True(Base45.TryDecode(token.Text.AsSpan(1..^1), out var bytes));
        Assert.Equal(115, bytes.Length);
        Assert.Equal(token, OfflineToken.Verify(token.Text, s_keys, s_before, s_place));
    }

    [Fact]
    public void Every_changed_byte_and_every_changed_character_is_noticed()
    {
        var text = OfflineToken.Sign(s_claims, s_key).Text;
        Assert.True(Base45.TryDecode(text.AsSpan(1..^1), out var bytes));
        for (var i = 0; i < bytes.Length; i++)
        {
            foreach (var change in new byte[] { 0x01, 0x80, 0xFF })
            {
                byte[] changed = [.. bytes];
                changed[i] ^= change;
                AssertNotGenuine($"T{Base45.Encode(changed)}.");
            }
        }

        for (var i = 0; i < text.Length; i++) AssertNotGenuine($"{text[..i]}{(text[i] == 'A' ? 'B' : 'A')}{text[(i + 1)..]}");
        for (var length = 0; length < text.Length; length++) AssertNotGenuine(text[..length]);
        AssertNotGenuine(text + text);
        AssertNotGenuine($"T{Base45.Encode([.. bytes, 0])}.");
    }

    [Fact]
    public void Parts_of_two_tokens_make_no_third()
    {
        var cheap = Bytes(OfflineToken.Sign(s_claims, s_key));
        var dear = Bytes(OfflineToken.Sign(s_claims with { MaxDiscount = new(100_00) }, s_key));
        AssertNotGenuine($"T{Base45.Encode([.. dear[..^64], .. cheap[^64..]])}.");
    }

    [Fact]
    public void Is_valid_until_just_before_its_end()
    {
        var token = OfflineToken.Sign(s_claims, s_key);
        Assert.IsType<Checked<OfflineToken>.Passed>(OfflineToken.Verify(token.Text, s_keys, s_before, s_place));
        Assert.Equal(new Expired(s_validTo), OfflineToken.Verify(token.Text, s_keys, s_validTo, s_place));
    }

    [Theory]
    [InlineData(new string[0], true)]
    [InlineData(new[] { "s1" }, true)]
    [InlineData(new[] { "s2", "s1", "s1" }, true)]
    [InlineData(new[] { "s2" }, false)]
    [InlineData(new[] { "s1", "s3" }, false)]
    public void Passes_in_the_stores_of_its_scope_that_the_till_knows_of(string[] stores, bool passes)
    {
        var token = OfflineToken.Sign(s_claims with { Scope = stores.Length == 0 ? null : StoreScope.Of(stores) }, s_key);
        Checked<OfflineToken> expected = passes ? token : new StoreNotAllowed("s1");
        Assert.Equal(expected, OfflineToken.Verify(token.Text, s_keys, s_before, s_place));
    }

    [Fact]
    public void Scopes_tell_sets_of_stores_apart()
    {
        Assert.Equal(StoreScope.Of("a", "b"), StoreScope.Of("b", "a", "b"));
        Assert.Distinct([StoreScope.Of("a"), StoreScope.Of("ab"), StoreScope.Of("a", "b"), StoreScope.Of("b"), StoreScope.Of("A")]);
        Assert.Throws<ArgumentException>(() => StoreScope.Of());
    }

    [Fact]
    public void Keys_rotate_and_a_forgotten_or_foreign_key_is_unknown()
    {
        var next = NewKey();
        var token = OfflineToken.Sign(s_claims, next);
        Assert.Equal(new TokenKeyUnknown(next.Id), OfflineToken.Verify(token.Text, s_keys, s_before, s_place));
        Assert.Equal(token, OfflineToken.Verify(token.Text, new(s_key.Public, next.Public), s_before, s_place));
    }

    [Fact]
    public void Claims_out_of_bounds_are_not_signed()
    {
        OfflineClaims[] wrong =
        [
            s_claims with { Code = default }, s_claims with { MaxDiscount = new(-1) }, s_claims with { MaxDiscount = new(Limits.MaxAmount + 1) },
            s_claims with { OwnerHint = "thirteen char" }, s_claims with { OwnerHint = "a\n" }, s_claims with { OwnerHint = "\ud83d" }, s_claims with { Scope = new("00") },
            s_claims with { Scope = new("") },
        ];
        Assert.All(wrong, claims => Assert.ThrowsAny<ArgumentException>(() => OfflineToken.Sign(claims, s_key)));
    }

    [Fact]
    public void Public_keys_go_to_tills_as_PEM_and_as_JWK()
    {
        var read = OfflinePublicKey.FromPem(s_key.Public.ToPem());
        Assert.Equal(s_key.Public, read);
        Assert.Equal(s_key.Id, read.Id);
        Assert.Matches("^[0-9a-f]{8}$", read.Id);

        using var jwks = JsonDocument.Parse(s_keys.ToJwks());
        var jwk = jwks.RootElement.GetProperty("keys").EnumerateArray().Single(key => key.GetProperty("kid").GetString() == s_key.Id);
        Assert.Equal(s_key.Public.ToJwk(), jwk.GetRawText());
        using var key = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = { X = FromBase64Url(jwk.GetProperty("x")), Y = FromBase64Url(jwk.GetProperty("y")) },
        });
        Assert.Equal(s_key.Public, OfflinePublicKey.Of(key));
        Assert.Equal(["ES256", "P-256", "EC", "sig"], new[] { "alg", "crv", "kty", "use" }.Select(name => jwk.GetProperty(name).GetString()), StringComparer.Ordinal);
    }

    [Fact]
    public void A_kept_key_signs_on_and_keys_of_another_curve_are_refused()
    {
        var kept = OfflineSigningKey.FromPkcs8(s_key.ToPkcs8());
        Assert.Equal(s_key.Public, kept.Public);
        Assert.IsType<Checked<OfflineToken>.Passed>(OfflineToken.Verify(OfflineToken.Sign(s_claims, kept).Text, s_keys, s_before, s_place));

        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Assert.Throws<CryptographicException>(() => OfflineSigningKey.Of(other));
        Assert.Throws<CryptographicException>(() => OfflinePublicKey.FromPem(other.ExportSubjectPublicKeyInfoPem()));
        Assert.Throws<ArgumentException>(() => new OfflineKeyRing(kept.Public, s_key.Public));
    }

    private static OfflineSigningKey NewKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return OfflineSigningKey.Of(key);
    }

    private static byte[] Bytes(OfflineToken token) => Base45.TryDecode(token.Text.AsSpan(1..^1), out var bytes) ? bytes : throw new FormatException(token.Text);

    private static byte[] FromBase64Url(JsonElement text) => System.Buffers.Text.Base64Url.DecodeFromChars(text.GetString());

    private static void AssertNotGenuine(string text) => Assert.True(
        OfflineToken.Verify(text, s_keys, s_before, s_place) is Checked<OfflineToken>.Refused { Reason: TokenNotGenuine or TokenKeyUnknown }, text);
}
