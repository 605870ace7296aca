namespace Ledger;

/// <summary>Where a book says whether another key than the author has to approve.</summary>
public sealed record ApprovalRule(StreamName Stream, Func<BookStates, bool> NeedsAnother);

public sealed record FourEyes() : Rejection(
    RejectionKind.RuleViolated, "Who wrote it cannot approve it", "Have it approved with another API key than drafted, amended or submitted it.");

/// <summary>What else a book has to say about a member before points move: a slice that knows members refuses there, and nobody else names it.</summary>
/// <param name="Stream">The stream that says it.</param>
/// <param name="Refusal">Null: nothing stands against it.</param>
public sealed record MemberRule(StreamName Stream, Func<BookStates, Rejection?> Refusal);
