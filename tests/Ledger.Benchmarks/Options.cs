using System.Globalization;

namespace Ledger.Benchmarks;

/// <summary>What to run, and for how long.</summary>
/// <param name="Coupons">The supply of the spread load; the hot merchant has half of it beside.</param>
/// <param name="Seconds">Length of each measured run.</param>
/// <param name="Pairs">Measured pairs of service and reference.</param>
/// <param name="Folder">Keeps the databases there for the next time; null: a temporary folder that is deleted.</param>
/// <param name="Statements">Also say where Postgres spends its time; costs some of it.</param>
/// <param name="Service">The service's assembly; null: the one that was built with this program.</param>
/// <param name="Users">Of the night; each draws ten cards.</param>
/// <param name="Open">Seconds from the night's opening to its deadline; 0: as the machine was measured to need.</param>
internal sealed record Options(
    IReadOnlyList<string> Scenarios, long Coupons, int Seconds, int Pairs, bool Json, string? Folder, string? Service, bool Statements, int Users = 2_000, int Open = 0)
{
    public const string Usage =
        """
        Ledger.Benchmarks <scenario ...|all> [--coupons N] [--seconds S] [--pairs P] [--quick] [--json] [--folder DIR] [--service DLL] [--statements]
                          [--users N] [--open S]

        spread    1,000 merchants, 64 connections, against pgbench with 16 clients
        hot       one merchant takes all the load
        single    one connection
        holds     hold and commit, against redeeming in one shot
        quotes    quotes, against redeeming in one shot
        steady    sales that begin by the clock at half of the peak: an open loop
        issue     issuing under a quota and a per-member limit, against issuing without
        lag       from commit to visible in the followed read models, under load
        payments  payments that earn points and bring an offer, against redeeming in one shot
        timers    timers that become due while tills redeem, beside a timer of every coupon that waits
        readers   rebuilding read models and verifying the books, against COPY
        night     a Fu-card campaign of 1,000 merchants from the first draw to the last payout, --users N (2,000) with ten cards each; draws against
                  redeeming in one shot; --open S seconds, or as long as it needs

        Ledger.Benchmarks pot [tickets]

        pot       drawing cards, and splitting a pot among a million tickets: on one core, without a database
        """;

    public static readonly IReadOnlyList<string> All = ["spread", "hot", "single", "holds", "quotes", "steady", "issue", "lag", "payments", "timers", "readers", "night"];

    /// <summary>Null where the arguments say nothing that can be done.</summary>
    public static Options? Parse(string[] arguments)
    {
        var options = new Options([], 1_000_000, 10, 3, Json: false, null, null, Statements: false);
        for (var i = 0; i < arguments.Length; i++)
        {
            var next = i + 1 < arguments.Length ? arguments[i + 1] : null;
            switch (arguments[i])
            {
                case "--quick": options = options with { Coupons = 200_000, Seconds = 3, Pairs = 1 }; break;
                case "--json": options = options with { Json = true }; break;
                case "--statements": options = options with { Statements = true }; break;
                case "--coupons" when Number(next) is { } n: (options, i) = (options with { Coupons = n }, i + 1); break;
                case "--seconds" when Number(next) is { } n: (options, i) = (options with { Seconds = (int)n }, i + 1); break;
                case "--pairs" when Number(next) is { } n: (options, i) = (options with { Pairs = (int)n }, i + 1); break;
                case "--users" when Number(next) is { } n and <= 10_000_000: (options, i) = (options with { Users = (int)n }, i + 1); break;
                case "--open" when Number(next) is { } n and <= 86_400: (options, i) = (options with { Open = (int)n }, i + 1); break;
                case "--folder" when next is not null: (options, i) = (options with { Folder = next }, i + 1); break;
                case "--service" when next is not null: (options, i) = (options with { Service = next }, i + 1); break;
                case "all": options = options with { Scenarios = All }; break;
                case var name when All.Contains(name, StringComparer.Ordinal): options = options with { Scenarios = [.. options.Scenarios, name] }; break;
                default: return null;
            }
        }

        return options.Scenarios.Count == 0 ? null : options;
    }

    private static long? Number(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and < 100_000_000 ? number : null;
}
