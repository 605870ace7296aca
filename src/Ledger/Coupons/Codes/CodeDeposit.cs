using System.Buffers;

namespace Ledger.Coupons.Codes;

/// <summary>What becomes of one uploaded code, as Alipay and WeChat answer it too.</summary>
public enum CodeOutcome
{
    /// <summary>New, and in the pool from now on.</summary>
    Success,

    /// <summary>Not a code by its form; <see cref="DepositedCode.Fault"/> says why.</summary>
    Invalid,

    /// <summary>The merchant has this code already, in this pool or in another.</summary>
    Exists,

    /// <summary>It stands earlier in the same upload; only the first one counts.</summary>
    DuplicateInBatch,
}

/// <summary>Why a text is not a code of a pool, in the order of the checks.</summary>
public enum PoolCodeFault
{
    None,
    Empty,
    TooLong,
    WrongCharacter,

    /// <summary>Tills would take it for a payment code.</summary>
    PaymentCode,

    /// <summary>Tills would read it as another code of the ledger's, or the ledger might make it itself.</summary>
    ReadsAsOurs,
}

/// <param name="Code">As it was uploaded.</param>
public sealed record DepositedCode(string Code, CodeOutcome Outcome, PoolCodeFault Fault = PoolCodeFault.None);

/// <summary>
/// Codes that a merchant brings along (MERCHANT_UPLOAD): 1 to 64 characters of digits, letters and <c>-_+=|</c>, in which case counts, as
/// at Alipay. They have no check character. They may neither look like a payment code nor read as a code of ours, unless that is written
/// exactly so and is none that the ledger makes: 13 characters with a letter among them.
/// </summary>
public static class CodeDeposit
{
    private static readonly SearchValues<char> s_characters = SearchValues.Create("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_+=|");

    /// <summary>Why the text may be no code of a merchant's own.</summary>
    public static PoolCodeFault FaultOf(ReadOnlySpan<char> text) => FormOf(text) switch
    {
        not PoolCodeFault.None and var fault => fault,
        _ when PaymentCodes.KindOf(text) != PaymentCodeKind.None => PoolCodeFault.PaymentCode,
        _ when ReadsAsOurs(text) => PoolCodeFault.ReadsAsOurs,
        _ => PoolCodeFault.None,
    };

    /// <summary>Length and characters alone. Nothing is trimmed: a space in front is a wrong character.</summary>
    public static PoolCodeFault FormOf(ReadOnlySpan<char> text) => text switch
    {
        { IsEmpty: true } => PoolCodeFault.Empty,
        { Length: > Limits.MaxPoolCode } => PoolCodeFault.TooLong,
        _ when text.ContainsAnyExcept(s_characters) => PoolCodeFault.WrongCharacter,
        _ => PoolCodeFault.None,
    };

    private static bool ReadsAsOurs(ReadOnlySpan<char> text) =>
        RotatingCode.Check(text, out _) == CouponCodeFault.None
        || (CouponCode.TryParse(text, out var ours) && (!text.SequenceEqual(ours.Value) || ours.CouldBeMade));

    /// <summary>One answer for each code, in the order of the upload.</summary>
    /// <param name="exists">Whether the merchant has the code; asked once for each well-formed code.</param>
    /// <exception cref="ArgumentException">There are more than <see cref="Limits.MaxDeposit"/>: the edge lets no such upload in.</exception>
    public static IReadOnlyList<DepositedCode> Classify(IReadOnlyList<string> uploaded, Func<string, bool> exists)
    {
        ArgumentNullException.ThrowIfNull(uploaded);
        ArgumentNullException.ThrowIfNull(exists);
        if (uploaded.Count > Limits.MaxDeposit) throw new ArgumentException($"One deposit has at most {Limits.MaxDeposit} codes, not {uploaded.Count}.", nameof(uploaded));

        var seen = new HashSet<string>(StringComparer.Ordinal);
        return [.. uploaded.Select(code => FaultOf(code) switch
        {
            not PoolCodeFault.None and var fault => new DepositedCode(code, CodeOutcome.Invalid, fault),
            _ when !seen.Add(code) => new(code, CodeOutcome.DuplicateInBatch),
            _ when exists(code) => new(code, CodeOutcome.Exists),
            _ => new(code, CodeOutcome.Success),
        })];
    }
}
