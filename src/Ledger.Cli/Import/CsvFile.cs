using System.Globalization;
using System.IO.Compression;
using System.Text;
using NodaTime;
using NodaTime.Text;

namespace Ledger.Cli.Import;

/// <summary>A CSV file with a header line, plain or gzipped, read row by row. Quoted fields may hold commas, quotes and line ends.</summary>
internal sealed class CsvFile
{
    private readonly string path;

    private CsvFile(string path) => this.path = path;

    /// <summary>Finds <c>{name}.csv</c> or <c>{name}.csv.gz</c> in a folder.</summary>
    public static CsvFile In(string folder, string name)
    {
        if (!Directory.Exists(folder)) throw CliException.Usage($"There is no folder {folder}: name the folder that holds {name}.csv.");
        string[] candidates = [Path.Combine(folder, $"{name}.csv"), Path.Combine(folder, $"{name}.csv.gz")];
        return new(candidates.FirstOrDefault(File.Exists)
            ?? throw new CliException($"The folder {folder} holds neither {name}.csv nor {name}.csv.gz: put the data set's file there."));
    }

    /// <summary>Reads the rows lazily, each with the fields of <paramref name="columns"/> in that order.</summary>
    public IEnumerable<CsvRow> Rows(params string[] columns)
    {
        using var reader = Open();
        var line = 0;
        var header = ReadRecord(reader, ref line)
            ?? throw new CliException($"{path} is empty: download it again.");
        header[0] = header[0].TrimStart('\uFEFF');
        var places = columns.Select(column => header.IndexOf(column)).ToArray();
        if (Array.IndexOf(places, -1) is >= 0 and var missing)
        {
            throw new CliException($"{path} has no column {columns[missing]}: its first line must name it.");
        }

        while (ReadRecord(reader, ref line) is { } record)
        {
            if (record.Count == 1 && record[0].Length == 0) continue;
            if (record.Count != header.Count)
            {
                throw new CliException($"{path} line {line}: {record.Count} fields where the header has {header.Count}; correct the line.");
            }

            yield return new CsvRow(path, line, Array.ConvertAll(places, place => record[place]));
        }
    }

    private StreamReader Open()
    {
        Stream file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 64 * 1024, FileOptions.SequentialScan);
        return new(path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file, Encoding.UTF8);
    }

    /// <returns>Null at the end of the file.</returns>
    private List<string>? ReadRecord(StreamReader reader, ref int line)
    {
        var text = ReadLine(reader, ref line);
        if (text is null) return null;
        var fields = new List<string>();
        var field = new StringBuilder();
        var isQuoted = false;
        for (var i = 0; ; i++)
        {
            if (i == text.Length)
            {
                if (!isQuoted) break;
                var more = ReadLine(reader, ref line) ?? throw new CliException($"{path} line {line}: a quote is never closed; correct the line.");
                field.Append('\n');
                (text, i) = (more, -1);
            }
            else if (isQuoted && text[i] == '"')
            {
                if (i + 1 < text.Length && text[i + 1] == '"') field.Append(text[i++]);
                else isQuoted = false;
            }
            else if (!isQuoted && text[i] == '"') isQuoted = true;
            else if (!isQuoted && text[i] == ',')
            {
                fields.Add(field.ToString());
                field.Clear();
            }
            else field.Append(text[i]);
        }

        fields.Add(field.ToString());
        return fields;
    }

    private string? ReadLine(StreamReader reader, ref int line)
    {
        try
        {
            line++;
            return reader.ReadLine();
        }
        catch (InvalidDataException e)
        {
            throw new CliException($"{path} is damaged behind line {line - 1}: download it again.", e);
        }
    }
}

/// <summary>The fields of one row that were asked for.</summary>
internal readonly record struct CsvRow(string Path, int Line, string[] Fields)
{
    /// <summary>A field of the shape of an identifier behind a prefix.</summary>
    public string Id(int field, string prefix = "") => Ids.IsOne(prefix + Fields[field]) ? Fields[field] : throw Fault($"\"{Fields[field]}\" is no id");

    /// <summary>An ISO date.</summary>
    public LocalDate Date(int field) => Date(field, LocalDatePattern.Iso);

    public LocalDate Date(int field, LocalDatePattern pattern)
    {
        var parsed = pattern.Parse(Fields[field]);
        return parsed.Success ? parsed.Value : throw Fault($"\"{Fields[field]}\" is no date");
    }

    /// <summary>A whole number, zero or more.</summary>
    public long Whole(int field) =>
        long.TryParse(Fields[field], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw Fault($"\"{Fields[field]}\" is no whole number");

    public CliException Fault(string what) => new($"{Path} line {Line}: {what}; correct the line, or download the file again.");
}
