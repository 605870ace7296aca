using Ledger.Postgres;
using Ledger.Postgres.Readers;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Ledger.Tests.Readers;

/// <summary>Hints between instances.</summary>
public sealed class BookNotificationsTests
{
    [Fact]
    public async Task A_book_that_changed_here_is_heard_there_and_does_not_echo()
    {
        await using var database = (await ReadersDatabase.CreateAsync()).Connect();
        var (here, there) = (new BookHints(), new BookHints());
        using var one = new BookNotifications(database, here, NullLogger<BookNotifications>.Instance);
        using var other = new BookNotifications(database, there, NullLogger<BookNotifications>.Instance);
        using var heardHere = here.Listen();
        using var heardThere = there.Listen();
        await one.StartAsync(CancellationToken.None);
        await other.StartAsync(CancellationToken.None);

        // Both begin with a look everywhere, once they listen.
        Assert.True(await heardHere.WaitAsync(TimeSpan.FromSeconds(10), CancellationToken.None));
        Assert.True(await heardThere.WaitAsync(TimeSpan.FromSeconds(10), CancellationToken.None));
        Assert.Equal([BookHints.Everywhere], heardHere.Take());
        Assert.Equal([BookHints.Everywhere], heardThere.Take());

        here.Changed("m1", "coupon_redeemed");
        here.Changed("m2", "coupon_redeemed");
        var heard = new List<string>();
        await ReaderTesting.UntilAsync(async () =>
        {
            await heardThere.WaitAsync(TimeSpan.FromMilliseconds(10), CancellationToken.None);
            heard.AddRange(heardThere.Take());
            return heard.Count == 2;
        });
        Assert.Equal("m1 m2", string.Join(' ', heard.Order(StringComparer.Ordinal)));
        Assert.Equal("m1 m2", string.Join(' ', heardHere.Take().Order(StringComparer.Ordinal)));
        await Task.Delay(600);
        Assert.Empty(heardHere.Take());
        Assert.Empty(heardThere.Take());
        await one.StopAsync(CancellationToken.None);
        await other.StopAsync(CancellationToken.None);
    }

    [Fact]
    public void Books_that_do_not_fit_a_payload_become_a_look_everywhere_for_those_whom_it_concerns()
    {
        Assert.Equal("x y\na\nb", BookNotifications.Payload([("a", "x"), ("b", "x"), ("b", "y")]));
        Assert.Equal("", BookNotifications.Payload([("a", "x"), ("b", null)]));
        Assert.Equal(7_900, BookNotifications.Payload([(new string('a', 3_948), "x"), (new string('b', 3_949), "x")]).Length);
        Assert.Equal("x", BookNotifications.Payload([(new string('a', 3_949), "x"), (new string('b', 3_949), "x")]));
        Assert.Equal("", BookNotifications.Payload([("a", new string('x', 7_901))]));
    }

    [Theory]
    [InlineData("x y\na\nb", new[] { "a", "b" })]
    [InlineData("y z\na", new string[0])]
    [InlineData("x", new[] { "everywhere" })]
    [InlineData("y", new string[0])]
    [InlineData("", new[] { "everywhere" })]
    public void Who_is_told_from_elsewhere_wakes_for_the_events_that_concern_it(string payload, string[] expected)
    {
        var hints = new BookHints();
        using var own = hints.Listen();
        using var listener = hints.Listen((name, _) => name == "x");

        BookNotifications.Hear(payload, hints, own);

        Assert.Equal(string.Join(' ', expected), string.Join(' ', listener.Take().Select(book => book == BookHints.Everywhere ? "everywhere" : book).Order(StringComparer.Ordinal)));
        Assert.Empty(own.Take());
    }
}
