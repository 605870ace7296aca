using System.Buffers;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Ledger.Merchants;
using NodaTime;
using Npgsql;

namespace Ledger.Postgres;

public enum ApiKeyScope
{
    /// <summary>May act for every merchant, naming it in the header <c>Ledger-Merchant</c>.</summary>
    Platform,

    /// <summary>May act for one merchant.</summary>
    Merchant,

    /// <summary>May do what one till does.</summary>
    Till,

    /// <summary>May act for the merchants that authorise the provider, naming one in the header <c>Ledger-Merchant</c>.</summary>
    Provider,
}

/// <summary>An API key as the ledger knows it: never its secret.</summary>
/// <param name="Id">Public name of the key, <c>key_</c> and 12 characters: what people revoke it by.</param>
/// <param name="Merchant">Given for the scopes merchant and till.</param>
/// <param name="Store">Given for the scope till, like <paramref name="Till"/>.</param>
/// <param name="MayImport">May record a history: state a business time in the past and have it believed.</param>
/// <param name="RevokedAt">From then on the key is refused; null while it is good.</param>
/// <param name="Provider">Given for the scope provider.</param>
public sealed record ApiKey(
    string Id, ApiKeyScope Scope, string? Merchant = null, string? Store = null, string? Till = null, bool MayImport = false, Instant? RevokedAt = null,
    string? Provider = null);

/// <summary>A key just made, with the only sight of its secret that anyone ever gets.</summary>
public sealed record NewApiKey(ApiKey Key, string Secret);

/// <summary>A request for a key: a caller makes one key at most under one request key.</summary>
/// <param name="AskedBy">Id of the key that the caller showed.</param>
public sealed record KeyRequest(string AskedBy, string RequestKey);

/// <summary>
/// The keys that callers show. A secret is <c>lk_live_</c> or <c>lk_test_</c> and 26 Crockford base-32 characters, 130 random bits: too
/// many to guess, so a plain SHA-256 of it is all that needs keeping.
/// </summary>
public sealed class ApiKeys(NpgsqlDataSource database)
{
    public const string LivePrefix = "lk_live_";
    public const string TestPrefix = "lk_test_";

    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    private const int SecretCharacters = 26;
    private const int IdCharacters = 12;

    private static readonly SearchValues<char> Characters = SearchValues.Create(Alphabet);

    /// <summary>Makes a key. The answer holds its secret, which is not kept and cannot be shown again.</summary>
    /// <param name="isTest">The secret begins with <c>lk_test_</c> instead of <c>lk_live_</c>.</param>
    /// <exception cref="ArgumentException">The scope asks for other particulars than those given.</exception>
    public async Task<NewApiKey> CreateAsync(
        ApiKeyScope scope, string? merchant, string? store, string? till, bool mayImport, bool isTest, Instant now, string? provider = null,
        CancellationToken cancellation = default)
    {
        var made = Make(scope, merchant, store, till, mayImport, isTest, provider);
        await InsertAsync(made, now, request: null, cancellation);
        return made;
    }

    /// <summary>
    /// Makes a key for a request. A repeat makes none and is refused as <see cref="KeyAlreadyMade"/>, since the secret was not kept; a request
    /// for another key under the same request key is refused as <see cref="IdempotencyKeyReused"/>. Null where the key that asks is good no more.
    /// </summary>
    /// <exception cref="ArgumentException">The scope asks for other particulars than those given.</exception>
    public async Task<Checked<NewApiKey>?> CreateAsync(
        KeyRequest request, ApiKeyScope scope, string? merchant, string? store, string? till, bool mayImport, Instant now, string? provider = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var made = Make(scope, merchant, store, till, mayImport, isTest: false, provider);
        if (await InsertAsync(made, now, request, cancellation)) return made;
        await using var command = database.CreateCommand(SqlFile.Read("api_key_requested.sql"));
        Bind(command, request.AskedBy, request.RequestKey);
        if ((await ReadAsync(command, cancellation)).SingleOrDefault() is not { } before) return null;
        if (before == made.Key with { Id = before.Id, RevokedAt = before.RevokedAt }) return new KeyAlreadyMade(before.Id);
        return new IdempotencyKeyReused();
    }

    /// <summary>The key of this secret, or null where there is none or it is revoked. What has not a secret's form costs no query.</summary>
    public async Task<ApiKey?> FindAsync(string secret, CancellationToken cancellation = default)
    {
        if (!IsWellFormed(secret)) return null;
        await using var command = database.CreateCommand(SqlFile.Read("api_key_find.sql"));
        Bind(command, Hash(secret));
        return (await ReadAsync(command, cancellation)).SingleOrDefault();
    }

    /// <summary>Of these keys, by their ids, those that are still good.</summary>
    public async Task<IReadOnlySet<string>> ConfirmAsync(string[] ids, CancellationToken cancellation = default)
    {
        await using var command = database.CreateCommand(SqlFile.Read("api_key_confirm.sql"));
        Bind(command, (object)ids);
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        var good = new HashSet<string>(StringComparer.Ordinal);
        while (await rows.ReadAsync(cancellation)) good.Add(rows.GetString(0));
        return good;
    }

    /// <summary>Revokes a key for ever; a second time changes nothing. Null where there is no key of this id.</summary>
    /// <param name="merchant">Only where the key is this merchant's; null: whosever it is.</param>
    public async Task<ApiKey?> RevokeAsync(string id, Instant now, string? merchant = null, CancellationToken cancellation = default)
    {
        await using var command = database.CreateCommand(SqlFile.Read("api_key_revoke.sql"));
        Bind(command, id, Times.Cut(now).ToDateTimeUtc(), merchant);
        return (await ReadAsync(command, cancellation)).SingleOrDefault();
    }

    /// <summary>Every key, the revoked ones too, in the order in which they were made.</summary>
    public async Task<IReadOnlyList<ApiKey>> ListAsync(CancellationToken cancellation = default)
    {
        await using var command = database.CreateCommand(SqlFile.Read("api_key_list.sql"));
        return await ReadAsync(command, cancellation);
    }

    private static NewApiKey Make(ApiKeyScope scope, string? merchant, string? store, string? till, bool mayImport, bool isTest, string? provider)
    {
        RequireParticulars(scope, merchant, store, till, provider);
        var secret = (isTest ? TestPrefix : LivePrefix) + RandomNumberGenerator.GetString(Alphabet, SecretCharacters);
        return new(new("key_" + RandomNumberGenerator.GetString(Alphabet, IdCharacters), scope, merchant, store, till, mayImport, Provider: provider), secret);
    }

    /// <summary>False where the request made a key before, or the key that asks is good no more.</summary>
    private async Task<bool> InsertAsync(NewApiKey made, Instant now, KeyRequest? request, CancellationToken cancellation)
    {
        var key = made.Key;
        await using var command = database.CreateCommand(SqlFile.Read("api_key_create.sql"));
        Bind(
            command, Hash(made.Secret), key.Id, NameOf(key.Scope), key.Merchant, key.Store, key.Till, key.MayImport, Times.Cut(now).ToDateTimeUtc(), key.Provider,
            request?.AskedBy, request?.RequestKey);
        return await command.ExecuteNonQueryAsync(cancellation) == 1;
    }

    private static bool IsWellFormed(string? secret) =>
        secret is not null && secret.Length == LivePrefix.Length + SecretCharacters
        && (secret.StartsWith(LivePrefix, StringComparison.Ordinal) || secret.StartsWith(TestPrefix, StringComparison.Ordinal))
        && !secret.AsSpan(LivePrefix.Length).ContainsAnyExcept(Characters);

    private static byte[] Hash(string secret) => SHA256.HashData(Encoding.ASCII.GetBytes(secret));

    private static void RequireParticulars(ApiKeyScope scope, string? merchant, string? store, string? till, string? provider)
    {
        var isComplete = scope switch
        {
            ApiKeyScope.Platform => (merchant, store, till, provider) is (null, null, null, null),
            ApiKeyScope.Merchant => merchant is not null && (store, till, provider) is (null, null, null),
            ApiKeyScope.Till => merchant is not null && store is not null && till is not null && provider is null,
            ApiKeyScope.Provider => (merchant, store, till) is (null, null, null) && provider is not null,
            _ => throw new UnreachableException($"{scope}"),
        };
        if (!isComplete)
        {
            throw new ArgumentException(
                "A platform key names nothing, a merchant's key its merchant, a provider's its provider, and a till's key its merchant, store and till.", nameof(scope));
        }
    }

    private static void Bind(NpgsqlCommand command, params ReadOnlySpan<object?> values)
    {
        foreach (var value in values) command.Parameters.Add(new() { Value = value ?? DBNull.Value });
    }

    private static async Task<List<ApiKey>> ReadAsync(NpgsqlCommand command, CancellationToken cancellation)
    {
        var keys = new List<ApiKey>();
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        while (await rows.ReadAsync(cancellation))
        {
            keys.Add(new(
                rows.GetString(0), ScopeOf(rows.GetString(1)), Text(rows, 2), Text(rows, 3), Text(rows, 4), rows.GetBoolean(5),
                rows.IsDBNull(6) ? null : Instant.FromDateTimeUtc(rows.GetDateTime(6)), Text(rows, 7)));
        }

        return keys;
    }

    private static string? Text(NpgsqlDataReader rows, int column) => rows.IsDBNull(column) ? null : rows.GetString(column);

    private static string NameOf(ApiKeyScope scope) => scope switch
    {
        ApiKeyScope.Platform => "platform",
        ApiKeyScope.Merchant => "merchant",
        ApiKeyScope.Till => "till",
        ApiKeyScope.Provider => "provider",
        _ => throw new UnreachableException($"{scope}"),
    };

    private static ApiKeyScope ScopeOf(string name) => name switch
    {
        "platform" => ApiKeyScope.Platform,
        "merchant" => ApiKeyScope.Merchant,
        "till" => ApiKeyScope.Till,
        "provider" => ApiKeyScope.Provider,
        _ => throw new UnreachableException(name),
    };
}
