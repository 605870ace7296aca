using Ledger.Coupons.Baskets;

namespace Ledger.Coupons.Codes;

/// <summary>Where the codes of a campaign's coupons come from.</summary>
public enum CodeSource
{
    /// <summary>The ledger makes them (WECHATPAY_MODE).</summary>
    Generated,

    /// <summary>The merchant uploads them beforehand (MERCHANT_UPLOAD).</summary>
    Uploaded,

    /// <summary>Whoever issues a coupon names its code (MERCHANT_API).</summary>
    Given,
}

/// <summary>What terms say of codes.</summary>
/// <param name="Rotation">How long a shown code stands; null: the code does not rotate.</param>
public sealed record CodeRule(CodeSource Source = CodeSource.Generated, Rotation? Rotation = null);

/// <summary>Uploaded codes of one campaign, as a count and a place in its deposits: no larger for a million codes than for one.</summary>
/// <param name="Batches">Deposits so far; their codes stand in streams numbered from 1.</param>
/// <param name="Batch">The deposit that the next code is taken from.</param>
/// <param name="Index">Its place there, from 0.</param>
public sealed record CodePool(int Batches, long Deposited, long Dispatched, int Batch, int Index)
{
    public static CodePool Empty { get; } = new(0, 0, 0, 1, 0);
}

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record CodePoolEvent
{
    private CodePoolEvent() { }

    /// <param name="Batch">Number of the deposit; its codes are the one entry of its own stream.</param>
    public sealed record CodesAdded(int Batch, int Count) : CodePoolEvent;

    /// <param name="NextBatch">Where the next code stands, like <paramref name="NextIndex"/>; there may be none yet.</param>
    public sealed record CodeDispatched(string Code, int NextBatch, int NextIndex) : CodePoolEvent;
}

/// <summary>The codes of one deposit, in their order: written once.</summary>
public sealed record CodeBatch(IReadOnlyList<string> Codes)
{
    public static CodeBatch None { get; } = new([]);

    public bool Equals(CodeBatch? other) => other is not null && Lists.Same(Codes, other.Codes);

    public override int GetHashCode() => Codes.Count;
}

public abstract record CodeBatchEvent
{
    private CodeBatchEvent() { }

    public sealed record CodesDeposited(string Campaign, IReadOnlyList<string> Codes) : CodeBatchEvent
    {
        public bool Equals(CodesDeposited? other) => other is not null && Campaign == other.Campaign && Lists.Same(Codes, other.Codes);

        public override int GetHashCode() => HashCode.Combine(Campaign, Codes.Count);
    }
}

/// <param name="Source">Where the campaign's codes come from.</param>
public sealed record CodesNotUploaded(CodeSource Source) : Rejection(
    RejectionKind.Conflict, "The campaign takes no uploaded codes", "Let the terms say codes.source uploaded, or leave the upload out.");

/// <param name="Deposited">Codes that were ever uploaded; all of them were given out.</param>
public sealed record CodesExhausted(long Deposited) : Rejection(
    RejectionKind.Conflict, "The campaign's pool has no code left", "Upload further codes: POST /v1/campaigns/{id}/codes.");

public sealed record CodePoolFull(long Limit) : Rejection(
    RejectionKind.RuleViolated, "The campaign's pool would have more codes than a campaign can issue", "Upload fewer codes.");

/// <param name="Source">Where the campaign's codes come from.</param>
public sealed record CodeNotTaken(CodeSource Source) : Rejection(
    RejectionKind.RuleViolated, "The campaign does not take a code at issue", "Leave the code out; the answer names the one that was given.");

public sealed record CodeMissing() : Rejection(
    RejectionKind.RuleViolated, "The campaign needs a code at issue", "Name the coupon's code.");

public sealed record CodeUnfit(PoolCodeFault Fault) : Rejection(
    RejectionKind.RuleViolated, "The text may not be a coupon's code", "Choose a code of 1 to 64 digits, letters and -_+=| that neither looks like a payment code nor reads as one of the ledger's own.");

/// <summary>A mistyped code: of our form, and no coupon of the merchant has it.</summary>
public sealed record CodeCheckFailed() : Rejection(
    RejectionKind.Malformed, "The code's check character is wrong", "Scan or type the code again.");

/// <summary>A pool's codes leave it in the order of the uploads, each once.</summary>
public static class CodePoolDecider
{
    /// <param name="count">New codes of a deposit; 0 changes nothing.</param>
    public static Decision<CodePoolEvent> Deposit(CodePool state, int count)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (count == 0) return Decision<CodePoolEvent>.Unchanged;
        return state.Deposited + count > Limits.MaxQuota ? new CodePoolFull(Limits.MaxQuota) : new CodePoolEvent.CodesAdded(state.Batches + 1, count);
    }

    /// <param name="codes">Those of <see cref="CodePool.Batch"/>; none where it does not exist yet.</param>
    public static Decision<CodePoolEvent> Dispatch(CodePool state, IReadOnlyList<string> codes)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(codes);
        if (state.Dispatched == state.Deposited) return new CodesExhausted(state.Deposited);
        return state.Index + 1 < codes.Count
            ? new CodePoolEvent.CodeDispatched(codes[state.Index], state.Batch, state.Index + 1)
            : new CodePoolEvent.CodeDispatched(codes[state.Index], state.Batch + 1, 0);
    }

    public static CodePool Evolve(CodePool state, CodePoolEvent fact) => fact switch
    {
        CodePoolEvent.CodesAdded e => state with { Batches = e.Batch, Deposited = state.Deposited + e.Count },
        CodePoolEvent.CodeDispatched e => state with { Dispatched = state.Dispatched + 1, Batch = e.NextBatch, Index = e.NextIndex },
        _ => throw new System.Diagnostics.UnreachableException($"{fact}"),
    };

    public static CodeBatch Evolve(CodeBatch state, CodeBatchEvent fact) => fact switch
    {
        CodeBatchEvent.CodesDeposited e => new(e.Codes),
        _ => throw new System.Diagnostics.UnreachableException($"{fact}"),
    };

    /// <summary>1 for each code that was ever uploaded; 2 would be a mistake, and nothing takes a code back.</summary>
    public static IReadOnlyList<TallyChange> TalliesOf(CodeBatchEvent fact) =>
        fact is CodeBatchEvent.CodesDeposited e ? [.. e.Codes.Select(code => new TallyChange(CodePoolStreams.Tally(code), 1))] : [];
}

/// <summary>Streams of uploaded codes: <c>codepool-{campaign}</c>, and <c>codes-{campaign}-{n}</c> for the n-th deposit.</summary>
public static class CodePoolStreams
{
    public static StreamType<CodePool, CodePoolEvent> Pool { get; } = new("codepool", Schema: 1, CodePool.Empty, CodePoolDecider.Evolve);

    /// <summary>Written once, so the scribe may remember it; a thousand codes weigh as much as many terms.</summary>
    public static StreamType<CodeBatch, CodeBatchEvent> Batch { get; } =
        new("codes", Schema: 1, CodeBatch.None, CodePoolDecider.Evolve, CodePoolDecider.TalliesOf, IsImmutable: true) { Weight = 100 };

    public static Stream<CodePool, CodePoolEvent> PoolOf(string campaign) => Pool.At($"codepool-{campaign}");

    public static Stream<CodeBatch, CodeBatchEvent> BatchOf(string campaign, int number) => Batch.At(FormattableString.Invariant($"codes-{campaign}-{number}"));

    /// <summary>The tally that says whether the merchant uploaded the code, to any campaign.</summary>
    public static string Tally(string code) => $"code/{code}";
}
