using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using Ledger.FuCards;
using Ledger.FuCards.Draws;
using Ledger.Merchants;
using Ledger.Postgres;
using NodaTime;

namespace Ledger.Api;

/// <summary>A type of card.</summary>
/// <param name="Code">Such as 1001.</param>
/// <param name="Kind">Of kind five there are exactly five, of kind grand at most one.</param>
public sealed record FuCardTypeBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Code,
    [property: StringLength(Limits.MaxName, MinimumLength = 1)] string Name,
    FuCardKind Kind = FuCardKind.Five);

/// <summary>Where cards come from.</summary>
/// <param name="Weights">The odds: one for each type, in the order of the types.</param>
/// <param name="PerDay">Draws of one user in a day.</param>
/// <param name="IsOfMerchants">Each draw here names a merchant that issues cards.</param>
public sealed record FuSourceBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Name,
    [property: Length(5, Limits.MaxCardTypes)] IReadOnlyList<int> Weights,
    [property: Range(1, Limits.MaxFuPerDay)] int PerDay = 10,
    bool IsOfMerchants = false);

/// <summary>The pot, in minor units.</summary>
/// <param name="Minimum">The least that a ticket gets.</param>
/// <param name="Cap">The most that a ticket gets.</param>
public sealed record FuPotBody(
    [property: Range(100, Limits.MaxBudget)] long Amount,
    [property: Range(1, Limits.PrizeCap)] long Minimum = 20,
    [property: Range(1, Limits.PrizeCap)] long Cap = Limits.PrizeCap,
    PotWeight Weight = PotWeight.Uniform);

/// <summary>The grand draw: of the tickets with which a card of kind grand was composed, so many win this beside their share of the pot.</summary>
/// <param name="Prize">Of each winner, in minor units, apart from the pot; with the pot's cap at most 50,000 yuan, as one ticket may win both.</param>
/// <param name="Winners">Where fewer tickets take part, all of them win, and the rest is not given out.</param>
public sealed record FuGrandBody([property: Range(1, Limits.PrizeCap)] long Prize, [property: Range(1, Limits.MaxGrandWinners)] int Winners);

/// <summary>What one user may.</summary>
/// <param name="Draws">In a day, over all sources.</param>
/// <param name="Gifts">Gifts, swaps and cards for those who beg, in a day.</param>
/// <param name="HandsPerDevice">Absent: devices are not looked at.</param>
/// <param name="MinimumAge">In full years; absent: no age is asked.</param>
/// <param name="NeedsPerson">One hand for a natural person, whatever accounts it has.</param>
public sealed record FuLimitsBody(
    [property: Range(1, Limits.MaxFuPerDay)] int Draws = 30,
    [property: Range(0, Limits.MaxFuPerDay)] int Gifts = 20,
    [property: Range(0, Limits.MaxFuPerDay)] int Begs = 20,
    [property: Range(1, Limits.MaxFuPerDay)] int? HandsPerDevice = null,
    [property: Range(1, 150)] int? MinimumAge = null,
    bool NeedsPerson = false);

/// <summary>When a beacon publishes its rounds, as its own info says: round n comes at genesis + (n - 1) periods.</summary>
/// <param name="Genesis">Of round 1, in seconds since 1970-01-01T00:00Z (drand: genesis_time).</param>
/// <param name="Period">Seconds from round to round.</param>
public sealed record BeaconTimesBody([property: Range(0, Ledger.Limits.MaxBeaconGenesis)] long Genesis, [property: Range(1, Ledger.Limits.MaxBeaconPeriod)] int Period);

/// <summary>Drafts a campaign, or replaces its draft. From its commitment on nothing of this changes.</summary>
/// <param name="Deadline">First instant at which no hand changes any more.</param>
/// <param name="ClaimsUntil">First instant at which prizes have lapsed.</param>
/// <param name="BeaconChain">The public beacon's chain.</param>
/// <param name="BeaconRound">A round whose time is after the deadline. Should the beacon never publish it: the next one that it publishes.</param>
/// <param name="Shards">Books over which users are spread; one takes thousands of requests a second.</param>
/// <param name="BeaconTimes">With them it is checked that the round's time is after the deadline, and in the end after the sealing. Absent: where beaconChain is the
/// hash of drand's chain default or quicknet that chain's; else nothing is checked.</param>
/// <param name="Grand">Together with one type of kind grand; absent: there is no grand draw.</param>
public sealed record DraftFuBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Id,
    [property: StringLength(Limits.MaxName, MinimumLength = 1)] string Name,
    [property: Length(5, Limits.MaxCardTypes)] IReadOnlyList<FuCardTypeBody> Types,
    [property: Length(1, Limits.MaxFuSources)] IReadOnlyList<FuSourceBody> Sources,
    Instant OpensAt,
    Instant Deadline,
    Instant ClaimsUntil,
    FuPotBody Pot,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string BeaconChain,
    [property: Range(1, CanonicalJson.MaxInteger)] long BeaconRound,
    FuLimitsBody? Limits = null,
    [property: Range(1, Ledger.Limits.MaxFuShards)] int Shards = 4,
    BeaconTimesBody? BeaconTimes = null, FuGrandBody? Grand = null);

/// <summary>Adds a merchant's cards. They carry the coupon that the merchant itself agreed to (POST /v1/fu-participations).</summary>
/// <param name="Quota">Cards in all.</param>
/// <param name="PerDay">Cards of a day; absent: no cap.</param>
public sealed record FuIssueBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Merchant,
    [property: Range(1, Limits.MaxQuota)] long Quota,
    [property: Range(1, Limits.MaxQuota)] long? PerDay = null);

/// <summary>What the beacon published.</summary>
/// <param name="Signature">Lower-case hexadecimal digits; the randomness is its SHA-256.</param>
public sealed record RevealBody(
    [property: Range(1, CanonicalJson.MaxInteger)] long Round,
    [property: StringLength(2 * Limits.MaxBeaconSignature, MinimumLength = 2), RegularExpression("^([0-9a-f]{2})+$")] string Signature);

/// <summary>A merchant's issue.</summary>
/// <param name="Granted">Of the quota, to shards.</param>
/// <param name="Issued">Cards that users drew.</param>
public sealed record FuIssueView(string Merchant, long Quota, long? PerDay, long Granted, long Issued);

/// <summary>Fu-card campaigns: rules, commitment, merchants' issues, sealing and reveal.</summary>
public static class FuCampaignEndpoints
{
    private const int SeedBytes = Commitment.SeedBytes;

    private static readonly SemaphoreSlim s_proofs = new(4);

    public static void MapFuCampaigns(this IEndpointRouteBuilder routes)
    {
        routes.MapCommand("/v1/fu-campaigns", Access.Merchant, DraftAsync).Takes<DraftFuBody>().Answers<FuCampaignView>(201);
        routes.MapQuery("/v1/fu-campaigns/{id}", Access.Till, ShowAsync).Answers<FuCampaignView>();
        routes.MapCommand("/v1/fu-campaigns/{id}/commit", Access.Owner, CommitAsync).Answers<FuCampaignView>();
        routes.MapCommand("/v1/fu-campaigns/{id}/reveal", Access.Owner, RevealAsync).Takes<RevealBody>().Answers<FuCampaignView>();
        routes.MapCommand("/v1/fu-campaigns/{id}/issues", Access.Merchant, IssueAsync).Takes<FuIssueBody>().Answers<FuIssue>(201);
        routes.MapQuery("/v1/fu-campaigns/{id}/issues/{merchant}", Access.Merchant, ShowIssueAsync).Answers<FuIssueView>();
        routes.MapQuery("/v1/fu-campaigns/{id}/proof", Access.Till, ProofAsync).AnswersLines();
        routes.MapQuery("/v1/fu-campaigns/{id}/cards", Access.Merchant, CardsAsync).Answers<IReadOnlyList<FuCardSums>>();
    }

    /// <summary>The seed is made when it is first asked for, and leaves the service with the reveal.</summary>
    internal static ValueTask<byte[]> SeedAsync(Call call, string owner, string campaign) => call.Http.RequestServices.GetRequiredService<Secrets>()
        .OfAsync(owner, $"fu-seed/{campaign}", () => RandomNumberGenerator.GetBytes(SeedBytes), call.Aborted);

    /// <summary>The first book of the campaign in the route; null after a problem was answered.</summary>
    internal static async Task<FuBook?> BookAsync(Call call)
    {
        var id = call.Route("id");
        var book = Headers.IsId(id) ? await call.Http.RequestServices.GetRequiredService<FuQueries>().BookAsync(call.Merchant, id, call.Aborted) : null;
        if (book is null) await Problems.WriteAsync(call.Http, new FuCampaignUnknown(id));
        return book;
    }

    private static async Task DraftAsync(Call call)
    {
        if (await call.ReadAsync<DraftFuBody>() is not var (body, raw) || await call.RefuseAsync(Check(body))) return;
        var limits = body.Limits ?? new();
        var rules = new FuRules(
            body.Name,
            [.. body.Types.Select(type => new FuCardType(type.Code, type.Name, type.Kind))],
            [.. body.Sources.Select(source => new FuSource(source.Name, source.Weights, source.PerDay, source.IsOfMerchants))],
            new(Times.Cut(body.OpensAt), Times.Cut(body.Deadline), Times.Cut(body.ClaimsUntil)),
            new(body.Pot.Amount, body.Pot.Minimum, body.Pot.Cap, body.Pot.Weight), new(body.BeaconChain, body.BeaconRound, TimesOf(body)),
            new(limits.Draws, limits.Gifts, limits.Begs, limits.HandsPerDevice, limits.MinimumAge, limits.NeedsPerson), body.Shards,
            body.Grand is { } grand ? new(body.Types.Single(type => type.Kind == FuCardKind.Grand).Code, grand.Prize, grand.Winners) : null);
        await call.SubmitAsync(FuOperations.Draft(call.Request(raw), body.Id, rules), StatusCodes.Status201Created);
    }

    private static Faults Check(DraftFuBody body)
    {
        var faults = new Faults();
        if (body.Types.Count(type => type.Kind == FuCardKind.Five) != 5) faults.Add("/types", "Name exactly five types of kind five.");
        if (body.Types.DistinctBy(type => type.Code, StringComparer.Ordinal).Count() < body.Types.Count) faults.Add("/types", "Name each type once.");
        if (body.Sources.DistinctBy(source => source.Name, StringComparer.Ordinal).Count() < body.Sources.Count) faults.Add("/sources", "Name each source once.");
        if (body.Sources.Any(source => source.Weights.Count != body.Types.Count || !CardDraw.IsFit(source.Weights)))
            faults.Add("/sources", "Give each source a weight for each type: none negative, with a sum of 1 to 2147483647.");
        else if (body.Types.Where((type, i) => type.Kind == FuCardKind.Five && body.Sources.All(source => source.Weights[i] == 0)).Any())
            faults.Add("/sources", "Let each of the five come from some source.");
        if (body.Deadline <= body.OpensAt || body.ClaimsUntil <= body.Deadline) faults.Add("/deadline", "Let it be after opensAt and before claimsUntil.");
        if (body.ClaimsUntil - body.OpensAt > Duration.FromDays(Limits.MaxFuDays)) faults.Add("/claimsUntil", "Let the campaign take half a year at most, claims included.");
        if (BeaconTimes.Of(body.BeaconChain) is { } known && TimesOf(body) != known) faults.Add("/beaconTimes", "Leave them out: this chain's are known, and are others.");
        if (TimesOf(body)?.FirstAfter((body.ClaimsUntil - Duration.Epsilon).ToUnixTimeSeconds()) <= body.BeaconRound) faults.Add("/beaconRound", "Let its time be before claimsUntil.");
        if (body.Types.Count(type => type.Kind == FuCardKind.Grand) != (body.Grand is null ? 0 : 1)) faults.Add("/grand", "Name it with exactly one type of kind grand, or neither.");
        else if (body.Types.Where((type, i) => type.Kind == FuCardKind.Grand && body.Sources.All(source => source.Weights.ElementAtOrDefault(i) == 0)).Any())
            faults.Add("/sources", "Let the card of kind grand come from some source.");
        if (body.Grand is { } grand && grand.Prize + body.Pot.Cap > Limits.PrizeCap)
            faults.Add("/grand/prize", $"Let it and the pot's cap together be at most {Limits.PrizeCap}, or lower the cap: one ticket may win both.");
        if (body.Pot.Minimum > body.Pot.Cap) faults.Add("/pot/cap", "Let it be at least the minimum.");
        return faults;
    }

    private static BeaconTimes? TimesOf(DraftFuBody body) => body.BeaconTimes is { } said ? new(said.Genesis, said.Period) : BeaconTimes.Of(body.BeaconChain);

    private static async Task ShowAsync(Call call)
    {
        var id = call.Route("id");
        var campaign = Headers.IsId(id) ? await Books(call).StateAsync(call.Merchant, FuStreams.CampaignOf(id), call.Aborted) : FuCampaign.None;
        if (campaign.Status == FuCampaignStatus.None) await Problems.WriteAsync(call.Http, new FuCampaignUnknown(id));
        else await call.JsonAsync(FuCampaignView.Of(id, campaign));
    }

    private static async Task CommitAsync(Call call)
    {
        var id = call.Route("id");
        if (!await IsDraftedAsync(call, id)) return;
        var command = new FuCampaignCommand.CommitFuCampaign(id, Commitment.HashOf(await SeedAsync(call, call.Merchant, id)), call.Now);
        if (await SubmitAsync(call, FuOperations.Do(call.Request([]), command)) is { } answer) await AdvanceAsync(call, id, answer);
    }

    private static async Task RevealAsync(Call call)
    {
        if (await call.ReadAsync<RevealBody>() is not var (body, raw)) return;
        var id = call.Route("id");
        if (!await IsDraftedAsync(call, id)) return;
        var command = new FuCampaignCommand.RevealSeed(id, await SeedAsync(call, call.Merchant, id), BeaconValue.Of(body.Round, Convert.FromHexString(body.Signature)), call.Now);
        if (await SubmitAsync(call, FuOperations.Do(call.Request(raw), command)) is { } answer) await Answers.RawAsync(call.Http, StatusCodes.Status200OK, answer);
    }

    /// <summary>A seed is made for a campaign that there is, and for no other; false after a problem was answered.</summary>
    private static async Task<bool> IsDraftedAsync(Call call, string id)
    {
        if (Headers.IsId(id) && (await Books(call).StateAsync(call.Merchant, FuStreams.CampaignOf(id), call.Aborted)).Status != FuCampaignStatus.None) return true;
        await Problems.WriteAsync(call.Http, new FuCampaignUnknown(id));
        return false;
    }

    private static async Task<ReadOnlyMemory<byte>?> SubmitAsync(Call call, Operation operation)
    {
        switch (await call.Http.RequestServices.GetRequiredService<Scribes>().SubmitAsync(operation, call.Aborted))
        {
            case Outcome.Accepted(var answer, var isReplayed):
                if (isReplayed) call.Http.Response.Headers["Idempotency-Replayed"] = "true";
                return answer;
            case Outcome.Rejected(var reason):
                await Problems.WriteAsync(call.Http, reason);
                return null;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>Opens the shards before the answer: whoever has it may open hands and add issues as soon as the campaign opens.</summary>
    private static async Task AdvanceAsync(Call call, string id, ReadOnlyMemory<byte> answer)
    {
        await call.Http.RequestServices.GetRequiredService<FuConductor>().AdvanceAsync(call.Merchant, id, call.Now, call.Aborted);
        await Answers.RawAsync(call.Http, StatusCodes.Status200OK, answer);
    }

    private static async Task IssueAsync(Call call)
    {
        if (await call.ReadAsync<FuIssueBody>() is not var (body, raw)) return;
        if (!(await Books(call).StateAsync(body.Merchant, MerchantStream.Stream, call.Aborted)).IsRegistered) await Problems.WriteAsync(call.Http, new MerchantUnknown());
        else await call.SubmitAsync(FuOperations.OpenIssue(call.Request(raw), call.Route("id"), body.Merchant, body.Quota, body.PerDay), StatusCodes.Status201Created);
    }

    private static async Task ShowIssueAsync(Call call)
    {
        if (await BookAsync(call) is not { } book) return;
        var merchant = call.Route("merchant");
        var issue = Headers.IsId(merchant) ? await Books(call).StateAsync(call.Merchant, FuStreams.IssueOf(book.Campaign, merchant), call.Aborted) : FuIssue.None;
        if (issue.Quota == 0)
        {
            await Problems.WriteAsync(call.Http, new FuIssueUnknown(merchant));
            return;
        }

        var issued = await call.Http.RequestServices.GetRequiredService<FuQueries>().TalliesAsync(FuQueries.BooksOf(book), [FuTallies.OfMerchant(book.Campaign, merchant)], call.Aborted);
        await call.JsonAsync(new FuIssueView(merchant, issue.Quota, issue.PerDay, issue.Granted, issued.Sum(row => row.Value)));
    }

    /// <summary>Everything that docs/fu-proof.md needs, for everybody: nothing of it is secret after the reveal.</summary>
    private static async Task ProofAsync(Call call)
    {
        if (await BookAsync(call) is not { } book) return;
        var campaign = await Books(call).StateAsync(call.Merchant, FuStreams.CampaignOf(book.Campaign), call.Aborted);
        if (campaign.Plan is null)
        {
            await Problems.WriteAsync(call.Http, new FuCampaignStateForbids(campaign.Status));
            return;
        }

        // Each keeps a connection for as long as its reader takes, of those by which tills are answered.
        if (!s_proofs.Wait(0)) throw new LedgerOverloadedException("As many proofs as may be at once are being read.");
        try
        {
            call.Http.Response.ContentType = "application/x-ndjson";
            await new FuProof(call.Http.RequestServices.GetRequiredService<FuQueries>()).WriteAsync(book, campaign, call.Http.Response.BodyWriter, call.Aborted);
        }
        finally
        {
            s_proofs.Release();
        }
    }

    private static async Task CardsAsync(Call call)
    {
        if (await BookAsync(call) is not { } book) return;
        var rules = (await Books(call).StateAsync(call.Merchant, FuStreams.CampaignOf(book.Campaign), call.Aborted)).Rules!;
        await call.JsonAsync(await call.Http.RequestServices.GetRequiredService<FuQueries>().CardsAsync(book, rules.Types, call.Aborted));
    }

    private static BookQueries Books(Call call) => call.Http.RequestServices.GetRequiredService<BookQueries>();
}
