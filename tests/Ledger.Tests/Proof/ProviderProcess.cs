using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Ledger.Tests.Proof;

/// <summary>The sample program <c>samples/payment-provider</c> as a process of its own.</summary>
internal sealed class ProviderProcess : IAsyncDisposable
{
    public const string Key = "a-shared-key-of-the-tests-0123456789abcdef";

    private readonly Process child;

    private ProviderProcess(Process child, Uri url) => (this.child, Url) = (child, url);

    public Uri Url { get; }

    public static async Task<ProviderProcess> StartAsync(int faults, int seed, int ledgerPort)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList =
            {
                Path.Combine(AppContext.BaseDirectory, "Ledger.Samples.PaymentProvider.dll"), "--urls", "http://127.0.0.1:0", "--callback", $"http://127.0.0.1:{ledgerPort}",
                "--faults", faults.ToString(CultureInfo.InvariantCulture), "--seed", seed.ToString(CultureInfo.InvariantCulture), "--late", "1500",
            },
            WorkingDirectory = AppContext.BaseDirectory,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            Environment = { ["PROVIDER_KEY"] = Key, ["DOTNET_TieredPGO"] = "0" },
        };
        var process = Process.Start(start)!;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Kill(process);
        const string Ready = "The provider is ready at ";
        while (await process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60)) is { } line)
        {
            if (!line.StartsWith(Ready, StringComparison.Ordinal)) continue;
            _ = process.StandardOutput.ReadToEndAsync();
            return new(process, new(line[Ready.Length..]));
        }

        throw new InvalidOperationException("The provider ended while it started.");
    }

    /// <summary>A port of the loopback interface that nobody has at present.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        Kill(child);
        await child.WaitForExitAsync();
        child.Dispose();
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It ended, or was disposed of.
        }
    }
}
