using System.Diagnostics;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ledger.FuCards.Draws;
using Ledger.Tests.Cli;
using Xunit;

namespace Ledger.Tests.FuCards.Draws;

/// <summary>Runs where there is Python 3; else says why not.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PythonFactAttribute : FactAttribute
{
    public PythonFactAttribute()
    {
        if (!IsThere)
            Skip = "The independent verifier needs python3, which is not on the PATH: install it (Debian: apt-get install python3).";
    }

    public static bool IsThere => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "python3")));
}

/// <summary>A proof passes; with anything changed it does not, in the command and in the verifier that shares nothing with it.</summary>
public sealed class ProofTests
{
    /// <summary>The cap of 50.00 binds for the exponential weights.</summary>
    private static readonly Dictionary<string, List<string>> s_proofs = new(StringComparer.Ordinal)
    {
        ["uniform"] = Proofs.Make(PotWeight.Uniform),
        ["normal"] = Proofs.Make(PotWeight.Normal),
        ["exponential"] = Proofs.Make(PotWeight.Exponential),
        // The committed round comes at 1,000 + 4,710 * 3.
        ["timed"] = Proofs.Make(PotWeight.Uniform, deadline: 15_129),
        ["grand-timed"] = Proofs.Make(PotWeight.Uniform, deadline: 15_129, grand: new("1006", 700_00, 2)),
        ["capped"] = Proofs.Make(PotWeight.Exponential, cap: 50_00),
        ["all-capped"] = Proofs.Make(PotWeight.Exponential, cap: 5_00, amount: Proofs.Users * 5_00),
        ["grand"] = Proofs.Make(PotWeight.Uniform, grand: new("1006", 700_00, 3)),
        ["grand-all-win"] = Proofs.Make(PotWeight.Normal, grand: new("1006", 700_00, 100)),
    };

    private static readonly JsonSerializerOptions s_plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private const string Driver = """
        import sys, pathlib, types
        sys.dont_write_bytecode = True
        sys.path.insert(0, sys.argv[1])
        import verify
        given = types.SimpleNamespace(user=None, commitment=None, root=None, beacon=None)
        for path in sorted(pathlib.Path(sys.argv[2]).iterdir()):
            try:
                with open(path, "rb") as file:
                    verify.check(file, given)
                print(path.name, "agrees")
            except verify.Difference as e:
                print(path.name, e)
        """;

    [Fact]
    public void An_honest_proof_agrees() => Assert.All(s_proofs, proof => Assert.Equal(
        new(null, Proofs.Users * 4, Proofs.Users, proof.Key == "all-capped" ? Proofs.Users * 5_00 : 1_000_07, Header(proof.Key)["grand"]?["winners"]!.GetValue<long>() * 700_00),
        Proofs.Check(proof.Value)));

    [Fact]
    public void The_cap_binds_in_one_of_them() => Assert.NotNull(Header("capped")["plan"]!["capWeight"]);

    [Fact]
    public void One_user_checks_draws_and_prize_alone()
    {
        var report = Proofs.Check(s_proofs["normal"], new(User: "u-3"));
        Assert.Equal((null, 4, 1), (report.Difference, report.Draws, report.Tickets));
        Assert.Contains($"{{\"amount\":{report.Amount},\"ticket\":3,\"user\":\"u-3\"}}", s_proofs["normal"], StringComparer.Ordinal);
        Assert.Equal("the file says nothing of u-99", Proofs.Check(s_proofs["normal"], new(User: "u-99")).Difference);
    }

    /// <summary>A user's grand prize follows from the last winner, so that one is recomputed for a single user too.</summary>
    [Fact]
    public void A_forged_last_winner_is_noticed_by_one_user_alone()
    {
        var header = Header("grand");
        var loser = s_proofs["grand"].Skip(1).Select(line => JsonNode.Parse(line)!).First(line => line["grand"]?.GetValue<long>() == 0);
        var user = loser["user"]!.GetValue<string>();
        header["grand"]!["last"]!["hash"] = new string('f', 64);
        var forged = s_proofs["grand"].Skip(1).Select(line => JsonNode.Parse(line)!["user"]!.GetValue<string>() == user ? line.Replace("\"grand\":0", "\"grand\":70000", StringComparison.Ordinal) : line);
        Assert.Equal($"{header["grand"]!["tickets"]} tickets win in the grand draw, the file says 3", Proofs.Check([Spelled(header), .. forged], new(User: user)).Difference);
    }

    [Fact]
    public void Whatever_is_changed_is_noticed() => Assert.All(Changes(), change => Assert.True(Proofs.Check(change.Lines).Difference is not null, change.Name));

    [PythonFact]
    public async Task Whatever_is_changed_is_noticed_by_the_verifier_in_Python_too()
    {
        using var folder = new TemporaryFolder();
        foreach (var (name, lines) in s_proofs) folder.Write($"honest-{name}", Proofs.Text(lines));
        var changes = Changes().ToList();
        for (var i = 0; i < changes.Count; i++) folder.Write($"changed-{i:0000}", Proofs.Text(changes[i].Lines));
        var (code, text) = await PythonAsync("-c", Driver, Path.Combine(Repository.Root, "samples", "fu-verifier"), folder.Path);
        Assert.True(code == 0, text);
        var answers = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(s_proofs.Count + changes.Count, answers.Length);
        Assert.Equal(s_proofs.Keys.Order(StringComparer.Ordinal).Select(name => $"honest-{name} agrees"), answers.Where(answer => answer.StartsWith("honest", StringComparison.Ordinal)), StringComparer.Ordinal);
        Assert.All(answers.Where(answer => answer.StartsWith("changed", StringComparison.Ordinal)), answer => Assert.False(
            answer.EndsWith(" agrees", StringComparison.Ordinal), $"{answer}: {changes[int.Parse(answer[8..12], System.Globalization.CultureInfo.InvariantCulture)].Name}"));
    }

    [Theory]
    [InlineData("prize", "the prize of ticket 3 (u-3) is ")]
    [InlineData("type", "draw 1 of u-1 is ")]
    [InlineData("seed", "the seed is not the one that was committed to")]
    [InlineData("odds", "the commitment's hash does not follow from the commitment")]
    [InlineData("weight", "the shard from ticket 1 is ")]
    [InlineData("ticket", "ticket 3 stands out of order")]
    [InlineData("winner", "the Merkle root of the tickets is not the sealed one")]
    [InlineData("cut", "the shard from ticket 1001 is ")]
    public void The_first_difference_is_named(string what, string sentence)
    {
        var lines = s_proofs["uniform"].ToList();
        var third = lines.Count - Proofs.Users + 2;
        var header = Header("uniform");
        switch (what)
        {
            case "prize": lines[third] = lines[third].Replace("{\"amount\":", "{\"amount\":1", StringComparison.Ordinal); break;
            case "type": lines[1] = lines[1].Replace("\"type\":\"100", "\"type\":\"200", StringComparison.Ordinal); break;
            case "seed": header["seed"] = Turned(header["seed"]!.GetValue<string>()); break;
            case "odds": header["commitment"]!["sources"]![0]!["weights"]![4] = 5; break;
            case "weight": header["plan"]!["shards"]![0]!["weight"] = header["plan"]!["shards"]![0]!["weight"]!.GetValue<long>() + 1; break;
            case "ticket": lines[third + 1] = lines[third + 1].Replace("\"ticket\":4", "\"ticket\":3", StringComparison.Ordinal); break;
            case "winner": lines[third] = lines[third].Replace("u-3", "u-9", StringComparison.Ordinal); break;
            default: lines.RemoveAt(lines.Count - 1); break;
        }

        lines[0] = Spelled(header);
        var difference = Proofs.Check(lines).Difference;
        Assert.StartsWith(sentence, difference, StringComparison.Ordinal);
    }

    /// <summary>The round that was committed to comes after the deadline: at the next second at the soonest.</summary>
    [PythonFact]
    public async Task A_committed_round_that_is_not_after_the_deadline_is_noticed_by_both()
    {
        using var folder = new TemporaryFolder();
        var script = Path.Combine(Repository.Root, "samples", "fu-verifier", "verify.py");
        foreach (var (deadline, isSound) in (IEnumerable<(long, bool)>)[(15_129, true), (15_130, false), (20_000, false)])
        {
            var proof = Proofs.Make(PotWeight.Uniform, deadline: deadline);
            var first = ((deadline - 1_000) / 3) + 2;
            Assert.Equal(isSound ? null : $"the committed round 4711 is not after the deadline: {first} is the first", Proofs.Check(proof).Difference);
            folder.Write("proof", Proofs.Text(proof));
            var (code, text) = await PythonAsync(script, Path.Combine(folder.Path, "proof"));
            Assert.True(code == (isSound ? 0 : 1), text);
            if (!isSound) Assert.Equal("The first difference: the committed round is not after the deadline.\n", text);
        }

        var header = Header("timed");
        header["commitment"]!["beacon"]!.AsObject().Remove("deadline");
        Assert.Equal("the commitment has the beacon's times or the deadline, and not both", Proofs.Check([Spelled(header), .. s_proofs["timed"][1..]]).Difference);
    }

    /// <summary>A file that agrees with itself is not yet the campaign's: what was published in time tells.</summary>
    [Fact]
    public void What_was_published_in_time_is_compared()
    {
        var (lines, header) = (s_proofs["uniform"], Header("uniform"));
        string Of(string name) => header[name]!.GetValue<string>();
        var knowledge = new ProofKnowledge(Of("commitmentHash"), header["seal"]!["root"]!.GetValue<string>(), 4_712, header["beacon"]!["signature"]!.GetValue<string>());
        Assert.Null(Proofs.Check(lines, knowledge).Difference);
        Assert.Equal("the commitment is not the one that was published", Proofs.Check(lines, knowledge with { Commitment = Turned(knowledge.Commitment!) }).Difference);
        Assert.Equal("the Merkle root is not the one that was published", Proofs.Check(lines, knowledge with { Root = Turned(knowledge.Root!) }).Difference);
        Assert.Equal("the beacon's round is 4712, not 4711", Proofs.Check(lines, knowledge with { Round = 4_711 }).Difference);
        Assert.Equal("the beacon's signature is not the published one", Proofs.Check(lines, knowledge with { Signature = "00" }).Difference);
    }

    [Fact]
    public async Task The_command_says_what_it_found_and_ends_accordingly()
    {
        using var folder = new TemporaryFolder();
        var lines = s_proofs["capped"];
        folder.Write("proof", Proofs.Text(lines));
        folder.Write("cut", Proofs.Text(lines)[..^1]);
        folder.Write("changed", Proofs.Text(lines.Select((line, i) => i == lines.Count - 1 ? line.Replace("{\"amount\":", "{\"amount\":1", StringComparison.Ordinal) : line)));
        Task<Invocation> RunAsync(params string[] args) => Invocation.RunAsync(["audit", "draw-verify", Path.Combine(folder.Path, args[0]), .. args[1..]]);

        var fine = await RunAsync("proof");
        Assert.True(fine.Code == 0, fine.Error);
        Assert.Contains("Everything agrees.", fine.Error, StringComparison.Ordinal);
        Assert.Contains("The committed round is 4711", fine.Error, StringComparison.Ordinal);
        Assert.Contains("100,007", fine.Out, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("proof", "--user", "u-1", "--beacon", $"4712:{Header("capped")["beacon"]!["signature"]}")).Code);
        var changed = await RunAsync("changed");
        Assert.Equal(1, changed.Code);
        Assert.Contains("The first difference: the prize of ticket 1014 (u-24) is", changed.Error, StringComparison.Ordinal);
        Assert.Equal(1, (await RunAsync("cut")).Code);
        Assert.Equal(1, (await RunAsync("proof", "--commitment", "00")).Code);
        Assert.Equal(2, (await RunAsync("proof", "--beacon", "nonsense")).Code);
        Assert.Equal(2, (await RunAsync("nothing")).Code);
    }

    [PythonFact]
    public async Task The_verifier_in_Python_says_what_it_found_and_ends_accordingly()
    {
        using var folder = new TemporaryFolder();
        folder.Write("proof", Proofs.Text(s_proofs["capped"]));
        var script = Path.Combine(Repository.Root, "samples", "fu-verifier", "verify.py");
        var (code, text) = await PythonAsync(script, Path.Combine(folder.Path, "proof"), "--user", "u-7");
        Assert.True(code == 0, text);
        Assert.StartsWith("spring-2026: 4 draws and 1 tickets agree; prizes ", text, StringComparison.Ordinal);
        (code, text) = await PythonAsync(script, Path.Combine(folder.Path, "proof"), "--root", "00");
        Assert.Equal((1, "The first difference: the Merkle root is not the one that was published.\n"), (code, text));
    }

    [Fact]
    public void A_reveal_is_of_the_committed_seed_and_of_the_committed_round_or_a_later_one()
    {
        byte[] seed = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
        var commitment = new Commitment("c", Commitment.HashOf(seed), new("quicknet", 100), ["1001"], [new("scan", [1])], new(100, 1, 100, PotWeight.Uniform));
        Assert.Null(Reveal.Check(commitment, seed, BeaconValue.Of(100, [9])));
        Assert.Null(Reveal.Check(commitment, seed, BeaconValue.Of(101, [9])));
        Assert.Equal(RevealFault.RoundTooEarly, Reveal.Check(commitment, seed, BeaconValue.Of(99, [9])));
        Assert.Equal(RevealFault.OtherSeed, Reveal.Check(commitment, [.. seed.Reverse()], BeaconValue.Of(100, [9])));
        Assert.Equal(RevealFault.OtherSeed, Reveal.Check(commitment, seed.AsSpan(0, 31), BeaconValue.Of(100, [9])));
        Assert.Equal(RevealFault.BeaconUnsound, Reveal.Check(commitment, seed, BeaconValue.Of(100, [9]) with { Signature = "08" }));
        Assert.Equal(RevealFault.BeaconUnsound, Reveal.Check(commitment, seed, BeaconValue.Of(100, [9]) with { Randomness = "zz" }));
    }

    /// <summary>Every field of the header, of a draw and of a ticket changed by itself, in several ways; lines lost, doubled and moved.</summary>
    private static IEnumerable<(string Name, List<string> Lines)> Changes()
    {
        foreach (var (proof, honest) in s_proofs)
        {
            var places = proof is "uniform" or "capped" ? new[] { 0, 1, 50, honest.Count - 20, honest.Count - 1 } : [0];
            if (proof is "grand" or "grand-all-win")
            {
                foreach (var change in GrandChanges(honest)) yield return ($"{proof}, {change.Name}", change.Lines);
                places = [0, honest.FindIndex(line => line.Contains("\"grand\":0", StringComparison.Ordinal)), honest.FindIndex(line => line.Contains("\"grand\":70000", StringComparison.Ordinal))];
                places = [.. places.Where(place => place >= 0)];
            }

            foreach (var place in places)
            {
                foreach (var (name, line) in Mutants(JsonNode.Parse(honest[place])!))
                    yield return ($"{proof}, line {place}: {name}", [.. honest[..place], line, .. honest[(place + 1)..]]);
                yield return ($"{proof}, line {place} is lost", [.. honest[..place], .. honest[(place + 1)..]]);
                yield return ($"{proof}, line {place} is doubled", [.. honest[..place], honest[place], .. honest[place..]]);
                yield return ($"{proof}, line {place} is spelled otherwise", [.. honest[..place], honest[place].Replace(":", ": ", StringComparison.Ordinal), .. honest[(place + 1)..]]);
                if (place + 1 < honest.Count) yield return ($"{proof}, line {place} is moved", [.. honest[..place], honest[place + 1], honest[place], .. honest[(place + 2)..]]);
            }
        }
    }

    /// <summary>Who takes part, who wins and how much, changed ticket by ticket, as nobody could tell from the line alone.</summary>
    private static IEnumerable<(string Name, List<string> Lines)> GrandChanges(List<string> honest)
    {
        for (var i = 1; i < honest.Count; i++)
        {
            if (JsonNode.Parse(honest[i]) is not JsonObject line || !line.ContainsKey("ticket")) continue;
            foreach (var other in (long?[])[null, 0, 700_00, 700_01])
            {
                if (line["grand"]?.GetValue<long>() == other) continue;
                var said = new ProofWriter();
                var changed = Encoding.UTF8.GetString(said.Ticket(new(line["ticket"]!.GetValue<long>(), line["user"]!.GetValue<string>(), line["amount"]!.GetValue<long>(), other))).TrimEnd('\n');
                said.Dispose();
                yield return ($"line {i}: {honest[i]} becomes {changed}", [.. honest[..i], changed, .. honest[(i + 1)..]]);
            }
        }
    }

    private static IEnumerable<(string Name, string Line)> Mutants(JsonNode line)
    {
        foreach (var path in Leaves(line, []).ToList())
        {
            foreach (var other in Others(At(line, path)))
            {
                var copy = line.DeepClone();
                var parent = At(copy, path[..^1])!;
                if (path[^1] is int i) parent[i] = other;
                else parent[(string)path[^1]] = other;
                yield return ($"{string.Join('.', path)} becomes {other?.ToJsonString() ?? "null"}", Spelled(copy));
            }
        }
    }

    private static IEnumerable<object[]> Leaves(JsonNode? node, object[] path) => node switch
    {
        JsonObject o => o.SelectMany(member => Leaves(member.Value, [.. path, member.Key])),
        JsonArray a => a.SelectMany((item, i) => Leaves(item, [.. path, i])),
        _ => [path],
    };

    private static JsonNode? At(JsonNode node, object[] path) => path.Aggregate((JsonNode?)node, (at, step) => step is int i ? at![i] : at![(string)step]);

    private static IEnumerable<JsonNode?> Others(JsonNode? value) => value?.GetValueKind() switch
    {
        null => [1],
        JsonValueKind.Number => [value.GetValue<long>() + 1, value.GetValue<long>() - 1, 0 - value.GetValue<long>() - 1, CanonicalJson.MaxInteger, "1", null],
        _ => [Turned(value.GetValue<string>()), value.GetValue<string>() + "0", "", 1, null],
    };

    /// <summary>The same text with another last digit or letter.</summary>
    private static string Turned(string text) => text[..^1] + (text[^1] == '1' ? '2' : '1');

    private static JsonNode Header(string proof) => JsonNode.Parse(s_proofs[proof][0])!;

    private static string Spelled(JsonNode line) => line.ToJsonString(s_plain);

    internal static async Task<(int Code, string Text)> PythonAsync(params string[] args)
    {
        using var process = Process.Start(new ProcessStartInfo("python3", args) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, Environment = { ["PYTHONDONTWRITEBYTECODE"] = "1" } })!;
        var (text, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await text + await errors);
    }
}
