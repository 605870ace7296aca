namespace Ledger.Coupons.Codes;

/// <summary>What an upload answers.</summary>
/// <param name="Codes">One for each code, in the order of the upload.</param>
public sealed record DepositView(string Campaign, int Success, int Exists, int DuplicateInBatch, int Invalid, IReadOnlyList<DepositedCode> Codes, CodePoolView Pool);

/// <summary>A pool as the API shows it.</summary>
/// <param name="Deposited">Codes that were ever uploaded.</param>
/// <param name="Dispatched">Of these, codes that coupons have.</param>
/// <param name="Left">Codes still to be given.</param>
public sealed record CodePoolView(string Campaign, long Deposited, long Dispatched, long Left)
{
    public static CodePoolView Of(string campaign, CodePool pool)
    {
        ArgumentNullException.ThrowIfNull(pool);
        return new(campaign, pool.Deposited, pool.Dispatched, pool.Deposited - pool.Dispatched);
    }
}

/// <summary>Uploads to a pool, and the code that a new coupon gets.</summary>
public static class CodeOperations
{
    /// <summary>
    /// Adds codes to a campaign's pool, as far as they are good and new: no pool and no coupon of the merchant has them.
    /// </summary>
    /// <param name="uploaded">At most <see cref="Limits.MaxDeposit"/>.</param>
    public static Operation Deposit(Request request, string campaignId, IReadOnlyList<string> uploaded)
    {
        ArgumentNullException.ThrowIfNull(uploaded);
        string[] wellFormed = [.. uploaded.Where(code => CodeDeposit.FaultOf(code) == PoolCodeFault.None).Distinct(StringComparer.Ordinal)];
        var (campaign, pool) = (CampaignStreams.Of(campaignId), CodePoolStreams.PoolOf(campaignId));
        return new(request, [campaign, pool, .. wellFormed.Select(CouponStream.Of)], [.. wellFormed.Select(CodePoolStreams.Tally)], book =>
        {
            var running = book.State(campaign);
            if (running.Status == CampaignStatus.None) return new CampaignUnknown(campaignId);
            if (running.Status is CampaignStatus.Rejected or CampaignStatus.Stopped or CampaignStatus.Ended) return new CampaignStateForbids(running.Status, "depositCodes");
            var terms = CampaignStreams.TermsOf(campaignId, running.TermsVersion);
            if (!book.Has(terms)) return new Verdict.NeedsMore([terms]);
            if (SourceOf(book.State(terms).Terms!) is not CodeSource.Uploaded and var source) return new CodesNotUploaded(source);

            var codes = CodeDeposit.Classify(uploaded, code => book.Tally(CodePoolStreams.Tally(code)) > 0 || book.State(CouponStream.Of(code)).Status != CouponStatus.None);
            string[] added = [.. codes.Where(code => code.Outcome == CodeOutcome.Success).Select(code => code.Code)];
            var state = book.State(pool);
            return Verdict.Of(pool, state, CodePoolDecider.Deposit(state, added.Length), (_, after) => new DepositView(
                campaignId, added.Length, Count(CodeOutcome.Exists), Count(CodeOutcome.DuplicateInBatch), Count(CodeOutcome.Invalid), codes, CodePoolView.Of(campaignId, after))) switch
            {
                Verdict.Accepted { Changes.Count: > 0 } accepted => accepted with
                {
                    Changes = [.. accepted.Changes, new(CodePoolStreams.BatchOf(campaignId, state.Batches + 1), new CodeBatchEvent.CodesDeposited(campaignId, added))],
                },
                var other => other,
            };

            int Count(CodeOutcome outcome) => codes.Count(code => code.Outcome == outcome);
        });
    }

    public static CodeSource SourceOf(CouponTerms terms)
    {
        ArgumentNullException.ThrowIfNull(terms);
        return terms.Codes?.Source ?? CodeSource.Generated;
    }

    /// <summary>The code of a new coupon; or what must be loaded first, or why there is none.</summary>
    /// <param name="fresh">The code to take where the ledger makes it.</param>
    /// <param name="given">What the caller named.</param>
    internal static (CodePick Pick, Verdict? Stop) Pick(BookStates book, string campaign, CodeSource source, string fresh, string? given)
    {
        switch (source, given)
        {
            case (CodeSource.Given, null):
                return (default, new CodeMissing());
            case (CodeSource.Given, { } code):
                if (CodeDeposit.FaultOf(code) is not PoolCodeFault.None and var fault) return (default, new CodeUnfit(fault));
                return book.Tally(CodePoolStreams.Tally(code)) > 0 ? (default, new CodeTaken(code)) : (new(code, []), null);
            case (_, not null):
                return (default, new CodeNotTaken(source));
            case (CodeSource.Generated, _):
                return (new(fresh, []), null);
        }

        var pool = CodePoolStreams.PoolOf(campaign);
        if (!book.Has(pool)) return (default, new Verdict.NeedsMore([pool]));
        var state = book.State(pool);
        var batch = CodePoolStreams.BatchOf(campaign, state.Batch);
        var isEmpty = state.Dispatched == state.Deposited;
        if (!isEmpty && !book.Has(batch)) return (default, new Verdict.NeedsMore([batch]));
        return CodePoolDecider.Dispatch(state, isEmpty ? [] : book.State(batch).Codes) switch
        {
            Decision<CodePoolEvent>.Rejected(var reason) => (default, reason),
            Decision<CodePoolEvent>.Accepted { Events: [CodePoolEvent.CodeDispatched next] } => (new(next.Code, [new(pool, next)]), null),
            var other => throw new System.Diagnostics.UnreachableException($"{other}"),
        };
    }
}

/// <summary>The code that a coupon gets, and what is appended along.</summary>
internal readonly record struct CodePick(string Code, IReadOnlyList<Change> Changes);
