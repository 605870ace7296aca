using FsCheck.Fluent;
using Ledger.Coupons.Codes;
using Xunit;

namespace Ledger.Tests.Coupons.Codes;

public class Base45Tests
{
    /// <summary>RFC 9285, sections 4.3 and 4.4.</summary>
    [Theory]
    [InlineData("AB", "BB8")]
    [InlineData("Hello!!", "%69 VD92EX0")]
    [InlineData("base-45", "UJCLQE7W581")]
    [InlineData("ietf!", "QED8WEX0")]
    [InlineData("", "")]
    public void Writes_and_reads_the_examples_of_RFC_9285(string bytes, string text)
    {
        Assert.Equal(text, Base45.Encode(System.Text.Encoding.ASCII.GetBytes(bytes)));
        Assert.True(Base45.TryDecode(text, out var read));
        Assert.Equal(bytes, System.Text.Encoding.ASCII.GetString(read));
    }

    [Fact]
    public void Reads_back_any_bytes() => Holds.For(Gen.Choose(0, 255).ListOf(), numbers =>
    {
        byte[] bytes = [.. numbers.Select(n => (byte)n)];
        Assert.True(Base45.TryDecode(Base45.Encode(bytes), out var read));
        Assert.Equal(bytes, read);
    });

    [Theory]
    [InlineData("A")]
    [InlineData("BB8B")]
    [InlineData("bb8")]
    [InlineData("BB_")]
    [InlineData("GGW")]
    [InlineData("V5")]
    [InlineData(":::")]
    public void Refuses_what_it_never_writes(string text) => Assert.False(Base45.TryDecode(text, out _));

    [Theory]
    [InlineData("FGW", new byte[] { 0xFF, 0xFF })]
    [InlineData("U5", new byte[] { 0xFF })]
    public void Reads_the_largest_groups(string text, byte[] bytes)
    {
        Assert.True(Base45.TryDecode(text, out var read));
        Assert.Equal(bytes, read);
    }
}
