using System.Buffers;
using System.Text;
using Xunit;
using Xunit.Abstractions;

namespace Ledger.Tests.Proof;

/// <summary>
/// Issuing by NDJSON to the built service, whose answers are read while the lines are still being made. <c>LEDGER_LONG</c> sends a million lines instead of
/// 20,000, and then the service's memory must not have grown with them.
/// </summary>
public sealed class LongBatchTests(LedgerDatabase database, ITestOutputHelper output) : IClassFixture<LedgerDatabase>
{
    /// <summary>Bytes of lines that are sent at once.</summary>
    private const int Piece = 16 * 1024;

    /// <summary>Lines after which the service has met everything that such a batch asks of it.</summary>
    private const int Warm = 100_000;

    /// <summary>
    /// What the peak may still grow by. A managed heap takes more room as it pleases while the machine has some: garbage waits until it is collected, and a busy moment leaves
    /// more of it. Yet to keep 200 bytes of each of the 900,000 lines that follow would take 180 MB.
    /// </summary>
    private const long SlackMegabytes = 150;

    private static readonly bool s_isLong = Environment.GetEnvironmentVariable("LEDGER_LONG") is "1" or "full";
    private static readonly int s_lines = s_isLong ? 1_000_000 : 20_000;

    [Fact]
    public async Task Every_line_of_a_long_batch_is_answered_in_order_while_others_are_still_to_come_and_none_is_kept()
    {
        await using var service = await LedgerProcess.StartAsync(database.ConnectionString);
        var shop = await Shop.OpenAsync(service.Client, await database.Source.PlatformKeyAsync());
        await shop.CampaignAsync("spring");
        using var batch = await OpenBatch.BeginAsync(shop, "long");
        var halfway = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var sending = SendAsync(batch, halfway.Task);
        var (answered, issued, warm) = (0, 0L, 0L);
        try
        {
            await foreach (var answer in batch.AnswersAsync())
            {
                var status = LineOf(++answered).Status;
                Assert.StartsWith($$"""{"line":{{answered}},"status":{{status}},""", answer, StringComparison.Ordinal);
                if (status == 201) issued++;
                if (answered == Warm) warm = service.ReadPeakMegabytes();
                if (answered == s_lines / 2) halfway.SetResult();
            }
        }
        catch (Exception reading)
        {
            // One broken connection fails both, the sender perhaps a moment later: what it says is part of the story.
            await Task.WhenAny(sending, Task.Delay(TimeSpan.FromSeconds(1)));
            if (sending.Exception is not { } writing) throw;
            throw new AggregateException(reading, writing);
        }

        Assert.Equal(s_lines, answered);
        await sending;
        Assert.InRange(issued, 1, s_lines - 1);
        Assert.Equal(issued, await database.Source.AskAsync<long>("select count(*) from ledger.mt_events where tenant_id = $1 and type = 'coupon_issued'", shop.Id));
        if (!s_isLong) return;

        var memory = $"{warm} MB at most up to line {Warm}, {service.ReadPeakMegabytes()} MB up to the last";
        output.WriteLine(memory);
        Assert.True(service.ReadPeakMegabytes() - warm < SlackMegabytes, memory);
    }

    [Fact]
    public async Task A_line_is_answered_before_the_next_one_comes()
    {
        await using var service = await LedgerProcess.StartAsync(database.ConnectionString);
        var shop = await Shop.OpenAsync(service.Client, await database.Source.PlatformKeyAsync());
        await shop.CampaignAsync("spring");
        using var batch = await OpenBatch.BeginAsync(shop, "one-by-one");
        await using var answers = batch.AnswersAsync().GetAsyncEnumerator();
        for (var n = 1; n <= 3; n++)
        {
            await batch.WriteAsync("{\"campaign\":\"spring\",\"member\":\"m-1\"}\n"u8.ToArray());
            Assert.True(await answers.MoveNextAsync());
            Assert.StartsWith($$"""{"line":{{n}},"status":201,""", answers.Current, StringComparison.Ordinal);
        }

        await batch.EndAsync();
        Assert.False(await answers.MoveNextAsync());
    }

    /// <summary>Sends a half of the lines, waits until all of these are answered, and sends the rest.</summary>
    private static async Task SendAsync(OpenBatch batch, Task halfway)
    {
        var lines = new ArrayBufferWriter<byte>();
        for (var n = 1; n <= s_lines; n++)
        {
            lines.Write(Encoding.UTF8.GetBytes(LineOf(n).Text));
            lines.Write("\n"u8);
            if (lines.WrittenCount < Piece && n != s_lines / 2 && n != s_lines) continue;
            await batch.WriteAsync(lines.WrittenMemory);
            lines.ResetWrittenCount();
            if (n == s_lines / 2) await halfway;
        }

        await batch.EndAsync();
    }

    /// <summary>One line of a thousand is bad, each time in another way.</summary>
    private static (string Text, int Status) LineOf(int n) => (n % 1_000, n / 1_000 % 4) switch
    {
        (500, 0) => ("{", 400),
        (500, 1) => ("""{"campaign":"spring","member":-1}""", 400),
        (500, 2) => ("""{"campaign":"autumn","member":"m-1"}""", 404),
        (500, _) => ("""{"campaign":"spring","member":"m-1"}""".PadRight(Limits.MaxBody + 1), 413),
        _ => ($$"""{"campaign":"spring","member":"m-{{n % 1_000}}"}""", 201),
    };
}
