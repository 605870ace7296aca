using Ledger.Samples.SpringFestival;

const string Help = """
    Plays a small Fu-card campaign against a running ledger: four shops issue cards that carry coupons, 36 users draw, give, swap, beg and
    compose; the campaign is sealed, revealed and paid within a minute. Then both verifiers check its proof, and its totals are compared.

    Usage: dotnet run --project samples/spring-festival -- --key <key> [options]

      --url <address>      The service; or LEDGER_URL. Default http://127.0.0.1:5080
      --key <key>          A platform key, such as the demo key that the service prints; or LEDGER_KEY
      --open <seconds>     How long the campaign is open. Default: as the service answers, 5 to 120
      --claims <seconds>   How long prizes are claimed from the deadline on; the end is waited for. Default 15; 0: for an hour, which is not waited for
      --proof <file>       Where the proof is written. Default spring-festival-proof.ndjson
      --expected <file>    The totals to compare with. Default: those beside the program
      --help               This text

    Exit code 0: every total is as expected and both verifiers agree; 1: something differs; 2: the arguments; 3: the festival was called off.
    """;

if (args.Contains("--help", StringComparer.Ordinal))
{
    Console.WriteLine(Help);
    return 0;
}

if (Options.Read(args, out var fault) is not { } options)
{
    await Console.Error.WriteLineAsync($"{fault} See --help.");
    return 2;
}

try
{
    using var wire = new Wire(options.Url, options.Key);
    return await new Festival(options, wire, Console.Out).PlayAsync() ? 0 : 1;
}
catch (Exception failure) when (failure is CalledOffException or HttpRequestException)
{
    await Console.Error.WriteLineAsync($"The festival is called off: {failure.Message}");
    return 3;
}

namespace Ledger.Samples.SpringFestival
{
    /// <param name="Open">Seconds; null: as the service answers.</param>
    /// <param name="Claims">Seconds; 0: the end is not waited for.</param>
    internal sealed record Options(Uri Url, string Key, int? Open, int Claims, string Proof, string Expected)
    {
        private static readonly string[] s_names = ["--url", "--key", "--open", "--claims", "--proof", "--expected"];

        public static Options? Read(IReadOnlyList<string> args, out string fault)
        {
            var given = new Dictionary<string, string>(StringComparer.Ordinal);
            fault = "";
            for (var i = 0; i < args.Count; i += 2)
            {
                if (!s_names.Contains(args[i], StringComparer.Ordinal)) fault = $"There is no option {args[i]}.";
                else if (i + 1 == args.Count) fault = $"{args[i]} needs a value.";
                else given[args[i]] = args[i + 1];
                if (fault.Length > 0) return null;
            }

            var key = given.GetValueOrDefault("--key") ?? Environment.GetEnvironmentVariable("LEDGER_KEY") ?? "";
            var address = given.GetValueOrDefault("--url") ?? Environment.GetEnvironmentVariable("LEDGER_URL") ?? "http://127.0.0.1:5080";
            if (key.Length == 0) fault = "Name a key: --key or LEDGER_KEY.";
            if (!Uri.TryCreate(address, UriKind.Absolute, out var url)) fault = "--url is an address such as http://127.0.0.1:5080.";
            if (!int.TryParse(given.GetValueOrDefault("--open", "0"), out var open) || open is < 0 or > 600) fault = "--open is a number of seconds, up to 600.";
            if (!int.TryParse(given.GetValueOrDefault("--claims", "15"), out var claims) || claims is < 0 or > 600) fault = "--claims is a number of seconds, up to 600.";
            var expected = given.GetValueOrDefault("--expected") ?? Path.Combine(AppContext.BaseDirectory, "spring-festival", "expected.json");
            if (!File.Exists(expected)) fault = $"There is no file {expected}.";
            return fault.Length > 0 ? null : new(url!, key, open == 0 ? null : open, claims, given.GetValueOrDefault("--proof", "spring-festival-proof.ndjson"), expected);
        }
    }
}
