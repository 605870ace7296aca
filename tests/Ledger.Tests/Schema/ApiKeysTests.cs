using Ledger.Merchants;
using Ledger.Postgres;
using NodaTime;
using Npgsql;
using Xunit;

namespace Ledger.Tests.Schema;

public sealed class ApiKeysTests : IAsyncLifetime
{
    private static readonly Instant Now = Instant.FromUtc(2026, 2, 17, 8, 0);

    private SchemaDatabase database = null!;

    private ApiKeys Keys => new(database.Source);

    public async Task InitializeAsync()
    {
        database = await SchemaDatabase.CreateAsync();
        await new Migrations(database.Source).ApplyAsync();
    }

    public async Task DisposeAsync() => await database.DisposeAsync();

    [Theory]
    [InlineData(ApiKeyScope.Platform, null, null, null, true)]
    [InlineData(ApiKeyScope.Merchant, "m-1", null, null, false)]
    [InlineData(ApiKeyScope.Till, "m-1", "s-1", "t-1", false)]
    public async Task A_key_is_found_by_its_secret(ApiKeyScope scope, string? merchant, string? store, string? till, bool mayImport)
    {
        var made = await Keys.CreateAsync(scope, merchant, store, till, mayImport, isTest: false, Now);
        Assert.Matches("^lk_live_[0-9a-hjkmnp-tv-z]{26}$", made.Secret);
        Assert.Matches("^key_[0-9a-hjkmnp-tv-z]{12}$", made.Key.Id);
        Assert.Equal(new ApiKey(made.Key.Id, scope, merchant, store, till, mayImport), await Keys.FindAsync(made.Secret));
    }

    [Theory]
    [InlineData("")]
    [InlineData("lk_live_")]
    [InlineData("lk_live_0123456789abcdefghjkmnpqru")]
    [InlineData("lk_live_0123456789abcdefghjkmnpqr")]
    [InlineData("lk_prod_0123456789abcdefghjkmnpqrs")]
    [InlineData("lk_test_0123456789abcdefghjkmnpqrs")]
    public async Task Other_secrets_find_nothing(string secret)
    {
        await Keys.CreateAsync(ApiKeyScope.Platform, null, null, null, mayImport: false, isTest: true, Now);
        Assert.Null(await Keys.FindAsync(secret));
    }

    [Fact]
    public async Task A_revoked_key_is_found_no_more_and_stays_in_the_list()
    {
        var made = await Keys.CreateAsync(ApiKeyScope.Platform, null, null, null, mayImport: false, isTest: true, Now);
        Assert.StartsWith(ApiKeys.TestPrefix, made.Secret, StringComparison.Ordinal);
        Assert.Equal(Now, (await Keys.RevokeAsync(made.Key.Id, Now))?.RevokedAt);
        Assert.Equal(Now, (await Keys.RevokeAsync(made.Key.Id, Now + Duration.FromDays(1)))?.RevokedAt);
        Assert.Null(await Keys.FindAsync(made.Secret));
        Assert.Equal([made.Key with { RevokedAt = Now }], await Keys.ListAsync());
        Assert.Null(await Keys.RevokeAsync("key_none", Now));
    }

    [Theory]
    [InlineData(ApiKeyScope.Platform, "m-1", null, null)]
    [InlineData(ApiKeyScope.Merchant, null, null, null)]
    [InlineData(ApiKeyScope.Merchant, "m-1", "s-1", null)]
    [InlineData(ApiKeyScope.Till, "m-1", "s-1", null)]
    [InlineData(ApiKeyScope.Provider, null, null, null)]
    public async Task A_scope_asks_for_its_own_particulars(ApiKeyScope scope, string? merchant, string? store, string? till) =>
        await Assert.ThrowsAsync<ArgumentException>(() => Keys.CreateAsync(scope, merchant, store, till, mayImport: false, isTest: false, Now));

    [Fact]
    public async Task A_request_makes_one_key_and_a_repeat_is_told_which()
    {
        var asker = await AskerAsync();
        var made = Made(await AskAsync(asker, "request-1"));
        Assert.Equal(new KeyAlreadyMade(made.Id), Refusal(await AskAsync(asker, "request-1")));
        Assert.Equal(new IdempotencyKeyReused(), Refusal(await AskAsync(asker, "request-1", merchant: "m-2")));
        Assert.Equal([made], await MadeByAsync(asker));

        await Keys.RevokeAsync(made.Id, Now);
        Assert.Equal(new KeyAlreadyMade(made.Id), Refusal(await AskAsync(asker, "request-1")));
        Assert.Equal([made with { RevokedAt = Now }], await MadeByAsync(asker));
    }

    [Fact]
    public async Task Another_caller_or_request_key_is_another_request_and_keys_without_a_request_never_meet()
    {
        var (a, b) = (await AskerAsync(), await AskerAsync());
        List<string> ids = [a, b, Made(await AskAsync(a, "request-1")).Id, Made(await AskAsync(b, "request-1")).Id, Made(await AskAsync(a, "request-2")).Id];
        Assert.Distinct(ids, StringComparer.Ordinal);
        Assert.Equal(ids.Order(StringComparer.Ordinal), (await Keys.ListAsync()).Select(key => key.Id).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Equal_requests_at_the_same_moment_make_one_key()
    {
        var asker = await AskerAsync();
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => AskAsync(asker, "request-1"))));
        var made = Made(Assert.Single(outcomes, outcome => outcome is Checked<NewApiKey>.Passed));
        Assert.All(outcomes.OfType<Checked<NewApiKey>.Refused>(), refused => Assert.Equal(new KeyAlreadyMade(made.Id), refused.Reason));
        Assert.Equal([made], await MadeByAsync(asker));
    }

    [Fact]
    public async Task A_revoked_key_makes_none_and_its_repeats_still_find_theirs()
    {
        var asker = await AskerAsync();
        var made = Made(await AskAsync(asker, "request-1"));
        await Keys.RevokeAsync(asker, Now);
        Assert.Null(await AskAsync(asker, "request-2"));
        Assert.Null(await AskAsync("key_none", "request-2"));
        Assert.Equal(new KeyAlreadyMade(made.Id), Refusal(await AskAsync(asker, "request-1")));
        Assert.Equal([made], await MadeByAsync(asker));
    }

    [Fact]
    public async Task A_key_that_is_being_revoked_is_waited_for_and_makes_none()
    {
        var asker = await AskerAsync();
        await using var revoking = await database.Source.OpenConnectionAsync();
        await using var transaction = await revoking.BeginTransactionAsync();
        await using (var revoke = new NpgsqlCommand($"update ledger.api_keys set revoked_at = now() where id = '{asker}'", revoking, transaction)) await revoke.ExecuteNonQueryAsync();
        var asking = AskAsync(asker, "request-1");
        await using (var waiting = database.Source.CreateCommand("select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')"))
        {
            while (await waiting.ExecuteScalarAsync() is not true)
            {
                Assert.False(asking.IsCompleted);
                await Task.Delay(5);
            }
        }

        await transaction.CommitAsync();
        Assert.Null(await asking);
        Assert.Empty(await MadeByAsync(asker));
    }

    [Fact]
    public async Task Only_the_hash_of_a_secret_is_kept()
    {
        var made = await Keys.CreateAsync(ApiKeyScope.Platform, null, null, null, mayImport: false, isTest: false, Now);
        await using var command = database.Source.CreateCommand("select t::text from ledger.api_keys t");
        var row = Assert.IsType<string>(await command.ExecuteScalarAsync());
        Assert.DoesNotContain(made.Secret[8..], row, StringComparison.Ordinal);
        Assert.Contains(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(made.Secret))), row, StringComparison.Ordinal);
    }

    private static ApiKey Made(Checked<NewApiKey>? outcome) => Assert.IsType<Checked<NewApiKey>.Passed>(outcome).Value.Key;

    private static Rejection Refusal(Checked<NewApiKey>? outcome) => Assert.IsType<Checked<NewApiKey>.Refused>(outcome).Reason;

    private async Task<string> AskerAsync() =>
        (await Keys.CreateAsync(ApiKeyScope.Merchant, "m-1", null, null, mayImport: false, isTest: false, Now)).Key.Id;

    private async Task<IEnumerable<ApiKey>> MadeByAsync(string asker) => (await Keys.ListAsync()).Where(key => key.Id != asker);

    private Task<Checked<NewApiKey>?> AskAsync(string askedBy, string requestKey, string merchant = "m-1") =>
        Keys.CreateAsync(new KeyRequest(askedBy, requestKey), ApiKeyScope.Merchant, merchant, null, null, mayImport: false, Now);
}
