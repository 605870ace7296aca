using Ledger.Benefits;
using Ledger.Points;
using NodaTime;
using static Ledger.Tests.Points.PointsExamples;

namespace Ledger.Tests.Points;

/// <summary>Requests of every kind about points and benefits, at random; many are refused, as they are in life.</summary>
internal sealed class PointsTraffic(int seed)
{
    private readonly Random random = new(seed);
    private readonly List<string> spends = [];
    private readonly List<string> orders = [];

    public static IEnumerable<Operation> Setup(Func<Request> ask)
    {
        yield return ProgramOperations.Open(ask(), Club, "Club", "Asia/Shanghai", Terms with { Expiry = new PointsExpiry.AfterMonths(1), Earning = new(3, 100, false, PointsRounding.Floor) });
        yield return ProgramOperations.Open(ask(), "second", "Second", "Asia/Shanghai", Terms with { ActivationDays = 1, GraceDays = null });
        yield return BenefitOperations.List(ask(), "cup", new("Cup", Club, 40, BenefitItemKind.Goods, 9_000, [], null, 0));
        for (var member = 0; member < 5; member++) yield return PointsOperations.Grant(ask(), Club, $"m-{member}", 300, "merchant", ask().Now);
        yield return BenefitOperations.List(ask(), "meal", new("Meal", Club, 70, BenefitItemKind.PickUp, null, ["s1"], null, 2));
    }

    public Operation Next(Request request)
    {
        var (program, member, number) = (random.Next(4) == 0 ? "second" : Club, $"m-{random.Next(5)}", random.Next(1, 200));
        var (spend, benefitOrder) = (Any(spends, "p-none"), Any(orders, "b-none"));
        switch (random.Next(15))
        {
            case 0 or 1 or 2:
                return PointsOperations.Earn(
                    request, program, member, $"o-{random.Next(1_000)}", Lines(("1", number * 57L), ("2", number * 31L)), number % 3 == 0 ? "sponsor" : "merchant", request.Now);
            case 3:
                return PointsOperations.Reverse(request, program, $"o-{random.Next(1_000)}", number % 2 == 0 ? [] : Lines(("1", number * 11L)), null);
            case 4:
                spends.Add(PointsSpendStream.IdOf(request.Key!));
                return SpendOperations.Spend(request, program, member, number, null);
            case 5 or 6:
                spends.Add(PointsSpendStream.IdOf(request.Key!));
                return SpendOperations.Hold(request, program, member, number, Duration.FromMinutes(number), "order-9");
            case 7: return SpendOperations.Commit(request, spend);
            case 8: return number % 2 == 0 ? SpendOperations.Release(request, spend) : SpendOperations.Refund(request, spend, number % 3 == 0 ? null : number / 4 + 1);
            case 9: return PointsOperations.Transfer(request, program, member, $"m-{random.Next(5)}", number);
            case 10:
                return PointsOperations.Adjust(request, program, member, number % 2 == 0 ? number : -number, "merchant", "by hand", new(PointsStreams.ProgramOf(Club), _ => number % 5 == 0));
            case 11 or 14:
                orders.Add(PointsSpendStream.IdOf(request.Key!, "b"));
                return BenefitOperations.Order(request, number % 2 == 0 ? "cup" : "meal", member, "NONE", request.Now.InZone(Shanghai).Date);
            case 12:
                return number % 3 == 0 ? BenefitOperations.Cancel(request, benefitOrder) : BenefitOperations.PickUp(request, benefitOrder, number % 4 == 0 ? "s2" : "s1");
            default:
                return number % 2 == 0 ? PointsOperations.Settle(request, program, member, number, "cash")
                    : number % 3 == 0 ? BenefitOperations.Expire(request, benefitOrder) : PointsOperations.ReadClock(request, program, member);
        }
    }

    private string Any(List<string> known, string none) => known.Count == 0 ? none : known[Math.Max(0, known.Count - 1 - random.Next(8))];
}
