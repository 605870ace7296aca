using System.CommandLine;
using Ledger.Merchants;
using Ledger.Postgres;
using Ledger.Providers;
using NodaTime;

namespace Ledger.Cli.Commands;

/// <summary><c>ledger keys</c>: makes, revokes and lists API keys.</summary>
internal static class KeysCommand
{
    private static readonly string[] Headers = ["id", "scope", "merchant", "store", "till", "may import", "revoked at", "provider"];

    public static Command Create(Globals globals) => new("keys", "Make, revoke and list API keys.")
    {
        Make(globals),
        Revoke(globals),
        List(globals),
    };

    private static Command Make(Globals globals)
    {
        var scope = new Option<string>("--scope") { Description = "platform, provider, merchant or till.", Required = true };
        scope.AcceptOnlyFromAmong("platform", "provider", "merchant", "till");
        var merchant = new Option<string?>("--merchant") { Description = "The merchant of the scopes merchant and till." };
        var store = new Option<string?>("--store") { Description = "The store of the scope till." };
        var till = new Option<string?>("--till") { Description = "The till of the scope till." };
        var provider = new Option<string?>("--provider") { Description = "The provider of the scope provider." };
        var mayImport = new Option<bool>("--may-import") { Description = "May record a history: its business times are believed." };
        var test = new Option<bool>("--test") { Description = $"Begin the secret with {ApiKeys.TestPrefix} instead of {ApiKeys.LivePrefix}." };
        var dryRun = Globals.DryRun();
        var command = new Command("create", "Make a key; its secret is shown this once.") { scope, merchant, store, till, provider, mayImport, test, dryRun };
        command.SetAction(async (parse, cancellation) =>
        {
            var wanted = new ApiKey(
                "-", Enum.Parse<ApiKeyScope>(parse.GetRequiredValue(scope), ignoreCase: true), parse.GetValue(merchant), parse.GetValue(store),
                parse.GetValue(till), parse.GetValue(mayImport), Provider: parse.GetValue(provider));
            RequireParticulars(wanted);
            var terminal = globals.Terminal(parse);
            if (parse.GetValue(dryRun))
            {
                terminal.Data(wanted, Headers, [Row(wanted)]);
                return ExitCode.Fine;
            }

            await using var database = await globals.OpenAsync(parse, cancellation);
            var missing = await MissingAsync(new BookQueries(database.Source), wanted, cancellation);
            var made = await new ApiKeys(database.Source).CreateAsync(
                wanted.Scope, wanted.Merchant, wanted.Store, wanted.Till, wanted.MayImport, parse.GetValue(test), Now(), wanted.Provider, cancellation);
            terminal.Data(new { made.Key.Id, made.Key.Scope, made.Secret }, ["id", "secret"], [[made.Key.Id, made.Secret]]);
            terminal.Note("Keep the secret now: only its hash is stored, so nobody can show it again.");
            if (missing is not null) terminal.Note($"There is no {missing} yet: the key is refused until there is; should the name be wrong, revoke it.");
            return ExitCode.Fine;
        });
        return command;
    }

    private static Command Revoke(Globals globals)
    {
        var id = new Argument<string>("id") { Description = "The key's id, as `ledger keys list` shows it." };
        var dryRun = Globals.DryRun();
        var command = new Command("revoke", "Revoke a key for ever.") { id, dryRun };
        command.SetAction(async (parse, cancellation) =>
        {
            await using var database = await globals.OpenAsync(parse, cancellation);
            var (terminal, keys, name) = (globals.Terminal(parse), new ApiKeys(database.Source), parse.GetRequiredValue(id));
            var key = (await keys.ListAsync(cancellation)).FirstOrDefault(key => key.Id == name)
                ?? throw new CliException($"There is no key {name}: look its id up with `ledger keys list`.");
            if (!parse.GetValue(dryRun))
            {
                if (!await terminal.AgreesAsync($"Revoke {name} for ever?", cancellation)) throw new CliException("Nothing was revoked: answer y to revoke the key.");
                key = await keys.RevokeAsync(name, Now(), cancellation: cancellation) ?? key;
            }

            terminal.Data(key, Headers, [Row(key)]);
            return ExitCode.Fine;
        });
        return command;
    }

    private static Command List(Globals globals)
    {
        var command = new Command("list", "List every key, the revoked ones too; never a secret.");
        command.SetAction(async (parse, cancellation) =>
        {
            await using var database = await globals.OpenAsync(parse, cancellation);
            var keys = await new ApiKeys(database.Source).ListAsync(cancellation);
            globals.Terminal(parse).Data(keys, Headers, keys.Select(Row));
            return ExitCode.Fine;
        });
        return command;
    }

    private static IReadOnlyList<object?> Row(ApiKey key) => [key.Id, Lower(key.Scope), key.Merchant, key.Store, key.Till, key.MayImport, key.RevokedAt, key.Provider];

    private static string Lower(ApiKeyScope scope) => scope switch
    {
        ApiKeyScope.Platform => "platform",
        ApiKeyScope.Merchant => "merchant",
        ApiKeyScope.Provider => "provider",
        _ => "till",
    };

    private static void RequireParticulars(ApiKey key)
    {
        var fault = (key.Scope, key.Merchant, key.Store, key.Till) switch
        {
            (ApiKeyScope.Provider, null, null, null) when key.Provider is not null => null,
            (ApiKeyScope.Provider, _, _, _) => "A provider's key needs --provider and none of --merchant, --store and --till.",
            _ when key.Provider is not null => "Only a key of scope provider takes --provider.",
            (ApiKeyScope.Platform, null, null, null) => null,
            (ApiKeyScope.Platform, _, _, _) => "A platform key belongs to no merchant: leave out --merchant, --store and --till.",
            (ApiKeyScope.Merchant, not null, null, null) => null,
            (ApiKeyScope.Merchant, _, _, _) => "A merchant's key needs --merchant and neither --store nor --till.",
            (ApiKeyScope.Till, not null, not null, not null) => null,
            _ => "A till's key needs --merchant, --store and --till.",
        };
        if (fault is not null) throw CliException.Usage(fault);
        string?[] ids = [key.Merchant, key.Store, key.Till, key.Provider];
        foreach (var id in ids)
        {
            if (id is not null && !Ids.IsOne(id)) throw CliException.Usage($"\"{id.ReplaceLineEndings(" ")}\" is no id: use 1 to 64 letters, digits, '_', '.', '@' or '-', beginning with a letter or digit.");
        }
    }

    /// <summary>What the key is for and is not there; null: all of it is. Keys may be made first.</summary>
    private static async Task<string?> MissingAsync(BookQueries books, ApiKey key, CancellationToken cancellation)
    {
        if (key.Provider is { } provider) return (await books.StateAsync(provider, ProviderStream.Stream, cancellation)).Name is null ? $"provider {provider}" : null;
        if (key.Merchant is null) return null;
        return await books.StateAsync(key.Merchant, MerchantStream.Stream, cancellation) switch
        {
            { IsRegistered: false } => $"merchant {key.Merchant}",
            var merchant when key.Till is not null && !merchant.HasTill(key.Store!, key.Till) => $"till {key.Till} in store {key.Store} of merchant {key.Merchant}",
            _ => null,
        };
    }

    private static Instant Now() => SystemClock.Instance.GetCurrentInstant();
}
