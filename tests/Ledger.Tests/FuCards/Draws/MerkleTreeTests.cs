using System.Security.Cryptography;
using Ledger.FuCards.Draws;
using Xunit;

namespace Ledger.Tests.FuCards.Draws;

public sealed class MerkleTreeTests
{
    /// <summary>The examples of the certificate-transparency programs for RFC 6962.</summary>
    [Theory]
    [InlineData(0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData(1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")]
    [InlineData(8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")]
    public void Roots_are_those_of_RFC_6962(int count, string root)
    {
        string[] leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
        var tree = new MerkleTree();
        foreach (var leaf in leaves[..count]) tree.Add(Convert.FromHexString(leaf));
        Assert.Equal(root, Convert.ToHexStringLower(tree.Root()));
    }

    [Fact]
    public void The_root_over_a_stream_is_that_of_the_definition_and_every_ticket_is_proved()
    {
        for (var count = 1; count <= 40; count++)
        {
            var leaves = Enumerable.Range(1, count).Select(i => MerkleTree.Leaf(i * 3, $"u-{i}")).ToArray();
            var tree = new MerkleTree();
            for (var i = 1; i <= count; i++) tree.Add(i * 3, $"u-{i}");
            var root = tree.Root();
            Assert.Equal(Defined(leaves), root);
            for (var i = 0; i < count; i++)
            {
                var proof = MerkleTree.Proof(leaves, i, count);
                Assert.True(MerkleTree.Verify(root, leaves[i], i, count, proof));
                Assert.False(MerkleTree.Verify(root, MerkleTree.Leaf(i, "somebody"), i, count, proof));
                Assert.False(MerkleTree.Verify(root, leaves[i], (i + 1) % count, count, proof) && count > 1);
                Assert.False(MerkleTree.Verify(root, leaves[i], i, count, [.. proof, root]));
                if (proof.Count > 0) Assert.False(MerkleTree.Verify(root, leaves[i], i, count, [.. proof.Skip(1)]));
            }
        }
    }

    private static byte[] Defined(byte[][] leaves)
    {
        if (leaves.Length == 1) return SHA256.HashData([0, .. leaves[0]]);
        var k = 1;
        while (k * 2 < leaves.Length) k *= 2;
        return SHA256.HashData([1, .. Defined(leaves[..k]), .. Defined(leaves[k..])]);
    }
}
