using Ledger.Tests.Schema;
using Xunit;

namespace Ledger.Tests.Cli;

public sealed class UsageTests
{
    [Theory]
    [InlineData]
    [InlineData("nonsense")]
    [InlineData("db")]
    [InlineData("db", "apply", "--nonsense")]
    [InlineData("db", "apply", "--database", "nonsense=1")]
    [InlineData("keys", "create")]
    [InlineData("keys", "create", "--scope", "king")]
    [InlineData("keys", "create", "--scope", "till", "--merchant", "m-1", "--dry-run")]
    [InlineData("keys", "create", "--scope", "merchant", "--merchant", "a:b", "--dry-run")]
    [InlineData("keys", "create", "--scope", "merchant", "--merchant", "tea\n", "--dry-run")]
    [InlineData("keys", "revoke")]
    [InlineData("projections", "rebuild")]
    [InlineData("projections", "rebuild", "nonsense")]
    [InlineData("projections", "rebuild", "store_days", "--all")]
    [InlineData("audit")]
    [InlineData("import", "koubei")]
    [InlineData("import", "koubei", "/nowhere")]
    public async Task What_cannot_mean_anything_ends_with_2_and_one_sentence(params string[] args)
    {
        var run = await Invocation.RunAsync(args);
        Assert.Equal((2, ""), (run.Code, run.Out));
        Assert.Single(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Without_a_key_an_import_is_used_wrongly()
    {
        var run = await Invocation.RunAsync(["import", "complete-journey", Path.Combine(Repository.Root, "samples", "journey")]);
        Assert.Equal(2, run.Code);
        Assert.Contains("LEDGER_KEY", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("--version")]
    [InlineData("keys", "create", "--help")]
    public async Task Asking_for_help_is_fine(params string[] args)
    {
        var run = await Invocation.RunAsync(args);
        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.True(run.Out.Length > 0);
    }

    [Theory]
    [InlineData("postgres://u:secret@h/db?sslmode=require")]
    [InlineData("Host=h;Port=secret")]
    [InlineData("secret")]
    public async Task A_connection_string_is_never_repeated(string text)
    {
        var run = await Invocation.RunAsync(["db", "assert", "--database", text]);
        Assert.Equal((2, false), (run.Code, run.Error.Contains("secret", StringComparison.Ordinal)));
        Assert.Contains("--database or LEDGER_DATABASE", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_does_not_answer_is_told_without_a_stack()
    {
        var run = await Invocation.RunAsync(["db", "assert", "--database", "Host=127.0.0.1;Port=1;Database=x;Username=x"]);
        Assert.Equal(1, run.Code);
        Assert.Contains("name another with --database", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_is_brought_up_to_date_and_given_keys()
    {
        await using var database = await SchemaDatabase.CreateAsync();
        Task<Invocation> Run(params string[] args) => Invocation.RunAsync([.. args, "--database", database.ConnectionString]);

        var early = await Run("keys", "list");
        Assert.Equal((1, true), (early.Code, early.Error.Contains("ledger db apply", StringComparison.Ordinal)));
        Assert.Equal(1, (await Run("db", "assert")).Code);
        Assert.Contains("001_book", (await Run("db", "apply", "--dry-run")).Out, StringComparison.Ordinal);
        Assert.Equal(1, (await Run("db", "assert")).Code);
        Assert.Contains("001_book", (await Run("db", "apply")).Out, StringComparison.Ordinal);
        Assert.Equal((0, "[]\n"), (await Run("db", "assert", "--json")) is var asserted ? (asserted.Code, asserted.Out) : default);
        Assert.Contains("table books", (await Run("db", "describe")).Out, StringComparison.Ordinal);

        Assert.Contains("up to date", (await Run("db", "apply")).Error, StringComparison.Ordinal);
        await database.ExecuteAsync("insert into ledger.migrations (id, sha256, applied_at) values ('999_later', '\\x00', now())");
        foreach (var newer in new[] { await Run("db", "apply"), await Run("db", "apply", "--dry-run") })
            Assert.Equal((1, true), (newer.Code, newer.Error.Contains("newer than this program", StringComparison.Ordinal)));
        await database.ExecuteAsync("delete from ledger.migrations where id = '999_later'");

        var made = await Run("keys", "create", "--scope", "platform", "--may-import");
        var (id, secret) = made.Out.Split('\n')[1].Split("  ") is [var a, var b] ? (a, b) : default;
        Assert.StartsWith("lk_live_", secret, StringComparison.Ordinal);
        var listed = await Run("keys", "list", "--json");
        Assert.Equal($$"""[{"id":"{{id}}","scope":"platform","mayImport":true}]""" + "\n", listed.Out);
        Assert.Equal(0, (await Run("keys", "revoke", id, "--dry-run")).Code);
        string[] revoke = ["keys", "revoke", id, "--database", database.ConnectionString];
        Assert.Equal(1, (await Invocation.RunAsync(revoke, person: new StringReader("n\n"))).Code);
        using (var stop = new CancellationTokenSource())
        using (var person = new Person(stop))
        {
            var stopped = await Invocation.RunAsync(revoke, person: person, cancellation: stop.Token).WaitAsync(TimeSpan.FromSeconds(60));
            Assert.Equal((1, true), (stopped.Code, stopped.Error.Contains($"Revoke {id} for ever? [y/N] ", StringComparison.Ordinal)));
        }

        Assert.DoesNotContain("revokedAt", (await Run("keys", "list", "--json")).Out, StringComparison.Ordinal);
        Assert.Equal(0, (await Invocation.RunAsync(revoke, person: new StringReader("y\n"))).Code);
        Assert.Contains("revokedAt", (await Run("keys", "list", "--json")).Out, StringComparison.Ordinal);
        Assert.Equal(1, (await Run("keys", "revoke", "key_none")).Code);
    }

    [Fact]
    public async Task Read_models_are_rebuilt_and_books_are_checked()
    {
        await using var database = await SchemaDatabase.CreateAsync();
        Task<Invocation> Run(params string[] args) => Invocation.RunAsync([.. args, "--database", database.ConnectionString]);

        await Run("db", "apply");
        Assert.Contains("store_days", (await Run("projections", "status")).Out, StringComparison.Ordinal);
        Assert.Equal((0, "would rebuild\nstore_days\n"), await Run("projections", "rebuild", "store_days", "--dry-run") is var dry ? (dry.Code, dry.Out) : default);
        Assert.Equal(0, (await Run("projections", "rebuild", "--all")).Code);
        Assert.Equal(0, (await Run("db", "assert")).Code);
        Assert.Equal(0, (await Run("audit", "verify")).Code);

        await database.ExecuteAsync("insert into ledger.books values ('m-1', 1, '\\x00')");
        var audit = await Run("audit", "verify", "--book", "m-1");
        Assert.Equal((1, true), (audit.Code, audit.Error.Contains("m-1", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_book_that_is_not_there_does_not_agree()
    {
        await using var database = await SchemaDatabase.CreateAsync();
        Task<Invocation> Run(params string[] args) => Invocation.RunAsync([.. args, "--database", database.ConnectionString]);

        await Run("db", "apply");
        var unknown = await Run("audit", "verify", "--book", "m-1");
        Assert.Equal((2, "", true), (unknown.Code, unknown.Out, unknown.Error.Contains("There is no book m-1: name another.", StringComparison.Ordinal)));
        Assert.DoesNotContain("agrees", unknown.Error, StringComparison.Ordinal);

        // Rows without a book are a finding, asked by its name as well.
        await database.ExecuteAsync("insert into ledger.tallies values ('m-1', 'issued', 1)");
        var rows = await Run("audit", "verify", "--book", "m-1");
        Assert.Equal((1, true), (rows.Code, rows.Error.Contains("Table tallies has rows of m-1", StringComparison.Ordinal)));
    }

    /// <summary>Somebody who is asked a question, and presses Ctrl-C instead of answering it.</summary>
    private sealed class Person(CancellationTokenSource stop) : TextReader
    {
        private readonly ManualResetEventSlim gone = new();

        public override string? ReadLine()
        {
            stop.Cancel();
            gone.Wait();
            return null;
        }

        protected override void Dispose(bool disposing)
        {
            gone.Set();
            base.Dispose(disposing);
        }
    }
}
