using NodaTime;

namespace Ledger.Coupons.Offline;

/// <summary>By which moment a forwarded record is judged.</summary>
/// <param name="At">The till's business time where it can be true, else the time of receipt.</param>
/// <param name="DeviceClockSkew">The till's clock said what cannot be true: flag the record and have the clock set.</param>
public readonly record struct JudgedTime(Instant At, bool DeviceClockSkew)
{
    /// <summary>How far the till's clock may be ahead of ours.</summary>
    public static Duration MaxAhead { get; } = Duration.FromMinutes(5);

    /// <summary>
    /// A record that the till made offline happened after it last synchronised and before it was received, give or take
    /// <see cref="MaxAhead"/>; both ends count.
    /// </summary>
    public static JudgedTime Of(Instant businessTime, Instant lastSync, Instant received) =>
        businessTime >= lastSync && businessTime <= received + MaxAhead ? new(businessTime, false) : new(received, true);
}
