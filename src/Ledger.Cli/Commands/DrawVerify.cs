using System.Buffers;
using System.CommandLine;
using System.Globalization;
using System.IO.Pipelines;
using Ledger.FuCards.Draws;

namespace Ledger.Cli.Commands;

/// <summary><c>ledger audit draw-verify</c>: recomputes a Fu-card campaign from its public proof; needs no database.</summary>
internal static class DrawVerify
{
    /// <summary>The first line has every source with its odds, and every shard.</summary>
    private const int MaxLine = 16 * 1024 * 1024;

    public static Command Create(Globals globals)
    {
        var file = new Argument<FileInfo>("proof-file") { Description = "The campaign's public proof." };
        var user = new Option<string?>("--user") { Description = "This user's draws and prize only; the file's hash and root all the same." };
        var commitment = new Option<string?>("--commitment") { Description = "The commitment's hash that was published before the campaign opened." };
        var root = new Option<string?>("--root") { Description = "The Merkle root that was published at the deadline." };
        var beacon = new Option<string?>("--beacon") { Description = "The public beacon's own value: its round, a colon, its signature in hexadecimal digits." };
        var command = new Command("draw-verify", "Recompute every draw and prize of a Fu-card campaign from its public proof; 1 if anything differs.")
        {
            file, user, commitment, root, beacon,
        };
        command.SetAction(async (parse, cancellation) =>
        {
            var (round, signature) = Beacon(parse.GetValue(beacon));
            var knowledge = new ProofKnowledge(
                parse.GetValue(commitment)?.ToLowerInvariant(), parse.GetValue(root)?.ToLowerInvariant(), round, signature, parse.GetValue(user));
            return await RunAsync(parse.GetRequiredValue(file), knowledge, globals.Terminal(parse), cancellation);
        });
        return command;
    }

    private static async Task<int> RunAsync(FileInfo file, ProofKnowledge knowledge, Terminal terminal, CancellationToken cancellation)
    {
        if (!file.Exists) throw CliException.Usage($"There is no file {file.FullName}: name the campaign's proof.");
        using var check = new ProofCheck(knowledge);
        await terminal.ShareAsync("Recomputing draws and prizes", share => ReadAsync(file, check, share, cancellation));
        return Say(check.End(), check.Header, knowledge, terminal);
    }

    private static async Task ReadAsync(FileInfo file, ProofCheck check, Action<long, long> share, CancellationToken cancellation)
    {
        await using var stream = new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, useAsync: true);
        var reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 1 << 16));
        var lines = 0L;
        while (!check.IsOver)
        {
            var read = await reader.ReadAsync(cancellation);
            var rest = read.Buffer;
            while (!check.IsOver && rest.PositionOf((byte)'\n') is { } end)
            {
                var line = rest.Slice(0, end);
                if (line.IsSingleSegment) check.Line(line.FirstSpan);
                else check.Line(line.ToArray());
                rest = rest.Slice(rest.GetPosition(1, end));
                if (++lines % 10_000 == 0) share(lines, check.Expected);
            }

            // What follows the last line's end is a line that was cut off, and no proof has one so long.
            if (rest.Length > MaxLine || (read.IsCompleted && rest.Length > 0)) check.Line("cut off"u8);
            reader.AdvanceTo(rest.Start, rest.End);
            if (read.IsCompleted) break;
        }

        await reader.CompleteAsync();
    }

    private static int Say(ProofReport report, ProofHeader? header, ProofKnowledge knowledge, Terminal terminal)
    {
        terminal.Data(
            new { Agrees = report.Difference is null, report.Difference, header?.Commitment.Campaign, header?.CommitmentHash, report.Draws, report.Tickets, report.Amount, report.Grand },
            ["campaign", "draws", "tickets", "amount", .. report.Grand is null ? (string[])[] : ["grand"], "agrees"],
            [[header?.Commitment.Campaign, report.Draws, report.Tickets, report.Amount, .. report.Grand is { } grand ? (object?[])[grand] : [], report.Difference is null]]);
        if (report.Difference is { } difference)
        {
            terminal.Note($"The first difference: {difference}.");
            return ExitCode.Found;
        }

        terminal.Note("Everything agrees.");
        if (knowledge.Commitment is null) terminal.Note($"Compare with what was published before the opening (or give --commitment): {header!.CommitmentHash}");
        if (knowledge.Root is null) terminal.Note($"Compare with what was published at the deadline (or give --root): {header!.Seal.Root}");
        if (knowledge.Signature is null) terminal.Note($"Compare round {header!.Beacon.Round} of the beacon {header.Commitment.Beacon.Chain} with its own (or give --beacon): {header.Beacon.Signature}");
        var committed = header!.Commitment.Beacon;
        if (committed.Times is null) terminal.Note($"The commitment does not say when rounds come: see that round {committed.Round} was not out before the deadline.");
        if (header.Beacon.Round > committed.Round)
            terminal.Note($"The committed round is {committed.Round}: see that the beacon published none from it to {header.Beacon.Round - 1} after the campaign was sealed.");
        return ExitCode.Fine;
    }

    private static (long? Round, string? Signature) Beacon(string? given)
    {
        if (given is null) return (null, null);
        var parts = given.Split(':');
        return parts.Length == 2 && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var round)
            ? (round, parts[1].ToLowerInvariant())
            : throw CliException.Usage("--beacon is a round, a colon and a signature: see `ledger audit draw-verify --help`.");
    }
}
