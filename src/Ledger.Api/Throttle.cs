using System.Globalization;
using System.Threading.RateLimiting;
using Ledger.Coupons;
using Ledger.Coupons.Codes;
using Ledger.Postgres;

namespace Ledger.Api;

/// <summary>A rate as settings have it.</summary>
/// <param name="PerSecond">On the long run; 0: no limit.</param>
/// <param name="Burst">At once.</param>
public sealed record Rate(double PerSecond, int Burst);

/// <summary>Settings <c>Rates:{name}:PerSecond</c> and <c>Rates:{name}:Burst</c>, for one instance of the service.</summary>
public sealed record Rates
{
    /// <summary>Requests under the key of one till.</summary>
    public Rate Till { get; init; } = new(50, 100);

    /// <summary>Requests for one merchant, by whichever key.</summary>
    public Rate Merchant { get; init; } = new(0, 0);

    /// <summary>Requests of one address without a valid key.</summary>
    public Rate Address { get; init; } = new(5, 50);

    /// <summary>Look-ups under one till's key, of codes that no coupon has. Guessing 12 characters needs no such limit; a merchant's own codes may be short.</summary>
    public Rate Guess { get; init; } = new(0.5, 30);

    /// <summary>The same for one merchant.</summary>
    public Rate MerchantGuess { get; init; } = new(10, 500);

    /// <summary>The same from one address.</summary>
    public Rate AddressGuess { get; init; } = new(5, 200);

    /// <exception cref="IOException">The settings cannot be meant so.</exception>
    public static Rates Of(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var none = new Rates();
        return new()
        {
            Till = Read(nameof(Till), none.Till),
            Merchant = Read(nameof(Merchant), none.Merchant),
            Address = Read(nameof(Address), none.Address),
            Guess = Read(nameof(Guess), none.Guess),
            MerchantGuess = Read(nameof(MerchantGuess), none.MerchantGuess),
            AddressGuess = Read(nameof(AddressGuess), none.AddressGuess),
        };

        Rate Read(string name, Rate absent)
        {
            var perSecond = absent.PerSecond;
            if (configuration[$"Rates:{name}:PerSecond"] is { Length: > 0 } rate && !(double.TryParse(rate, NumberStyles.Float, CultureInfo.InvariantCulture, out perSecond) && perSecond is >= 0 and <= 1_000_000))
                throw new IOException($"Rates:{name}:PerSecond is a number from 0 to 1000000, such as 0.5; 0 is no bound.");
            var burst = Math.Max(absent.Burst, (int)Math.Ceiling(perSecond));
            if (configuration[$"Rates:{name}:Burst"] is { Length: > 0 } most && !(int.TryParse(most, NumberStyles.None, CultureInfo.InvariantCulture, out burst) && burst <= 10_000_000 && (burst > 0 || perSecond == 0)))
                throw new IOException($"Rates:{name}:Burst is a whole number from 1 to 10000000, or 0 where PerSecond is 0.");
            return new(perSecond, burst);
        }
    }
}

/// <summary>
/// Token buckets by till, merchant and address. A request takes one token; a code that no coupon has takes one of a bucket that fills
/// slowly, and while that is empty no code is looked up, so that guessing costs time. One request asks for many codes and is paid for
/// afterwards: what the bucket does not hold is owed. Platform keys are trusted and not counted.
/// </summary>
/// <remarks>An address is the connection's: behind a proxy, let the proxy limit, or trust its header by ASP.NET's forwarded headers.</remarks>
public sealed class Throttle : IDisposable
{
    private static readonly object s_guess = new();

    private readonly Bucket till, merchant, address, guess, merchantGuess, addressGuess;

    public Throttle(IConfiguration configuration)
    {
        var rates = Rates.Of(configuration);
        (till, merchant, address) = (new("till", rates.Till), new("merchant", rates.Merchant), new("address", rates.Address));
        const int Debt = Limits.MaxGuessDebt;
        (guess, merchantGuess, addressGuess) = (new("till-guess", rates.Guess, Debt), new("merchant-guess", rates.MerchantGuess, Debt), new("address-guess", rates.AddressGuess, Debt));
    }

    /// <summary>Whether the refusal tells that a code, or an id that is made of one, was guessed wrong.</summary>
    public static bool IsGuess(Rejection reason) => reason is CodeNotFound or CodeCheckFailed or CodeStepStale or HoldNotFound or RedemptionNotFound;

    /// <summary>Notes that the request asked for a code that no coupon has; of a batch, each of its lines.</summary>
    public static void Note(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        lock (http.Items) http.Items[s_guess] = GuessesOf(http) + 1;
    }

    /// <summary>Takes back what was noted of the request.</summary>
    public static void TakeBack(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        lock (http.Items) http.Items.Remove(s_guess);
    }

    /// <summary>Takes a token of the till and of the merchant; true after a problem was answered.</summary>
    public ValueTask<bool> RefuseAsync(HttpContext http, Caller caller)
    {
        ArgumentNullException.ThrowIfNull(caller);
        if (caller.Key.Scope == ApiKeyScope.Till && !till.TryTake(caller.Key.Id)) return till.AnswerAsync(http, caller.Key.Id);
        var counted = caller.Key.Scope == ApiKeyScope.Platform ? null : caller.Merchant;
        if (counted is not null && !merchant.TryTake(counted)) return merchant.AnswerAsync(http, counted);
        if (caller.Key.Scope == ApiKeyScope.Till) till.Tell(http, caller.Key.Id);
        if (counted is not null) merchant.Tell(http, counted);
        return ValueTask.FromResult(false);
    }

    /// <summary>Takes a token of the address, of which no key came; true after a problem was answered.</summary>
    public ValueTask<bool> RefuseAsync(HttpContext http)
    {
        var from = AddressOf(http);
        if (!address.TryTake(from)) return address.AnswerAsync(http, from);
        address.Tell(http, from);
        return ValueTask.FromResult(false);
    }

    /// <summary>Refuses to look a code up for who guessed wrong too often; true after a problem was answered.</summary>
    public ValueTask<bool> RefuseLookUpAsync(Call call)
    {
        ArgumentNullException.ThrowIfNull(call);
        if (call.Caller.Key.Scope == ApiKeyScope.Platform) return ValueTask.FromResult(false);
        if (call.Caller.Key.Scope == ApiKeyScope.Till && !guess.HasSome(call.Caller.Key.Id)) return guess.AnswerAsync(call.Http, call.Caller.Key.Id);
        if (!merchantGuess.HasSome(call.Merchant)) return merchantGuess.AnswerAsync(call.Http, call.Merchant);
        var from = AddressOf(call.Http);
        return addressGuess.HasSome(from) ? ValueTask.FromResult(false) : addressGuess.AnswerAsync(call.Http, from);
    }

    /// <summary>Counts the wrong guesses of the answer just given.</summary>
    public void Count(Call call)
    {
        ArgumentNullException.ThrowIfNull(call);
        if (call.Caller.Key.Scope == ApiKeyScope.Platform) return;
        for (var guesses = GuessesOf(call.Http); guesses > 0; guesses--)
        {
            if (call.Caller.Key.Scope == ApiKeyScope.Till) guess.TryTake(call.Caller.Key.Id);
            merchantGuess.TryTake(call.Merchant);
            addressGuess.TryTake(AddressOf(call.Http));
        }
    }

    public void Dispose()
    {
        foreach (var bucket in new[] { till, merchant, address, guess, merchantGuess, addressGuess }) bucket.Dispose();
    }

    private static int GuessesOf(HttpContext http) => http.Items.TryGetValue(s_guess, out var noted) ? (int)noted! : 0;

    private static string AddressOf(HttpContext http) => http.Connection.RemoteIpAddress?.ToString() ?? "";

    /// <summary>Buckets of one kind, by key.</summary>
    /// <param name="debt">The most tokens that a key may owe. The limiter knows no debt, so it holds as many more, and who owes has only these.</param>
    private sealed class Bucket(string name, Rate rate, int debt = 0) : IDisposable
    {
        private readonly PartitionedRateLimiter<string>? limiter = rate.PerSecond == 0 ? null : PartitionedRateLimiter.Create<string, string>(
            key => RateLimitPartition.GetTokenBucketLimiter(key, _ => OptionsOf(rate, debt)), StringComparer.Ordinal);

        private readonly string policy = rate.PerSecond == 0
            ? ""
            : string.Create(CultureInfo.InvariantCulture, $"\"{name}\";q={rate.Burst};w={Math.Max(1, (int)Math.Ceiling(rate.Burst / rate.PerSecond))}");

        /// <summary>Takes a token, or owes it; false where none is left and no more may be owed.</summary>
        public bool TryTake(string key)
        {
            if (limiter is null) return true;
            using var lease = limiter.AttemptAcquire(key);
            return lease.IsAcquired;
        }

        /// <summary>Whether a token is left; takes none.</summary>
        public bool HasSome(string key) => limiter is null || Left(limiter, key) > 0; // To acquire 0 is granted on a fraction already.

        /// <summary>Says what is left, where there is a limit; beside what other buckets say.</summary>
        public void Tell(HttpContext http, string key)
        {
            if (limiter is null) return;
            http.Response.Headers.Append("RateLimit-Policy", policy);
            http.Response.Headers.Append("RateLimit", string.Create(CultureInfo.InvariantCulture, $"\"{name}\";r={Left(limiter, key)}"));
        }

        // Fields of draft-ietf-httpapi-ratelimit-headers-10; the wait is until one token is there and nothing is owed.
        public async ValueTask<bool> AnswerAsync(HttpContext http, string key)
        {
            var missing = Math.Max(1, 1 - Left(limiter!, key));
            var wait = Math.Max(1, (long)Math.Ceiling(missing / rate.PerSecond)).ToString(CultureInfo.InvariantCulture);
            http.Response.Headers.RetryAfter = wait;
            http.Response.Headers["RateLimit-Policy"] = policy;
            http.Response.Headers["RateLimit"] = $"\"{name}\";r=0;t={wait}";
            await Problems.WriteAsync(http, Problems.Throttled, JsonFacts.Of(new { limit = name }));
            return true;
        }

        public void Dispose() => limiter?.Dispose();

        /// <summary>Tokens that the key has; below 0: owes.</summary>
        private long Left(PartitionedRateLimiter<string> limiter, string key) => limiter.GetStatistics(key)!.CurrentAvailablePermits - debt;

        private static TokenBucketRateLimiterOptions OptionsOf(Rate rate, int debt) => new()
        {
            TokenLimit = rate.Burst + debt,
            TokensPerPeriod = Math.Max(1, (int)Math.Round(rate.PerSecond)),
            ReplenishmentPeriod = TimeSpan.FromSeconds(Math.Max(1, 1 / rate.PerSecond)),
            QueueLimit = 0,
            AutoReplenishment = false,
        };
    }
}
