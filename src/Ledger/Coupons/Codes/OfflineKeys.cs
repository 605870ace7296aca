using System.Buffers.Text;
using System.Collections.Frozen;
using System.Security.Cryptography;

namespace Ledger.Coupons.Codes;

/// <summary>
/// A merchant's private key for offline tokens, ECDSA over P-256 with SHA-256. Keys rotate: tills hold the public keys of all whose
/// tokens are still about, and a token names its key by <see cref="Id"/>.
/// </summary>
/// <remarks>
/// The key is made at the edge (<c>ECDsa.Create(ECCurve.NamedCurves.nistP256)</c>), where randomness belongs. A signature draws a random
/// number of its own, as the platform's ECDSA does: two tokens of the same claims differ, and both are genuine.
/// </remarks>
public sealed class OfflineSigningKey
{
    private readonly byte[] pkcs8;

    private OfflineSigningKey(ECDsa key)
    {
        Public = OfflinePublicKey.Of(key);
        pkcs8 = key.ExportPkcs8PrivateKey();
    }

    public OfflinePublicKey Public { get; }

    public string Id => Public.Id;

    /// <exception cref="CryptographicException">The key is of another curve or has no private part.</exception>
    public static OfflineSigningKey Of(ECDsa key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return new(key);
    }

    /// <exception cref="CryptographicException">These bytes are no private key on P-256.</exception>
    public static OfflineSigningKey FromPkcs8(ReadOnlySpan<byte> pkcs8)
    {
        using var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(pkcs8, out _);
        return new(key);
    }

    /// <summary>The secret itself, for whoever keeps it (encrypted).</summary>
    public byte[] ToPkcs8() => [.. pkcs8];

    /// <summary>64 bytes: r and s, each of 32, big-endian.</summary>
    public byte[] Sign(ReadOnlySpan<byte> data)
    {
        using var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(pkcs8, out _);
        return key.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }
}

/// <summary>What a till needs of a signing key. Equal to every other one of the same key.</summary>
public sealed class OfflinePublicKey : IEquatable<OfflinePublicKey>
{
    /// <summary>Bytes of the id: the first of SHA-256 of the SubjectPublicKeyInfo.</summary>
    public const int IdBytes = 4;

    /// <summary>Bytes of a signature.</summary>
    public const int SignatureBytes = 64;

    private const string P256 = "1.2.840.10045.3.1.7";

    private readonly ECParameters parameters;
    private readonly byte[] spki;

    private OfflinePublicKey(ECDsa key)
    {
        parameters = key.ExportParameters(includePrivateParameters: false);
        if (parameters.Curve.Oid?.Value != P256) throw new CryptographicException("The key is not on the curve P-256.");
        spki = key.ExportSubjectPublicKeyInfo();
        Id = Convert.ToHexStringLower(SHA256.HashData(spki).AsSpan(0, IdBytes));
    }

    /// <summary>8 hexadecimal digits in lower case; a <c>kid</c>.</summary>
    public string Id { get; }

    /// <exception cref="CryptographicException">The key is of another curve.</exception>
    public static OfflinePublicKey Of(ECDsa key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return new(key);
    }

    /// <exception cref="ArgumentException">The text holds no key in PEM.</exception>
    /// <exception cref="CryptographicException">The key is of another kind or curve.</exception>
    public static OfflinePublicKey FromPem(string pem)
    {
        using var key = ECDsa.Create();
        key.ImportFromPem(pem);
        return new(key);
    }

    /// <summary>SubjectPublicKeyInfo as PEM, <c>-----BEGIN PUBLIC KEY-----</c>.</summary>
    public string ToPem() => PemEncoding.WriteString("PUBLIC KEY", spki);

    /// <summary>A JSON Web Key (RFC 7517), members in order; coordinates and id hold no character that JSON escapes.</summary>
    public string ToJwk() =>
        $$"""{"alg":"ES256","crv":"P-256","kid":"{{Id}}","kty":"EC","use":"sig","x":"{{Base64Url.EncodeToString(parameters.Q.X)}}","y":"{{Base64Url.EncodeToString(parameters.Q.Y)}}"}""";

    /// <summary>Whether the key's private part signed the data. Any thread may ask.</summary>
    public bool IsSigned(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        using var key = ECDsa.Create(parameters);
        return key.VerifyData(data, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    public bool Equals(OfflinePublicKey? other) => other is not null && spki.AsSpan().SequenceEqual(other.spki);

    public override bool Equals(object? obj) => Equals(obj as OfflinePublicKey);

    public override int GetHashCode() => Id.GetHashCode(StringComparison.Ordinal);
}

/// <summary>The public keys whose tokens a till takes, by id.</summary>
public sealed class OfflineKeyRing
{
    private readonly FrozenDictionary<string, OfflinePublicKey> keys;

    /// <exception cref="ArgumentException">Two keys have the same id (1 in 4 billion): make another one.</exception>
    public OfflineKeyRing(params IEnumerable<OfflinePublicKey> keys)
    {
        var byId = new Dictionary<string, OfflinePublicKey>(StringComparer.Ordinal);
        foreach (var key in keys) byId.Add(key.Id, key);
        this.keys = byId.ToFrozenDictionary(StringComparer.Ordinal);
    }

    public OfflinePublicKey? Find(string id) => keys.GetValueOrDefault(id);

    /// <summary>A JSON Web Key Set (RFC 7517), by key id.</summary>
    public string ToJwks() => $$"""{"keys":[{{string.Join(',', keys.Values.OrderBy(key => key.Id, StringComparer.Ordinal).Select(key => key.ToJwk()))}}]}""";
}
