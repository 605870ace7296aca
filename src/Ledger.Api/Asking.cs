using Ledger.Postgres;
using Ledger.Postgres.Paying;

namespace Ledger.Api;

/// <summary>Asking the payment provider while a caller waits: under a number of its own, so that a caller who repeats the request repeats the question.</summary>
internal static class Asking
{
    /// <summary>Its yes or no; null after a problem was answered, and nothing was recorded.</summary>
    public static async Task<ProviderAnswer?> AskAsync(this Call call, Func<PaymentProvider, Task<ProviderAnswer>> ask)
    {
        var provider = call.Http.RequestServices.GetRequiredService<PaymentProvider>();
        if (!provider.IsConfigured)
        {
            await Problems.WriteAsync(call.Http, Problems.ProviderNotConfigured);
            return null;
        }

        var answer = await ask(provider);
        if (answer.Verdict is ProviderVerdict.Yes or ProviderVerdict.No) return answer;
        await Problems.WriteAsync(
            call.Http, answer.Verdict == ProviderVerdict.Differs ? Problems.ProviderDiffers : Problems.ProviderSilent, JsonFacts.Of(new { reason = answer.Said }));
        return null;
    }

    /// <summary>Decides the operation and records nothing: true after it was refused, and the refusal answered.</summary>
    public static async Task<bool> WouldRefuseAsync(this Call call, Operation operation)
    {
        var trial = operation with
        {
            Request = operation.Request with { Key = null },
            Decide = book => operation.Decide(book) switch
            {
                Verdict.Accepted accepted => accepted with { Changes = [] },
                var other => other,
            },
        };
        if (await call.Http.RequestServices.GetRequiredService<Scribes>().SubmitAsync(trial, call.Aborted) is not Outcome.Rejected(var reason)) return false;
        await Problems.WriteAsync(call.Http, reason);
        return true;
    }
}
