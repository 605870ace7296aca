using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace Ledger.Api;

/// <summary>The attributes of one member, read once when the plan is made.</summary>
/// <param name="owner">The record and the member, for the exceptions of a plan that cannot be made.</param>
internal sealed class MemberRules(string owner, ValidationAttribute[] rules, bool isNullable)
{
    public string Owner => owner;

    /// <summary>A string that has to be there has to say something, unless the member says otherwise.</summary>
    public bool AllowsEmptyText => Find<RequiredAttribute>()?.AllowEmptyStrings ?? isNullable;

    public T? Find<T>()
        where T : ValidationAttribute => rules.OfType<T>().FirstOrDefault();

    /// <exception cref="NotSupportedException">An attribute other than Required and these is there.</exception>
    public void AllowOnly(Type type, params Type[] attributes)
    {
        var wrong = rules.FirstOrDefault(rule => rule is not RequiredAttribute && !attributes.Contains(rule.GetType()));
        if (wrong is not null) throw new NotSupportedException($"{owner}: {wrong.GetType().Name} does not fit {type}.");
    }

    /// <summary>The narrowest lengths that all attributes allow, both inclusive.</summary>
    public (int Min, int Max) Lengths(int min, int defaultMax)
    {
        int? max = null;
        foreach (var rule in rules)
        {
            var (low, high) = rule switch
            {
                StringLengthAttribute both => (both.MinimumLength, both.MaximumLength),
                LengthAttribute both => (both.MinimumLength, both.MaximumLength),
                MinLengthAttribute least => (least.Length, max),
                MaxLengthAttribute most => (min, most.Length),
                _ => (min, max),
            };
            min = Math.Max(min, low);
            max = high is { } limit ? Math.Min(max ?? limit, limit) : max;
        }

        if (min > (max ?? defaultMax)) throw new NotSupportedException($"{owner}: no length is allowed.");
        return (min, max ?? defaultMax);
    }

    /// <summary>The integers that the type and the attribute allow, both inclusive.</summary>
    public (long Min, long Max) Range(long least, long most)
    {
        if (Find<RangeAttribute>() is not { } range) return (least, most);
        var min = Math.Max(least, Whole(range.Minimum) + (range.MinimumIsExclusive ? 1 : 0));
        var max = Math.Min(most, Whole(range.Maximum) - (range.MaximumIsExclusive ? 1 : 0));
        if (min > max) throw new NotSupportedException($"{owner}: no number is allowed.");
        return (min, max);
    }

    /// <summary>A sentence such as "Send text of 1 to 64 characters."</summary>
    public static string Between(string start, int min, int max, string unit) => string.Create(
        CultureInfo.InvariantCulture,
        $"{start} {(min == max ? "exactly " : min == 0 ? "at most " : $"{min} to ")}{max} {unit}.");

    /// <summary>The constructors of Range take int, double (what a long literal becomes) and text.</summary>
    private long Whole(object bound) => bound switch
    {
        int whole => whole,
        double number when Math.Abs(number) <= CanonicalJson.MaxInteger && double.IsInteger(number) => (long)number,
        string text when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => whole,
        _ => throw new NotSupportedException($"{owner}: the bound {bound} is not a whole number within 2^53 - 1."),
    };
}
