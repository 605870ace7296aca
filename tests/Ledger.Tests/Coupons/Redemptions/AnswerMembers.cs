using System.Text.Json;

namespace Ledger.Tests.Coupons.Redemptions;

internal static class AnswerMembers
{
    public static string Text(this JsonElement answer, string member) => answer.GetProperty(member).GetString()!;

    public static int Number(this JsonElement answer, string member) => answer.GetProperty(member).GetInt32();
}
