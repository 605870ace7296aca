using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Ledger.Postgres;

namespace Ledger.Api;

/// <summary>
/// Who counts in limits per natural person and per phone, as keys under the merchant's secret. Numbers end here: they are neither stored
/// nor logged nor answered, not even in a request's fingerprint.
/// </summary>
/// <param name="Body">The request's body with the keys in the place of the numbers.</param>
public sealed record LimitIdentity(string? PersonKey, string? PhoneKey, ReadOnlyMemory<byte> Body)
{
    internal const string Secret = "limits";

    /// <summary>The keys of whom the body names; null after faults were added.</summary>
    public static async ValueTask<LimitIdentity?> OfAsync(Call call, IssueBody body, ReadOnlyMemory<byte> raw, Faults faults)
    {
        ArgumentNullException.ThrowIfNull(call);
        ArgumentNullException.ThrowIfNull(body);
        ArgumentNullException.ThrowIfNull(faults);
        if (SurfaceBody.Contradicts(body.Surface, faults)) return null;
        if (body is { Person: null, Phone: null }) return new(null, null, raw);

        var (person, phone, before) = (default(PersonNumber), default(PhoneNumber), faults.Count);
        if (body.Person is not null && PersonNumber.Check(body.Person, out person) != PersonNumberFault.None)
            faults.Add("/person", "Send the 18 characters of a citizen identification number, the last of them its check character.");
        if (body.Phone is not null && PhoneNumber.Check(body.Phone, out phone) != PhoneNumberFault.None)
            faults.Add("/phone", "Send a mobile number of mainland China, or one with its country code after a plus.");
        if (faults.Count > before) return null;

        var secret = await call.Http.RequestServices.GetRequiredService<Secrets>()
            .OfAsync(call.Merchant, Secret, () => RandomNumberGenerator.GetBytes(LimitKeys.MinSecretBytes), call.Aborted);
        var said = (JsonObject)JsonNode.Parse(raw.Span)!;
        var personKey = body.Person is null ? null : LimitKeys.OfPerson(secret, person);
        var phoneKey = body.Phone is null ? null : LimitKeys.OfPhone(secret, phone);
        if (personKey is not null) said["person"] = personKey;
        if (phoneKey is not null) said["phone"] = phoneKey;
        return new(personKey, phoneKey, System.Text.Encoding.UTF8.GetBytes(said.ToJsonString()));
    }
}
