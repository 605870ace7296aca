using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Ledger.Coupons;
using Ledger.Coupons.Codes;
using Xunit;

namespace Ledger.Tests.Coupons.Codes;

public class CodeTextTests
{
    /// <summary>Texts of the uploaded form, many of them near to codes of ours.</summary>
    private static readonly Gen<string> s_texts = Gen.OneOf(
        Gen.Elements("A", "b", "7", "0", "-", "_", "+", "=", "|", "R", "h").ArrayOf().Select(string.Concat).Where(text => text.Length is > 0 and <= Limits.MaxPoolCode),
        Gen.Choose(0, int.MaxValue).Select(seed => CouponCode.FromRandom(Encoding.ASCII.GetBytes($"{seed:D10}")).Value).SelectMany(code => Gen.Elements(
            code, code.ToLowerInvariant(), code[..4] + "-" + code[4..], code[..^1] + "0", "R" + code + "12345678", code + "-1", code + "-h0123456789")));

    [Fact]
    public void What_may_be_uploaded_is_read_back_as_it_is() => Holds.For(s_texts, text =>
    {
        if (CodeDeposit.FaultOf(text) != PoolCodeFault.None) return;
        Assert.Equal(new CodeText(text, null), CodeText.Read(text, out _));
        Assert.Equal(PaymentCodeKind.None, PaymentCodes.KindOf(text));
        Assert.False(CouponCode.TryParse(text, out var ours) && ours.CouldBeMade);
    });

    [Fact]
    public void Ids_made_of_any_code_tell_the_code() => Holds.For(s_texts, text =>
    {
        Assert.Equal((text, 17), CouponStream.Parse(CouponStream.RedemptionId(text, 17)));
        Assert.Equal(text, CouponStream.CodeOfHold(CouponStream.HoldId(text, "request")));
    });

    [Theory]
    [InlineData("7QX4M2K9TDAAB", "7QX4M2K9TDAAB")]
    [InlineData(" 7qx4-m2k9 tdaab", "7QX4M2K9TDAAB")]
    [InlineData("7QX4M2K9TDAAD", "7QX4M2K9TDAAD")]
    [InlineData("x-1", "x-1")]
    [InlineData("2812345678901234", null)]
    [InlineData("a b", null)]
    [InlineData("", null)]
    public void A_text_leads_to_one_code(string text, string? code) => Assert.Equal(code, CodeText.Read(text, out _)?.Code);

    [Fact]
    public void A_pool_gives_each_code_once_in_order_and_then_says_that_it_is_empty()
    {
        string[][] batches = [["a"], ["b", "c"], ["d"]];
        var (pool, given) = (CodePool.Empty, new List<string>());
        foreach (var batch in batches) pool = Apply(pool, CodePoolDecider.Deposit(pool, batch.Length));
        Assert.Same(Decision<CodePoolEvent>.Unchanged, CodePoolDecider.Deposit(pool, 0));
        while (pool.Dispatched < pool.Deposited)
        {
            var decided = CodePoolDecider.Dispatch(pool, batches[pool.Batch - 1]);
            given.Add(((CodePoolEvent.CodeDispatched)((Decision<CodePoolEvent>.Accepted)decided).Events[0]).Code);
            pool = Apply(pool, decided);
        }

        Assert.Equal(["a", "b", "c", "d"], given);
        Assert.Equal(new CodesExhausted(4), ((Decision<CodePoolEvent>.Rejected)CodePoolDecider.Dispatch(pool, [])).Reason);
        pool = Apply(pool, CodePoolDecider.Deposit(pool, 1));
        Assert.Equal((4, 4, 0), (pool.Batches, pool.Batch, pool.Index));
        Assert.Equal(new CodePoolFull(Limits.MaxQuota), ((Decision<CodePoolEvent>.Rejected)CodePoolDecider.Deposit(pool with { Deposited = Limits.MaxQuota }, 1)).Reason);
    }

    private static CodePool Apply(CodePool pool, Decision<CodePoolEvent> decision) =>
        ((Decision<CodePoolEvent>.Accepted)decision).Events.Aggregate(pool, CodePoolDecider.Evolve);
}
