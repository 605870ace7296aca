using System.Globalization;
using System.Text;
using Ledger.Coupons;
using NodaTime;

namespace Ledger.Postgres.Audit;

/// <summary>
/// Spells a coupon's state as the scribe writes it (<see cref="LedgerJson.Options"/>: members by name), so that a state which is right is
/// known by its bytes. A state that differs is judged by reading it; a mistake here can only cost time.
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
        (length, isPlain) = (0, coupon is { Hold: null, Step: null, Sold: null, Claim: null, Gift: null, IsHidden: null, Surface: null, Last: null or { Basket: null, Charged: null } });
        PutText("{\"campaign\":\""u8, coupon.Campaign);
        PutNumber("\",\"cycles\":"u8, coupon.Cycles);
        if (coupon.Last is { } last) PutUse(last);
        if (coupon.Latest is { } latest) PutWord(",\"latest\":\""u8, latest);
        PutText(",\"member\":\""u8, coupon.Member);
        PutNumber("\",\"redemptions\":"u8, coupon.Redemptions);
        PutText(",\"status\":\""u8, NameOf(coupon.Status));
        PutNumber("\",\"termsVersion\":"u8, coupon.TermsVersion);
        PutNumber(",\"uses\":"u8, coupon.Uses);
        PutTime(",\"validFrom\":\""u8, coupon.ValidFrom);
        PutTime("\",\"validTo\":\""u8, coupon.ValidTo);
        Put("\"}"u8);
        text = buffer.AsSpan(0, length);
        return isPlain;
    }

    private void PutUse(CouponUse use)
    {
        PutNumber(",\"last\":{\"amount\":"u8, use.Amount.Minor);
        PutTime(",\"at\":\""u8, use.At);
        PutNumber("\",\"discount\":"u8, use.Discount.Minor);
        if (use.Hold is not null) PutWord(",\"hold\":\""u8, use.Hold);
        Put(use.IsVoided ? ",\"isVoided\":true"u8 : ",\"isVoided\":false"u8);
        if (use.Order is not null) PutWord(",\"order\":\""u8, use.Order);
        PutText(",\"redemptionId\":\""u8, use.RedemptionId);
        PutWord("\",\"request\":\""u8, use.Request);
        if (use.Store is not null) PutWord(",\"store\":\""u8, use.Store);
        if (use.Till is not null) PutWord(",\"till\":\""u8, use.Till);
        PutTime(",\"voidableUntil\":\""u8, use.VoidableUntil);
        Put("\"}"u8);
    }

    private void PutWord(ReadOnlySpan<byte> name, string value)
    {
        PutText(name, value);
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
