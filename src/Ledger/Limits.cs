namespace Ledger;

/// <summary>Every bound of the ledger that a caller can meet, written once.</summary>
public static class Limits
{
    /// <summary>The largest amount of one request: 10 billion minor units (100 million yuan).</summary>
    public const long MaxAmount = 10_000_000_000;

    /// <summary>The largest quota of one campaign, as at Alipay (99,999,999 for a payment voucher).</summary>
    public const long MaxQuota = 99_999_999;

    /// <summary>Identifiers of merchants, campaigns, stores, tills and members: 1 to 64 characters of this shape.</summary>
    public const int MaxId = 64;

    /// <summary>No colon (Marten forbids it in a tenant id) and no slash (it separates the parts of a tally's key).</summary>
    public const string IdPattern = "^[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}$";

    /// <summary>The same for .NET, where $ alone passes over a last line feed; JSON Schema's does not.</summary>
    public const string WholeIdPattern = $@"\A(?:{IdPattern})\z";

    /// <summary>A merchant's id, or that of a book of a Fu-card campaign: owner, campaign and two numbers.</summary>
    public const string BookPattern = "^[A-Za-z0-9][A-Za-z0-9_.@~-]*$";

    public const int MaxBook = 160;

    /// <summary>Names that people read.</summary>
    public const int MaxName = 120;

    /// <summary>Reasons that people write.</summary>
    public const int MaxReason = 240;

    /// <summary>The longest request key (<c>Idempotency-Key</c>).</summary>
    public const int MaxRequestKey = 255;

    /// <summary>The last number of a till's requests (<c>Till-Seq</c>): the largest that every JSON reader takes whole.</summary>
    public const long MaxTillSequence = (1L << 53) - 1;

    /// <summary>Printable ASCII without blanks: what stands in a header as it is.</summary>
    public const string RequestKeyPattern = "^[!-~]{1,255}$";

    /// <summary>Stores of one merchant, and tills of one store.</summary>
    public const int MaxStoresPerMerchant = 10_000;

    /// <summary>Providers that may act for one merchant at a time.</summary>
    public const int MaxProviders = 100;

    /// <summary>Stores named by one terms version.</summary>
    public const int MaxStores = 2_000;

    /// <summary>Weekday and hour windows of one terms version.</summary>
    public const int MaxWindows = 28;

    /// <summary>Lines of one basket.</summary>
    public const int MaxBasketLines = 500;

    /// <summary>Coupons presented for one basket.</summary>
    public const int MaxRedeemables = 30;

    /// <summary>Work that the search for the best combination of coupons may take, in lines looked at; above it the answer is the best so far.</summary>
    public const int CombinationWork = 2_000_000;

    /// <summary>Codes or categories of goods on each list of one terms version.</summary>
    public const int MaxGoods = 1_000;

    /// <summary>Payment methods named by one terms version or one basket.</summary>
    public const int MaxPaymentMethods = 50;

    /// <summary>Channels named by one terms version.</summary>
    public const int MaxChannels = 20;

    /// <summary>Parties that share in one terms version's discounts.</summary>
    public const int MaxFunders = 10;

    /// <summary>The largest money budget of a party in a campaign, and of a funding pool: 10 billion yuan.</summary>
    public const long MaxBudget = 1_000_000_000_000;

    /// <summary>Uses of one coupon.</summary>
    public const int MaxUses = 1_000;

    /// <summary>Coupons of one sale.</summary>
    public const int MaxSold = 20;

    /// <summary>Members of one group; and payments ever made for it, given up ones included.</summary>
    public const int MaxGroup = 50;

    public const int MaxGroupPayments = 200;

    /// <summary>Seconds that a group may take to form where its opener does not say, and at most: a day, a week.</summary>
    public const int GroupSeconds = 24 * 60 * 60;

    public const int MaxGroupSeconds = 7 * 24 * 60 * 60;

    /// <summary>Rules by which payments bring coupons, of one merchant.</summary>
    public const int MaxOfferRules = 10;

    /// <summary>Tiers of one programme, and given to one member ever.</summary>
    public const int MaxTiers = 20;

    public const int MaxTierSpans = 200;

    /// <summary>Sharers and campaigns named by a merchant's sharing rules, and the most shares an hour.</summary>
    public const int MaxSharers = 1_000;

    public const int MaxSharedCampaigns = 1_000;

    public const int MaxSharesPerHour = 1_000;

    /// <summary>Page views that one visitor earns, and days on which they may be spent.</summary>
    public const long MaxPvPerVisitor = 1_000_000;

    public const int MaxTrafficDays = 366;
    /// <summary>Months for which is kept what a member's tier counts: this year's and the last one's.</summary>
    public const int MaxTierMonths = 24;

    /// <summary>Programmes in which a merchant's payments ever earned.</summary>
    public const int MaxEarningPrograms = 20;

    /// <summary>Refunds of one payment.</summary>
    public const int MaxRefunds = 100;

    /// <summary>How often a coupon is given back after goods were returned, as at WeChat.</summary>
    public const int MaxReturnCycles = 10;

    /// <summary>Returns of one redemption.</summary>
    public const int MaxReturns = 100;

    /// <summary>Places of a coupon in the order of application, and of a party in that of taking over: 0 to this.</summary>
    public const int MaxOrder = 1_000;

    /// <summary>Days of a relative validity: ten years.</summary>
    public const int MaxDays = 3_660;

    /// <summary>Codes of one upload to a pool, as at Alipay.</summary>
    public const int MaxDeposit = 1_000;

    /// <summary>Characters of an uploaded code, as at Alipay.</summary>
    public const int MaxPoolCode = 64;

    /// <summary>Records of one batch of a till that was offline, as at Moneris; and bytes of the batch.</summary>
    public const int MaxOfflineRecords = 500;

    public const int MaxOfflineBody = 512 * 1024;

    /// <summary>Codes guessed wrong that a till, a merchant or an address may owe beyond its burst: as many as one request can ask for.</summary>
    public const int MaxGuessDebt = MaxOfflineRecords;

    /// <summary>Signing keys that a merchant ever makes: a new one each month for eight years.</summary>
    public const int MaxOfflineKeys = 100;

    /// <summary>Most operations that one transaction of the scribe holds.</summary>
    public const int Batch = 128;

    /// <summary>Operations that may wait for one scribe; above it the answer is 503.</summary>
    public const int Queue = 4_096;

    /// <summary>Seconds that a hold lasts where the till does not say, and at most (as long as a payment may take).</summary>
    public const int HoldSeconds = 120;

    public const int MaxHoldSeconds = 30 * 60;

    /// <summary>The longest time for confirming an issue: a day.</summary>
    public const int MaxConfirmSeconds = 24 * 60 * 60;

    /// <summary>Seconds that a gift stays open where the giver does not say, and at most: a day, a week.</summary>
    public const int GiftSeconds = 24 * 60 * 60;

    public const int MaxGiftSeconds = 7 * 24 * 60 * 60;

    /// <summary>
    /// Minutes after a redemption in which a reversal voids it although the void window is over, at midnight for instance: longer than a till
    /// goes on trying to learn what became of its request (Alipay allows as many).
    /// </summary>
    public const int ReversalMinutes = 15;

    /// <summary>Rows of one page of a list.</summary>
    public const int MaxPage = 1_000;

    /// <summary>Points of one request, and of one lot.</summary>
    public const long MaxPoints = 10_000_000_000;

    /// <summary>The largest budget of a funder, in points.</summary>
    public const long MaxPointsBudget = 1_000_000_000_000;

    /// <summary>Lots of one account that hold points, and its holds.</summary>
    public const int MaxLots = 2_000;

    public const int MaxPointHolds = 50;

    /// <summary>Characters of the number of a light membership: what is derived from it stays an id.</summary>
    public const int MaxAgreementId = 48;

    /// <summary>Seconds in which a pre-order is to be signed where the caller does not say, at least and at most: as at Alipay.</summary>
    public const int PreorderSeconds = 60 * 60;

    public const int MinPreorderSeconds = 60;

    public const int MaxPreorderSeconds = 15 * 24 * 60 * 60;

    /// <summary>Reports of benefits and fulfilments of one light membership, and as many reversals: none is refused because of what was enjoyed.</summary>
    public const int MaxReports = 2_000;

    /// <summary>People who share one light membership, beside its signer.</summary>
    public const int MaxShared = 10;

    /// <summary>Refunds of one settlement, after which the merchant asks for no more of it; what is owed goes back beyond it.</summary>
    public const int MaxFeeRefunds = 100;

    /// <summary>Light memberships that one person ever signs or shares with a merchant.</summary>
    public const int MaxLightMemberships = 200;

    /// <summary>Periods of one cycle plan, and steps of one table.</summary>
    public const int MaxPeriods = 120;

    public const int MaxTimesSteps = 100;

    /// <summary>Notice is given this long before a settlement, at least.</summary>
    public static NodaTime.Duration SettlementNotice { get; } = NodaTime.Duration.FromDays(5);

    /// <summary>Days after the first failure on which collecting is tried again; then it is given up.</summary>
    public static IReadOnlyList<int> DunningDays { get; } = [1, 3, 7];

    /// <summary>Months for which a programme keeps an estimate: forty years.</summary>
    public const int MaxCohorts = 480;

    /// <summary>Types of card of one Fu-card campaign, and sources with odds of their own: more than a thousand merchants give cards.</summary>
    public const int MaxCardTypes = 40;

    public const int MaxCardSources = 10_000;

    /// <summary>Bytes of the name under which a user draws.</summary>
    public const int MaxDrawUser = 64;

    /// <summary>
    /// Tickets of one pot: their weights sum to less than 2^53, whatever they are. A pot of 500 million yuan over 300 million tickets fits.
    /// </summary>
    public const long MaxTickets = 350_000_000;

    /// <summary>Shards into which the tickets of one pot fall.</summary>
    public const int MaxPotShards = 10_000;

    /// <summary>The most that one ticket gets where the rules do not say: 50,000 yuan, the bound of promotions by lot.</summary>
    public const long PrizeCap = 5_000_000;

    /// <summary>Winners of a grand draw: with <see cref="PrizeCap"/> each they get half of <see cref="MaxBudget"/>.</summary>
    public const int MaxGrandWinners = 100_000;

    /// <summary>Sources of one campaign's rules, and shards over which its hands are spread.</summary>
    public const int MaxFuSources = 50;

    public const int MaxFuShards = 1_024;

    /// <summary>Open offers and requests of one hand.</summary>
    public const int MaxFuExchanges = 20;

    /// <summary>A card that is offered comes back after a day.</summary>
    public const int FuEscrowSeconds = 24 * 60 * 60;

    /// <summary>The longest campaign, from the opening to the end of claiming: half a year.</summary>
    public const int MaxFuDays = 184;

    /// <summary>Draws, gifts or requests of one user in a day, and hands of one device.</summary>
    public const int MaxFuPerDay = 1_000;

    /// <summary>Bytes of a beacon's signature: drand's have 48 or 96.</summary>
    public const int MaxBeaconSignature = 256;

    /// <summary>Seconds from one round of a beacon to the next: a day.</summary>
    public const int MaxBeaconPeriod = 86_400;

    /// <summary>When a beacon began, in seconds since 1970: the year 2100.</summary>
    public const long MaxBeaconGenesis = 4_102_444_800;

    /// <summary>How often the payment provider is asked about one transfer by itself, over half a day; then a person has to look.</summary>
    public const int TransferAttempts = 24;

    /// <summary>The longest wait between two attempts, in seconds.</summary>
    public const int TransferSeconds = 60 * 60;

    /// <summary>Seconds that the payment provider's record of everything is waited for.</summary>
    public const int RecordSeconds = 60;

    /// <summary>Answers against a final one that a transfer records.</summary>
    public const int MaxDisputes = 10;

    /// <summary>Bytes of one request body, and of one line of a bulk body.</summary>
    public const int MaxBody = 64 * 1024;
}
