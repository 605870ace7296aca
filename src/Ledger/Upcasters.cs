using System.Text.Json.Nodes;

namespace Ledger;

/// <summary>
/// Brings events that were stored in an older shape up to today's. The entry itself is never touched: its hash covers what
/// was written. Pure; each upcaster says whether it changed anything, so that today's shape passes untouched.
/// </summary>
public static class Upcasters
{
    public static Func<JsonObject, bool>? For(string storedName) => storedName switch
    {
        "terms_published" => TermsOfFirstBooks,
        _ => null,
    };

    /// <summary>
    /// The first books knew one kind of coupon: <c>{faceValue, minimumSpend, expiresAt}</c>, an amount off until an instant,
    /// reckoned in Shanghai and valid from receipt.
    /// </summary>
    private static bool TermsOfFirstBooks(JsonObject data)
    {
        if (data["terms"] is not JsonObject old) return false;
        if (old["faceValue"] is not { } off || old["minimumSpend"] is not { } floor || old["expiresAt"] is not { } end) return false;
        data["terms"] = new JsonObject
        {
            ["benefit"] = new JsonObject { ["kind"] = "fixedAmount", ["off"] = off.DeepClone() },
            ["minimumSpend"] = floor.DeepClone(),
            ["timeZone"] = "Asia/Shanghai",
            ["validity"] = new JsonObject
            {
                ["windowStart"] = "2000-01-01T00:00:00.000000Z",
                ["windowEnd"] = end.DeepClone(),
                ["waitDays"] = 0,
            },
            ["usableOn"] = new JsonArray(),
            ["stores"] = new JsonArray(),
            ["limits"] = new JsonObject(),
        };
        return true;
    }
}
