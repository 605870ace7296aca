using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;

namespace Ledger.Tests;

/// <summary>
/// What must hold for every case that a generator makes. Each run tries the same cases; <c>LEDGER_SEED</c> (a number) tries others, and
/// a failure names the seed that repeats it.
/// </summary>
internal static class Holds
{
    private const ulong DefaultSeed = 20261120;

    /// <summary>The second half of FsCheck's seed, an odd number: the golden ratio's, as SplitMix recommends.</summary>
    private const ulong Gamma = 0x9E37_79B9_7F4A_7C15;

    private static readonly ulong s_seed =
        ulong.TryParse(Environment.GetEnvironmentVariable("LEDGER_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var seed) ? seed : DefaultSeed;

    public static void For<T>(Gen<T> cases, Action<T> check, int times = 300)
    {
        var replay = new Replay(new Rnd(s_seed, Gamma), FSharpOption<int>.None);
        var config = Config.QuickThrowOnFailure.WithMaxTest(times).WithQuietOnSuccess(true).WithReplay(FSharpOption<Replay>.Some(replay));
        try
        {
            Check.One(config, Prop.ForAll(cases.ToArbitrary(), check));
        }
        catch (Exception exception)
        {
            throw new Xunit.Sdk.XunitException($"LEDGER_SEED={s_seed} repeats this: {exception.Message}", exception);
        }
    }
}
