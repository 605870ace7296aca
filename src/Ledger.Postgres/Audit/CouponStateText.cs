using System.Globalization;
using System.Text;
using Ledger.Coupons;
using NodaTime;

namespace Ledger.Postgres.Audit;

/// <summary>
/// Spells a coupon's state as the server spells the <c>jsonb</c> of it (members by length, then by name), so that a state which is right
/// is known by its bytes. A state that differs is judged by reading it; a mistake here can only cost time.
/// </summary>
internal sealed class CouponStateText
{
    private readonly TimeText times = new();
    private readonly byte[] buffer = new byte[4096];
    private int length;
    private bool isPlain;

    /// <summary>False where a text needs escapes, the coupon has anything unusual about it or names a basket, or the state is unusually long.</summary>
    public bool TryWrite(Coupon coupon, out ReadOnlySpan<byte> text)
    {
        (length, isPlain) = (0, coupon is { Hold: null, Step: null, Sold: null, Claim: null, Gift: null, Last: null or { Basket: null } });
        Put("{"u8);
        if (coupon.Last is { } last)
        {
            Put("\"last\": {"u8);
            PutUse(last);
            Put("}, "u8);
        }

        PutNumber("\"uses\": "u8, coupon.Uses);
        PutNumber(", \"cycles\": "u8, coupon.Cycles);
        PutText(", \"member\": \""u8, coupon.Member);
        PutText("\", \"status\": \""u8, NameOf(coupon.Status));
        PutTime("\", \"validTo\": \""u8, coupon.ValidTo);
        PutText("\", \"campaign\": \""u8, coupon.Campaign);
        PutTime("\", \"validFrom\": \""u8, coupon.ValidFrom);
        PutNumber("\", \"redemptions\": "u8, coupon.Redemptions);
        PutNumber(", \"termsVersion\": "u8, coupon.TermsVersion);
        Put("}"u8);
        text = buffer.AsSpan(0, length);
        return isPlain;
    }

    private void PutUse(CouponUse use)
    {
        PutTime("\"at\": \""u8, use.At);
        if (use.Hold is not null) PutText("\", \"hold\": \""u8, use.Hold);
        if (use.Till is not null) PutText("\", \"till\": \""u8, use.Till);
        if (use.Order is not null) PutText("\", \"order\": \""u8, use.Order);
        if (use.Store is not null) PutText("\", \"store\": \""u8, use.Store);
        PutNumber("\", \"amount\": "u8, use.Amount.Minor);
        PutText(", \"request\": \""u8, use.Request);
        PutNumber("\", \"discount\": "u8, use.Discount.Minor);
        Put(use.IsVoided ? ", \"isVoided\": true"u8 : ", \"isVoided\": false"u8);
        PutText(", \"redemptionId\": \""u8, use.RedemptionId);
        PutTime("\", \"voidableUntil\": \""u8, use.VoidableUntil);
        Put("\""u8);
    }

    private static string NameOf(CouponStatus status) => status switch
    {
        CouponStatus.Issued => nameof(CouponStatus.Issued),
        CouponStatus.Used => nameof(CouponStatus.Used),
        CouponStatus.Expired => nameof(CouponStatus.Expired),
        _ => status.ToString(),
    };

    private void PutTime(ReadOnlySpan<byte> name, Instant time)
    {
        Put(name);
        if (length + Times.Length > buffer.Length) isPlain = false;
        if (!isPlain) return;
        times.Write(PostgresTime.Of(time), buffer.AsSpan(length));
        length += Times.Length;
    }

    private void PutNumber(ReadOnlySpan<byte> name, long value)
    {
        Put(name);
        if (!value.TryFormat(buffer.AsSpan(length), out var written, default, CultureInfo.InvariantCulture)) isPlain = false;
        length += written;
    }

    private void PutText(ReadOnlySpan<byte> name, string value)
    {
        Put(name);
        if (!isPlain || Ascii.FromUtf16(value, buffer.AsSpan(length), out var written) != System.Buffers.OperationStatus.Done)
        {
            isPlain = false;
            return;
        }

        var text = buffer.AsSpan(length, written);
        isPlain = !text.ContainsAny((byte)'"', (byte)'\\') && !text.ContainsAnyInRange((byte)0, (byte)0x1F);
        length += written;
    }

    private void Put(ReadOnlySpan<byte> text)
    {
        if (!isPlain || !text.TryCopyTo(buffer.AsSpan(length)))
        {
            isPlain = false;
            return;
        }

        length += text.Length;
    }
}
