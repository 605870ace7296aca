using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace Ledger.Cli;

/// <summary>What a command says: data on stdout, as a table or as JSON; everything else on stderr.</summary>
internal sealed class Terminal(Surroundings surroundings, bool isJson, bool mayAsk)
{
    /// <summary>Somebody can be asked before something is done that cannot be undone.</summary>
    public bool MayAsk { get; } = mayAsk && surroundings.IsPerson;

    /// <summary>A sentence for a person, on stderr.</summary>
    public void Note(string sentence) => surroundings.Error.WriteLine(sentence);

    /// <summary>Writes <paramref name="data"/> as JSON if that was asked for, else the same as a table.</summary>
    public void Data(object data, IReadOnlyList<string> headers, IEnumerable<IReadOnlyList<object?>> rows)
    {
        if (isJson) surroundings.Out.WriteLine(JsonSerializer.Serialize(data, LedgerJson.Answers));
        else Table(headers, rows);
    }

    /// <summary>Asks a yes-or-no question; true without asking where nobody can be asked.</summary>
    public async Task<bool> AgreesAsync(string question, CancellationToken cancellation)
    {
        if (!MayAsk) return true;
        await surroundings.Error.WriteAsync($"{question} [y/N] ");
        // A terminal is read to the end of the line whatever happens; Ctrl-C need not wait for it.
        return (await Task.Run(surroundings.In.ReadLine, CancellationToken.None).WaitAsync(cancellation))?.Trim() is "y" or "Y" or "yes";
    }

    /// <summary>Does work whose steps are counted, behind a bar where somebody looks and behind one note where nobody does.</summary>
    /// <param name="total">How many steps there are.</param>
    /// <param name="work">Is given what reports steps done; may call it from any thread.</param>
    public Task ProgressAsync(string what, long total, Func<Action<long>, Task> work)
    {
        if (!surroundings.IsPerson) what = $"{what}: {total.ToString("N0", CultureInfo.InvariantCulture)}";
        var done = 0L;
        return ShareAsync(what, share => work(steps => share(Interlocked.Add(ref done, steps), total)));
    }

    /// <summary>Does work that tells how much of how much is done.</summary>
    public async Task ShareAsync(string what, Func<Action<long, long>, Task> work)
    {
        if (!surroundings.IsPerson)
        {
            Note(what);
            await work((_, _) => { });
            return;
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(surroundings.Error),
            ColorSystem = string.IsNullOrEmpty(surroundings.Variable("NO_COLOR")) ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
        });
        await console.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn(), new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                var task = context.AddTask(Markup.Escape(what));
                await work((done, total) => (task.MaxValue, task.Value) = (Math.Max(total, 1), done));
                task.Value = task.MaxValue;
            });
    }

    /// <summary>Numbers stand right, words left; two spaces between columns, so that it is read by people and by awk.</summary>
    private void Table(IReadOnlyList<string> headers, IEnumerable<IReadOnlyList<object?>> rows)
    {
        var cells = rows.Select(row => row.Select(Cell).ToList()).ToList();
        if (cells.Count == 0) return;
        var numeric = headers.Select((_, i) => cells.Count > 0 && cells.All(row => row[i].IsNumber)).ToList();
        var widths = headers.Select((header, i) => cells.Select(row => row[i].Text.Length).Append(header.Length).Max()).ToList();
        WriteRow(headers);
        foreach (var row in cells) WriteRow([.. row.Select(cell => cell.Text)]);

        void WriteRow(IReadOnlyList<string> texts) => surroundings.Out.WriteLine(string.Join(
            "  ", texts.Select((text, i) => numeric[i] ? text.PadLeft(widths[i]) : text.PadRight(widths[i]))).TrimEnd());
    }

    private static (string Text, bool IsNumber) Cell(object? value) => value switch
    {
        null => ("-", false),
        bool flag => (flag ? "yes" : "no", false),
        long or int => (((IFormattable)value).ToString("N0", CultureInfo.InvariantCulture), true),
        double number => (number.ToString("N1", CultureInfo.InvariantCulture), true),
        IFormattable other => (other.ToString(null, CultureInfo.InvariantCulture), false),
        _ => (value.ToString() ?? "-", false),
    };
}

/// <summary>Hands progress on at once, on the thread that reports it.</summary>
internal sealed class Steps<T>(Action<T> report) : IProgress<T>
{
    public void Report(T value) => report(value);
}
