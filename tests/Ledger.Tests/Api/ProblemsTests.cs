using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Ledger.Api;
using NodaTime;
using Xunit;

namespace Ledger.Tests.Api;

/// <summary>The catalogue of problems: every refusal has a type of its own, and docs/problems.md lists them.</summary>
public sealed partial class ProblemsTests
{
    private static readonly string[] Members = ["type", "title", "status", "detail", "instance", "retryable", "requestId"];

    /// <summary>What the service's own problems carry besides; those of the domain carry their refusal's members.</summary>
    private static readonly Dictionary<string, string> Extras = new(StringComparer.Ordinal)
    {
        ["malformed-request"] = "`errors` (list of `pointer` and `detail`), `faults` (integer)",
        ["not-permitted"] = "`needs` (text)",
        ["throttled"] = "`limit` (text)",
        ["body-too-large"] = "`limitBytes` (integer)",
        ["unsupported-media-type"] = "`needs` (text)",
        ["idempotency-key-missing"] = "`needs` (text; for batches, and for keys that begin with `offline/`)",
        ["provider-silent"] = "`reason` (text)",
        ["provider-differs"] = "`reason` (text)",
        ["provider-refuses"] = "`reason` (text)",
    };

    /// <summary>What other systems call them, with the problem that says the same here.</summary>
    private static readonly (string Code, string Slug)[] Names =
    [
        ("CODE_NOT_FOUND", "code-not-found"), ("CODE_CHECK_FAILED", "code-check-failed"), ("CODE_STEP_STALE", "code-step-stale"),
        ("CODE_STEP_REPLAYED", "code-step-replayed"), ("MEMBERSHIP_SUSPENDED", "membership-suspended"), ("CAMPAIGN_NOT_STARTED", "campaign-not-started"), ("CAMPAIGN_PAUSED", "campaign-paused"),
        ("CAMPAIGN_STOPPED", "campaign-stopped"), ("CAMPAIGN_ENDED", "campaign-ended"), ("NOT_YET_VALID", "not-yet-valid"), ("EXPIRED", "expired"),
        ("OUTSIDE_TIME_WINDOW", "outside-time-window"), ("STORE_NOT_ALLOWED", "store-not-allowed"), ("CHANNEL_NOT_ALLOWED", "channel-not-allowed"),
        ("FLOOR_NOT_MET", "floor-not-met"), ("GOODS_NOT_ELIGIBLE", "goods-not-eligible"), ("PAYMENT_METHOD_NOT_ALLOWED", "payment-method-not-allowed"),
        ("OWNER_MISMATCH", "owner-mismatch"), ("ALREADY_USED", "already-used"), ("ALREADY_HELD", "already-held"),
        ("ALREADY_VOIDED", "already-voided"), ("DEACTIVATED", "deactivated"), ("IN_TRANSFER", "in-transfer"),
        ("STACKING_CONFLICT", "stacking-conflict"), ("TOO_MANY_REDEEMABLES", "too-many-redeemables"), ("MONEY_BUDGET_EXHAUSTED", "money-budget-exhausted"),
        ("QUOTE_CHANGED", "quote-changed"), ("HOLD_EXPIRED", "hold-expired"), ("IDEMPOTENCY_KEY_REUSED", "idempotency-key-reused"),
        ("REVERSED_BEFORE_ARRIVAL", "reversed-before-arrival"), ("ORIGINAL_NOT_FOUND", "redemption-not-found"), ("VOID_WINDOW_CLOSED", "void-window-closed"),
        ("RETURN_EXCEEDS_ORIGINAL", "return-exceeds-original"), ("OFFLINE_LIMIT", "offline-limit"), ("DEVICE_SEQUENCE_GAP", "device-sequence-gap"),
        ("NOT_PERMITTED_AGENCY", "not-permitted-agency"), ("CODE_NOT_APPLICABLE", "code-not-applicable"), ("NOT_LAST_OF_BUNDLE", "not-last-of-bundle"),
        ("RETURN_CYCLES_EXCEEDED", "return-cycles-exceeded"), ("INSUFFICIENT_POINTS", "insufficient-points"), ("LOT_EXPIRED", "lot-expired"),
        ("TRANSFER_PENDING_POINTS", "transfer-pending-points"), ("TRANSFER_LIMIT", "transfer-limit"), ("NEGATIVE_NOT_ALLOWED", "negative-not-allowed"),
        ("BUDGET_EXHAUSTED", "points-budget-exhausted"), ("STORE_NOT_DESIGNATED", "store-not-designated"), ("BENEFIT_OUT_OF_STOCK", "benefit-out-of-stock"),
        ("DAILY_DRAW_LIMIT", "daily-draw-limit"),
        ("SOURCE_LIMIT", "source-limit"),
        ("SOURCE_REF_REUSED", "source-ref-reused"),
        ("MERCHANT_QUOTA_EXHAUSTED", "merchant-quota-exhausted"),
        ("CAMPAIGN_NOT_OPEN", "fu-campaign-not-open"),
        ("RISK_REJECTED", "risk-rejected"),
        ("CARD_NOT_OWNED", "card-not-owned"),
        ("CARD_IN_ESCROW", "card-in-escrow"),
        ("GIFT_LIMIT", "gift-limit"),
        ("SELF_GIFT", "self-exchange"),
        ("GIFT_TAKEN", "card-taken"),
        ("BEG_LIMIT", "beg-limit"),
        ("NO_WILD", "no-wild"),
        ("TYPE_ALREADY_HELD", "type-already-held"),
        ("MISSING_TYPES", "missing-types"),
        ("ALREADY_COMPOSED", "already-composed"),
        ("SEALED", "fu-campaign-is-sealed"),
        ("CLAIM_WINDOW_CLOSED", "claim-window-closed"),
        ("CUMULATE_IDEMPOTENT_ERROR", "report-differs"), ("PAY_ORDER_NOT_EXIST", "forward-report-unknown"),
        ("ORDER_AMOUNT_ILLEGAL", "progress-exceeds-forward"), ("DISCOUNT_AMOUNT_ILLEGAL", "reversal-exceeds-forward"),
        ("REFUND_TIME_ILLEGAL", "reversal-before-forward"), ("REFUND_ILLEGAL", "reversal-of-reversal"),
        ("INVALID_CUMULATE_MODE", "cumulate-mode-invalid"), ("AGREEMENT_STATUS_INVALID", "agreement-status-invalid"),
        ("PAY_AMOUNT_IDEMPOTENT_ERROR", "pay-amount-differs"), ("PAY_AMOUNT_CHECK_ERROR", "pay-amount-not-due"),
        ("BALANCE_AVAILABLE_AMOUNT_NOT_ENOUGH", "guarantee-not-enough"), ("SETTLE_WITHHOLD_PLAN_NOT_EXIST", "settlement-unknown"),
        ("SETTLE_BIZ_AGREEMENT_STATUS_FINISH", "agreement-finished"), ("CYCLE_WITHHOLD_NOTIN_ACCEPT_TIME", "period-not-open"),
        ("CYCLE_WITHHOLD_PAY_AMOUNT_ERROR", "period-amount-above-maximum"), ("FUNDS_CHANNEL_CHECK_FAILED", "fee-collection-in-dunning"),
        ("REFUND_REQUEST_NO_IDEMPOTENT_FAIL", "fee-refund-differs"), ("SETTLE_REFUND_AMOUNT_ERROR", "fee-refund-exceeds-collected"),
        ("REFUND_AMOUNT_IS_ZERO", "fee-refund-is-zero"), ("SELLER_BALANCE_NOT_ENOUGH", "fee-refund-refused"),
        ("SETTLE_REFUND_TIME_ERROR", "fee-refund-window-closed"), ("ZMGO_SYSTEM_AMOUNT_NOT_CLEAR", "fee-not-cleared"),
        ("PREORDER_IDEMPOTENCY", "preorder-differs"), ("TEMPLATE_INVALID", "plan-not-open"), ("SIGN_INTERVAL", "sign-interval"),
        ("ALREADY_ACTIVE", "membership-already-active"), ("NOT_ADMITTED", "not-admitted"), ("CONSENT_MISSING", "consent-missing"),
        ("OUT_OF_TERM", "out-of-term"), ("LATE_REPORT", "late-report"),
    ];

    [Fact]
    public void Each_has_a_name_of_its_own_and_says_what_to_do()
    {
        Assert.Equal(Problems.All.Count, Problems.All.Select(problem => problem.Slug).Distinct(StringComparer.Ordinal).Count());
        Assert.All(Problems.All, problem =>
        {
            Assert.Matches("^[a-z]+(-[a-z]+)*$", problem.Slug);
            Assert.InRange(problem.Status, 400, 503);
            Assert.DoesNotMatch("[.!]$", problem.Title);
            Assert.EndsWith(".", problem.Next, StringComparison.Ordinal);
            Assert.Equal(problem.Status is 429 or 503, problem.IsRetryable);
        });
    }

    [Fact]
    public void No_fact_has_the_name_of_a_member_that_every_problem_has() => Assert.All(Problems.Refusals, refusal =>
        Assert.Empty(Problems.FactsOf(refusal).Select(NameOf).Intersect(Members, StringComparer.Ordinal)));

    [Fact]
    public void All_of_them_are_listed_in_docs_problems_md()
    {
        var text = new StringBuilder(
            """
            # Problems

            Every answer of the API from 400 on is a problem of RFC 9457 (`application/problem+json`). Its `type` is `/problems/` and a name of this list, for ever the
            same; `GET` on it answers what stands here. Every problem has `type`, `title`, `status`, `detail` (what to do next), `retryable`, `requestId`,
            and its own facts. A refusal changes nothing, and the request may
            be tried again under its key. This file is generated: a test compares it with the code.

            ## Of the service


            """);
        var refusals = InOrder().ToDictionary(Rejection.SlugOf, StringComparer.Ordinal);
        AppendTable(text, Problems.All.Where(problem => !refusals.ContainsKey(problem.Slug)), problem => Extras.GetValueOrDefault(problem.Slug, ""));
        foreach (var area in refusals.GroupBy(refusal => refusal.Value.Namespace!.Split('.')[^1], StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"\n## {(area.Key switch { "Postgres" => "Of request keys", "Ledger" => "Of approval", var slice => $"Of {slice.ToLowerInvariant()}" })}\n\n");
            AppendTable(text, area.Select(refusal => Problems.All.Single(problem => problem.Slug == refusal.Key)), problem => Facts(refusals[problem.Slug]));
        }

        text.Append(
            """

            ## Names of the field

            Tills that know these codes from other systems find the problem here. There is no `IN_PROGRESS`: a second copy of a request waits for the first and
            gets its answer. `OFFLINE_CONFLICT` and `DEVICE_CLOCK_SKEW` refuse nothing: a forwarded record says them of itself (`outcome` conflict, `clockSkew`).

            | code | type |
            |---|---|

            """);
        foreach (var (code, slug) in Names)
            text.Append(CultureInfo.InvariantCulture, $"| `{code}` | `{Problems.All.Single(problem => problem.Slug == slug).Slug}` |\n");
        Approved.MatchesFile(text.ToString(), "docs/problems.md");
    }

    private static void AppendTable(StringBuilder text, IEnumerable<ProblemType> problems, Func<ProblemType, string> facts)
    {
        text.Append("| type | status | what it says | facts | what to do next |\n|---|---|---|---|---|\n");
        foreach (var problem in problems)
            text.Append(CultureInfo.InvariantCulture, $"| `{problem.Slug}` | {problem.Status} | {problem.Title} | {facts(problem)} | {problem.Next} |\n");
    }

    private static string Facts(Type refusal) => string.Join(", ", Problems.FactsOf(refusal).Select(fact => $"`{NameOf(fact)}` ({KindOf(fact.PropertyType)})"));

    private static string NameOf(PropertyInfo fact) => JsonNamingPolicy.CamelCase.ConvertName(fact.Name);

    private static string KindOf(Type type) => type switch
    {
        _ when type == typeof(string) => "text",
        _ when type == typeof(Money) => "amount",
        _ when type == typeof(Instant) => "time",
        _ when type == typeof(LocalDate) => "date",
        _ when type == typeof(int) || type == typeof(int?) || type == typeof(long) || type == typeof(long?) => "integer",
        _ when type == typeof(bool) => "true or false",
        _ when type == typeof(IReadOnlyList<string>) => "list of text",
        { IsEnum: true } => string.Join(" \\| ", Enum.GetNames(type).Where(name => name != "None").Select(JsonNamingPolicy.CamelCase.ConvertName)),
        _ => throw new NotSupportedException($"{type}"),
    };

    /// <summary>The refusals in the order in which the sources declare them; the order of types in an assembly is the compiler's own.</summary>
    private static IEnumerable<Type> InOrder()
    {
        var names = Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .SelectMany(file => Declaration().Matches(File.ReadAllText(file)).Select(match => match.Groups["name"].Value)).ToList();
        return Problems.Refusals.OrderBy(refusal => names.LastIndexOf(refusal.Name));
    }

    [GeneratedRegex(@"sealed record (?<name>\w+)\(", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Declaration();
}
