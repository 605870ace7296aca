using System.Security.Cryptography;
using System.Text;

namespace Ledger;

/// <summary>
/// Names a person in the counters of limits without saying who it is: the first 128 bits of HMAC-SHA-256, under a secret of the merchant,
/// of the kind of identity and the identity, as 32 hexadecimal digits in lower case.
/// </summary>
/// <remarks>
/// <para>The kind is part of what is hashed, so a member's id that reads like a phone number is not that phone: keys of different kinds never
/// share a counter. The same person has other keys at another merchant. Without the secret nobody can try all phone numbers; erasing it
/// makes every key of the merchant meaningless, while the sums stay.</para>
/// <para>With 10^12 keys of one merchant, two are the same by chance with less than 2 in 10^15.</para>
/// </remarks>
public static class LimitKeys
{
    /// <summary>The least length of the secret in bytes: that of the hash.</summary>
    public const int MinSecretBytes = 32;

    /// <summary>Characters of a key.</summary>
    public const int Length = 32;

    /// <param name="member">The merchant's own id of the member; case counts.</param>
    /// <exception cref="ArgumentException">The secret is too short, or the id is empty; so with the others.</exception>
    public static string OfMember(ReadOnlySpan<byte> secret, string member) => Of(secret, "member", member);

    public static string OfPerson(ReadOnlySpan<byte> secret, PersonNumber number) => Of(secret, "person", number.Value);

    public static string OfPhone(ReadOnlySpan<byte> secret, PhoneNumber number) => Of(secret, "phone", number.Value);

    /// <param name="account">The account with the platform, whose word it is.</param>
    public static string OfAccount(ReadOnlySpan<byte> secret, string account) => Of(secret, "account", account);

    /// <param name="pass">The number of a visitor's pass: no form is assumed.</param>
    public static string OfVisitorPass(ReadOnlySpan<byte> secret, string pass) => Of(secret, "visitor-pass", pass);

    // No kind holds U+0000, so kind and identity are told apart wherever the identity begins.
    private static string Of(ReadOnlySpan<byte> secret, string kind, string identity)
    {
        if (secret.Length < MinSecretBytes) throw new ArgumentException($"A secret has at least {MinSecretBytes} bytes, not {secret.Length}.", nameof(secret));
        ArgumentException.ThrowIfNullOrEmpty(identity);
        return Convert.ToHexStringLower(HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes($"{kind}\0{identity}")).AsSpan(0, Length / 2));
    }
}
