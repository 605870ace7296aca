namespace Ledger;

/// <summary>What a check answers: what it let pass, or the one business reason to refuse it.</summary>
public abstract record Checked<T>
{
    private Checked() { }

    public sealed record Passed(T Value) : Checked<T>;

    public sealed record Refused(Rejection Reason) : Checked<T>;

    public static implicit operator Checked<T>(T value) => new Passed(value);
    public static implicit operator Checked<T>(Rejection reason) => new Refused(reason);
}
