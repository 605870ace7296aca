using Ledger.Samples;

const string Help = """
    Plays a shop's day at several tills against a running ledger, with everything that goes wrong at tills, and compares their notes with the
    service's books in the evening.

    Usage: dotnet run --project samples/till -- --url <address> --key <key> [options]

      --url <address>     The service; or LEDGER_URL. Default http://127.0.0.1:5080
      --key <key>         A platform key, such as the demo key that the service prints, or a merchant's own; or LEDGER_KEY
      --merchant <id>     With a platform key: the merchant that is opened, or used. Default till-sample
      --coupons <n>       Coupons to issue: 12 to 2000. Default 60
      --seed <n>          Repeats the same decisions. Default 1
      --patience <part>   The waits of docs/till.md, as a part of them: 1 is the whole wait. Default 0.05
      --help              This

    The story and the figures go to stdout, progress to stderr. Exit codes: 0 the notes and the books are equal to the fen, 1 they are not,
    2 used wrongly, 3 the service cannot be used.
    """;

if (args.Contains("--help", StringComparer.Ordinal) || args.Contains("-h", StringComparer.Ordinal))
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
    using var wire = new Wire(options.Url);
    return await new Day(options, wire, Console.Out, Console.Error).PlayAsync() ? 0 : 1;
}
catch (Exception failure) when (failure is ShopClosedException or HttpRequestException)
{
    await Console.Error.WriteLineAsync($"The day ends early: {failure.Message}");
    return 3;
}

namespace Ledger.Samples
{
    /// <param name="Patience">The waits of a till as a part of the full ones.</param>
    internal sealed record Options(Uri Url, string Key, string Merchant, int Coupons, int Seed, double Patience)
    {
        public static Options? Read(IReadOnlyList<string> args, out string fault)
        {
            var given = new Dictionary<string, string>(StringComparer.Ordinal);
            fault = "";
            for (var i = 0; i < args.Count; i += 2)
            {
                if (args[i] is not ("--url" or "--key" or "--merchant" or "--coupons" or "--seed" or "--patience")) fault = $"There is no option {args[i]}.";
                else if (i + 1 == args.Count) fault = $"{args[i]} needs a value.";
                else given[args[i]] = args[i + 1];
                if (fault.Length > 0) return null;
            }

            var key = given.GetValueOrDefault("--key") ?? Environment.GetEnvironmentVariable("LEDGER_KEY") ?? "";
            var address = given.GetValueOrDefault("--url") ?? Environment.GetEnvironmentVariable("LEDGER_URL") ?? "http://127.0.0.1:5080";
            if (key.Length == 0) fault = "Name a key: --key or LEDGER_KEY.";
            if (!Uri.TryCreate(address, UriKind.Absolute, out var url)) fault = "--url is an address such as http://127.0.0.1:5080.";
            if (!int.TryParse(given.GetValueOrDefault("--coupons", "60"), out var coupons) || coupons is < 12 or > 2000) fault = "--coupons is a number from 12 to 2000.";
            if (!int.TryParse(given.GetValueOrDefault("--seed", "1"), out var seed)) fault = "--seed is a whole number.";
            if (!double.TryParse(given.GetValueOrDefault("--patience", "0.05"), out var patience) || patience is not (> 0 and <= 1)) fault = "--patience is above 0 and at most 1.";
            return fault.Length > 0 ? null : new(url!, key, given.GetValueOrDefault("--merchant", "till-sample"), coupons, seed, patience);
        }
    }
}
