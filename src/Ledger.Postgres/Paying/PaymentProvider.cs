using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ledger.Transfers;
using NodaTime;

namespace Ledger.Postgres.Paying;

/// <summary>Where the payment provider is, and the secret that it shares with the ledger.</summary>
/// <param name="Url">Scheme, host and port; its path is not used.</param>
/// <param name="Key">At least <see cref="LeastKey"/> characters; in no answer, log or entry.</param>
/// <param name="Timeout">How long one answer is waited for.</param>
public sealed record ProviderOptions(Uri Url, string Key, TimeSpan Timeout)
{
    public const int LeastKey = 32;

    public override string ToString() => Url.ToString();
}

/// <summary>What the provider's answer means.</summary>
public enum ProviderVerdict
{
    Yes,
    No,

    /// <summary>It is at it, or there was no answer: nobody knows by now.</summary>
    Pending,

    /// <summary>The provider never saw the number.</summary>
    NumberUnknown,

    /// <summary>The number stands for another content there: repeating resolves nothing.</summary>
    Differs,
}

/// <param name="Said">The provider's reference or reason, or why there was no answer.</param>
public sealed record ProviderAnswer(ProviderVerdict Verdict, string Said)
{
    /// <summary>What it says of a transfer.</summary>
    public TransferCommand On(string number, int attempt, Instant now) => Verdict switch
    {
        ProviderVerdict.Yes => new TransferCommand.NoteSuccess(number, Said, now),
        ProviderVerdict.No => new TransferCommand.NoteFailure(number, Said, now),
        _ => new TransferCommand.NotePending(number, attempt, Said, Verdict == ProviderVerdict.Differs, now),
    };
}

/// <summary>What the provider says of a transfer, in an answer as in a callback.</summary>
/// <param name="Status">Y, N or P.</param>
public sealed record ProviderWord(string Number, string Status, long? Amount = null, string? Reference = null, string? Reason = null)
{
    public ProviderAnswer Meaning(string number, long? amount) => this switch
    {
        _ when Number != number || (amount is not null && Amount != amount) => new(ProviderVerdict.Differs, "ANSWER_DIFFERS"),
        { Status: "Y", Reference.Length: > 0 } => new(ProviderVerdict.Yes, Clean(Reference)),
        { Status: "N" } => new(ProviderVerdict.No, Clean(Reason ?? "REFUSED")),
        { Status: "P" } => new(ProviderVerdict.Pending, Clean(Reason ?? "PROVIDER_PENDING")),
        _ => new(ProviderVerdict.Pending, "UNREADABLE"),
    };

    /// <summary>What goes into the book for ever: printable ASCII of a bounded length.</summary>
    private static string Clean(string text) =>
        string.Concat(text.Take(Limits.MaxName).Select(letter => letter is >= ' ' and <= '~' ? letter : '?'));
}

/// <summary>
/// Speaks to the payment provider. Every request names its merchant and its number and is safe to repeat; its path and body are signed (HMAC-SHA-256).
/// No answer is an answer too: it never throws for what the network or the provider do.
/// </summary>
public sealed class PaymentProvider : IDisposable
{
    public const string SignatureHeader = "Ledger-Signature";

    private const int MostBytes = 64 * 1024;

    private readonly ProviderOptions? options;
    private readonly byte[] key;
    private readonly HttpClient http;

    /// <param name="options">Null: none is configured, and nobody may be asked.</param>
    public PaymentProvider(ProviderOptions? options)
    {
        (this.options, key) = (options, Encoding.UTF8.GetBytes(options?.Key ?? ""));
        http = new(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(2) }, disposeHandler: true)
        {
            Timeout = options?.Timeout ?? TimeSpan.FromSeconds(5),
            MaxResponseContentBufferSize = MostBytes,
        };
    }

    public bool IsConfigured => options is not null;

    /// <summary>Hexadecimal HMAC-SHA-256 of the path, a line feed and the body.</summary>
    public static string Sign(byte[] key, string path, ReadOnlySpan<byte> body)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        hash.AppendData(Encoding.UTF8.GetBytes(path + "\n"));
        hash.AppendData(body);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Whether the provider signed this.</summary>
    public bool IsSigned(string path, ReadOnlySpan<byte> body, string? signature) => IsConfigured && CryptographicOperations.FixedTimeEquals(
        Encoding.UTF8.GetBytes(Sign(key, path, body)), Encoding.UTF8.GetBytes(signature ?? ""));

    /// <summary>Whether the provider admits the account: yes with a reference, or no; never a score.</summary>
    public Task<ProviderAnswer> ConsultAsync(string merchant, string number, string account, CancellationToken cancellation) =>
        AskAsync("/v1/admissions", number, null, new { merchant, number, account }, cancellation);

    /// <summary>Signs an agreement with the account's holder; the reference is the agreement's.</summary>
    public Task<ProviderAnswer> SignAsync(string merchant, string number, string account, CancellationToken cancellation) =>
        AskAsync("/v1/agreements", number, null, new { merchant, number, account }, cancellation);

    /// <summary>Brings a transfer further: what may have been sent is asked about, and sent under its one number if the provider never saw it.</summary>
    public async Task<ProviderAnswer> CarryOutAsync(string merchant, Transfer transfer, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(transfer);
        if (transfer.State == TransferState.Ordered) return await SendAsync(merchant, transfer.Order!, cancellation);
        var answer = await QueryAsync(merchant, transfer.Order!, cancellation);
        return answer.Verdict == ProviderVerdict.NumberUnknown ? await SendAsync(merchant, transfer.Order!, cancellation) : answer;
    }

    public Task<ProviderAnswer> SendAsync(string merchant, TransferOrder order, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(order);
        var body = new { merchant, order.Number, order.Kind, order.Amount, order.Account, order.Of, order.Agreement };
        return AskAsync("/v1/transfers", order.Number, order.Amount, body, cancellation);
    }

    public Task<ProviderAnswer> QueryAsync(string merchant, TransferOrder order, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(order);
        return AskAsync("/v1/transfers/query", order.Number, order.Amount, new { merchant, order.Number }, cancellation);
    }

    public void Dispose() => http.Dispose();

    private async Task<ProviderAnswer> AskAsync(string path, string number, long? amount, object body, CancellationToken cancellation)
    {
        if (options is null) throw new InvalidOperationException("No payment provider is configured.");
        var bytes = JsonSerializer.SerializeToUtf8Bytes(body, body.GetType(), LedgerJson.Answers);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(options.Url, path));
        request.Content = new ByteArrayContent(bytes);
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.Add(SignatureHeader, Sign(key, path, bytes));
        try
        {
            using var response = await http.SendAsync(request, cancellation);
            if (response.StatusCode == HttpStatusCode.NotFound) return new(ProviderVerdict.NumberUnknown, "NOT_FOUND");
            if (response.StatusCode == HttpStatusCode.Conflict) return new(ProviderVerdict.Differs, "CONTENT_DIFFERS");
            if (response.StatusCode != HttpStatusCode.OK) return new(ProviderVerdict.Pending, string.Create(CultureInfo.InvariantCulture, $"HTTP_{(int)response.StatusCode}"));
            var word = JsonSerializer.Deserialize<ProviderWord>(await response.Content.ReadAsByteArrayAsync(cancellation), LedgerJson.Answers);
            return word?.Meaning(number, amount) ?? new(ProviderVerdict.Pending, "UNREADABLE");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new(ProviderVerdict.Pending, "TIMEOUT");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return new(ProviderVerdict.Pending, "UNREACHABLE");
        }
        catch (JsonException)
        {
            return new(ProviderVerdict.Pending, "UNREADABLE");
        }
    }
}
