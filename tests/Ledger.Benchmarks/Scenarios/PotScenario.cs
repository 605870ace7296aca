using System.Globalization;
using System.Security.Cryptography;
using Ledger.FuCards.Draws;

namespace Ledger.Benchmarks.Scenarios;

/// <summary>What Fu-card mathematics cost one core: draws, weights, the plan of a pot and its prizes. Three runs of each, by CPU time; needs no database.</summary>
internal static class PotScenario
{
    private const int Runs = 3;

    public static int Run(string[] arguments)
    {
        var tickets = 1_000_000L;
        if (arguments.Length > 2 || (arguments.Length == 2 && (!long.TryParse(arguments[1], NumberStyles.None, CultureInfo.InvariantCulture, out tickets) || tickets is < 1 or > Limits.MaxTickets)))
        {
            Console.Error.WriteLine(Options.Usage);
            return 2;
        }

        var report = new Report(isJson: false);
        var seed = SHA256.HashData("a seed of the benchmark"u8);
        int[] odds = [24, 24, 24, 24, 4];
        var drawn = 0L;
        report.Add(Figure.Of("pot", "draws per CPU second", Each(tickets, ticket => drawn += CardDraw.Draw(seed, "user-1234567", ticket, odds))));
        var key = PotKey.Of(seed, BeaconValue.Of(1, [1, 2, 3]));
        foreach (var kind in Enum.GetValues<PotWeight>())
        {
            report.Add(Figure.Of("pot", $"weights per CPU second, {kind}", Each(tickets, ticket => drawn += TicketWeights.Of(kind, key, ticket))));
            Split(report, new PotRules(tickets * 166, 20, Limits.PrizeCap, kind), key, tickets);
        }

        using var self = System.Diagnostics.Process.GetCurrentProcess();
        report.Add(Figure.Of("pot", "most memory of the program, MB", [self.PeakWorkingSet64 / 1e6]));
        Console.WriteLine($"({drawn} in all)");
        return 0;
    }

    /// <summary>The whole way, nothing kept between passes: each pass computes each weight anew.</summary>
    private static void Split(Report report, PotRules rules, byte[] key, long tickets)
    {
        var (plans, amounts) = (new List<double>(), new List<double>());
        for (var run = 0; run < Runs; run++)
        {
            var begin = Cpu();
            var planner = new PotPlanner(rules, 1);
            while (!planner.IsComplete)
            {
                for (var ticket = 1L; ticket <= tickets; ticket++) planner.Add(0, ticket, TicketWeights.Of(rules.Weight, key, ticket));
                planner.EndPass();
            }

            plans.Add(Cpu() - begin);
            begin = Cpu();
            var (prizes, sum) = (new PotAmounts(rules, planner.Plan), 0L);
            for (var ticket = 1L; ticket <= tickets; ticket++) sum += prizes.Of(ticket, TicketWeights.Of(rules.Weight, key, ticket));
            amounts.Add(Cpu() - begin);
            if (sum != rules.Amount) throw new InvalidOperationException($"The prizes sum to {sum}, the pot is {rules.Amount}.");
        }

        report.Add(Figure.Of("pot", $"CPU seconds to plan {tickets.ToString("N0", CultureInfo.InvariantCulture)} tickets, {rules.Weight}", plans));
        report.Add(Figure.Of("pot", "CPU seconds for their prizes", amounts));
        report.Add(Figure.Of("pot", "tickets planned and given their prizes per CPU second", plans.Zip(amounts, (plan, prizes) => tickets / (plan + prizes))));
    }

    private static double Cpu() => Environment.CpuUsage.TotalTime.TotalSeconds;

    private static List<double> Each(long times, Action<long> work)
    {
        var rates = new List<double>();
        for (var run = 0; run < Runs; run++)
        {
            var begin = Cpu();
            for (var i = 1L; i <= times; i++) work(i);
            rates.Add(times / (Cpu() - begin));
        }

        return rates;
    }
}
