using Ledger.Coupons.Codes;
using Xunit;
using static Ledger.Coupons.Codes.CodeOutcome;

namespace Ledger.Tests.Coupons.Codes;

public class CodeDepositTests
{
    [Fact]
    public void Each_code_has_an_answer_in_the_order_of_the_upload()
    {
        var answers = CodeDeposit.Classify(["B-2", "a=1", "", "B-2", "b-2", "old|1", "old|1", "x y"], code => code == "old|1");
        Assert.Equal(
            [
                new("B-2", Success), new("a=1", Success), new("", Invalid, PoolCodeFault.Empty), new("B-2", DuplicateInBatch), new("b-2", Success),
                new("old|1", Exists), new("old|1", DuplicateInBatch), new("x y", Invalid, PoolCodeFault.WrongCharacter),
            ],
            answers);
    }

    [Fact]
    public void The_second_upload_finds_all_codes_of_the_first()
    {
        string[] codes = ["A", "B", "A"];
        var kept = CodeDeposit.Classify(codes, _ => false).Where(code => code.Outcome == Success).Select(code => code.Code).ToHashSet(StringComparer.Ordinal);
        Assert.DoesNotContain(CodeDeposit.Classify(codes, kept.Contains), code => code.Outcome == Success);
    }

    [Theory]
    [InlineData("0", PoolCodeFault.None)]
    [InlineData("azAZ09-_+=|", PoolCodeFault.None)]
    [InlineData("2812345678901234", PoolCodeFault.PaymentCode)]
    [InlineData("133456789012345678", PoolCodeFault.PaymentCode)]
    [InlineData("163456789012345678", PoolCodeFault.None)]
    [InlineData("7QX4M2K9TDAAB", PoolCodeFault.ReadsAsOurs)]
    [InlineData("7qx4m2k9tdaab", PoolCodeFault.ReadsAsOurs)]
    [InlineData("7QX4-M2K9-TDAAB", PoolCodeFault.ReadsAsOurs)]
    [InlineData("R7QX4M2K9TDAAB12345678", PoolCodeFault.ReadsAsOurs)]
    [InlineData("7QX4M2K9TDAAD", PoolCodeFault.None)]
    [InlineData("0000000000000", PoolCodeFault.None)]
    [InlineData("", PoolCodeFault.Empty)]
    [InlineData(" a", PoolCodeFault.WrongCharacter)]
    [InlineData("a\n", PoolCodeFault.WrongCharacter)]
    [InlineData("a/b", PoolCodeFault.WrongCharacter)]
    [InlineData("\uff10", PoolCodeFault.WrongCharacter)]
    public void Codes_have_Alipays_alphabet(string code, PoolCodeFault fault) => Assert.Equal(fault, CodeDeposit.FaultOf(code));

    [Fact]
    public void Bounds_are_64_characters_and_1000_codes()
    {
        Assert.Equal(PoolCodeFault.None, CodeDeposit.FaultOf(new string('x', 64)));
        Assert.Equal(PoolCodeFault.TooLong, CodeDeposit.FaultOf(new string('x', 65)));
        string[] most = [.. Enumerable.Range(0, 1000).Select(n => $"c{n}")];
        Assert.All(CodeDeposit.Classify(most, _ => false), code => Assert.Equal(Success, code.Outcome));
        Assert.Throws<ArgumentException>(() => CodeDeposit.Classify([.. most, "one more"], _ => false));
    }

    [Fact]
    public void The_lookup_is_asked_once_for_each_well_formed_code()
    {
        var asked = new List<string>();
        CodeDeposit.Classify(["a", "", "a", "b"], code =>
        {
            asked.Add(code);
            return false;
        });
        Assert.Equal(["a", "b"], asked);
    }
}
