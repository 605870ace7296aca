using System.IO.Compression;
using System.Text;
using Ledger.Cli;
using Ledger.Cli.Import;
using Xunit;

namespace Ledger.Tests.Cli;

public sealed class CsvFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("a,b\n1,2\n", "1|2")]
    [InlineData("b,a\r\n2,1\r\n", "1|2")]
    [InlineData("\uFEFFa,b\n1,2", "1|2")]
    [InlineData("a,c,b\n1,x,2\n\n3,y,4\n", "1|2;3|4")]
    [InlineData("a,b\n\"1,5\",\"say \"\"two\"\"\"\n", "1,5|say \"two\"")]
    [InlineData("a,b\n\"1\n5\",2\n", "1\n5|2")]
    [InlineData("a,b\n,\n", "|")]
    [InlineData("a,b\n", "")]
    public void Rows_have_the_columns_asked_for(string text, string expected)
    {
        folder.Write("f.csv", text);
        Assert.Equal(expected, string.Join(';', CsvFile.In(folder.Path, "f").Rows("a", "b").Select(row => string.Join('|', row.Fields))));
    }

    [Theory]
    [InlineData("", "f.csv is empty")]
    [InlineData("a\n1\n", "has no column b")]
    [InlineData("a,b\n1,2\n1,2,3\n", "line 3: 3 fields where the header has 2")]
    [InlineData("a,b\n\"1,2\n", "a quote is never closed")]
    public void What_is_wrong_is_told_with_its_place(string text, string expected)
    {
        folder.Write("f.csv", text);
        var fault = Assert.Throws<CliException>(() => CsvFile.In(folder.Path, "f").Rows("a", "b").Count());
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_gzipped_file_is_read_and_a_damaged_one_is_told()
    {
        var path = Path.Combine(folder.Path, "f.csv.gz");
        using (var gzip = new GZipStream(File.Create(path), CompressionLevel.Fastest)) gzip.Write(Encoding.UTF8.GetBytes("a\n1\n2\n"));
        Assert.Equal(2, CsvFile.In(folder.Path, "f").Rows("a").Count());

        // Cut off behind a line's end, nothing of what is there looks wrong.
        var whole = File.ReadAllBytes(path);
        for (var length = 1; length < whole.Length; length++)
        {
            File.WriteAllBytes(path, whole[..length]);
            Assert.Contains("damaged", Assert.Throws<CliException>(() => CsvFile.In(folder.Path, "f").Rows("a").Count()).Message, StringComparison.Ordinal);
        }

        File.WriteAllText(path, "this is no gzip file, however long one looks at it");
        Assert.Contains("damaged", Assert.Throws<CliException>(() => CsvFile.In(folder.Path, "f").Rows("a").Count()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_told_by_both_its_names() =>
        Assert.Contains("neither g.csv nor g.csv.gz", Assert.Throws<CliException>(() => CsvFile.In(folder.Path, "g")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("2017-02-29")]
    [InlineData("20170228")]
    [InlineData("")]
    public void A_date_that_is_none_is_told(string text)
    {
        var row = new CsvRow("f.csv", 7, [text]);
        Assert.Contains("f.csv line 7", Assert.Throws<CliException>(() => row.Date(0)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("9223372036854775808")]
    public void A_number_that_is_no_whole_one_is_told(string text) =>
        Assert.Throws<CliException>(() => new CsvRow("f.csv", 7, [text]).Whole(0));
}
