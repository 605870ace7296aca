using NodaTime;
using static Ledger.Agreements.AgreementCommand;

namespace Ledger.Agreements;

/// <summary>Light memberships as operations. What they order from the provider stands in their facts; where slices meet, it is sent.</summary>
public static class AgreementOperations
{
    /// <summary>Shows the terms of the plan as they stand, and keeps them for so long.</summary>
    public static Operation Preorder(
        Request request, string id, string plan, string member, string account, string? providerAgreement, Instant? businessTime, Duration timeToSign)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (stream, home) = (AgreementStreams.AgreementOf(id), AgreementStreams.PlanOf(plan));
        return new(request, [stream, home], [], book =>
        {
            var (state, known) = (book.State(stream), book.State(home));
            if (known.Name is null && state.Offer is null) return new PlanUnknown(plan);
            var terms = state.Offer?.Terms;
            if (state.Offer is null)
            {
                var version = AgreementStreams.TermsOf(plan, known.Version);
                if (!book.Has(version)) return new Verdict.NeedsMore([version]);
                terms = book.State(version).Terms!;
            }

            var offer = new Offer(plan, known.Version, terms!, member, account, providerAgreement, businessTime, request.Now, request.Now + timeToSign);
            return Run(book, request.Now, new CreatePreorder(id, request.Book, request.Now, known, offer));
        });
    }

    /// <summary>Records what the credit provider answered.</summary>
    public static Operation Admit(Request request, string id, bool isAdmitted, string reference) =>
        On(request, id, (_, _) => new ConsultAdmission(id, request.Book, request.Now, isAdmitted, reference));

    /// <param name="providerAgreement">The provider's reference of the agreement that it signed; null: none, or the pre-order named it.</param>
    public static Operation Sign(Request request, string id, AgreementConsent? consent, string? providerAgreement = null)
    {
        ArgumentNullException.ThrowIfNull(request);
        var stream = AgreementStreams.AgreementOf(id);
        return new(request, [stream], [], book =>
        {
            if (book.State(stream).Offer is not { } offer) return new AgreementUnknown(id);
            var (plan, member) = (AgreementStreams.PlanOf(offer.Plan), AgreementStreams.MemberOf(offer.Member));
            if (!book.Has(plan) || !book.Has(member)) return new Verdict.NeedsMore([plan, member]);
            // Any of them: collecting an earlier one may have failed only after the next was signed.
            var earlier = book.State(member).Spans.Where(span => span.IsSigner && span.Agreement != id).Select(span => span.Agreement).ToList();
            StreamName[] lacking = [.. earlier.Select(AgreementStreams.AgreementOf).Where(other => !book.Has(other))];
            if (lacking.Length > 0) return new Verdict.NeedsMore(lacking);
            var uncleared = earlier.Find(other => book.State(AgreementStreams.AgreementOf(other)).Status is AgreementStatus.Dunning or AgreementStatus.SettleFailed);
            return Run(book, request.Now, new SignAgreement(id, request.Book, request.Now, consent, book.State(plan), book.State(member), uncleared, providerAgreement));
        });
    }

    /// <param name="member">Null: the signer.</param>
    public static Operation Report(Request request, string id, string number, Money amount, Instant at, string? member) =>
        Reporting(request, id, member, at, isTheirs => new ReportBenefit(id, request.Book, request.Now, number, amount, at, member, isTheirs));

    /// <param name="amount">Null: all that stands.</param>
    public static Operation Reverse(Request request, string id, string number, string of, Money? amount, Instant at) =>
        On(request, id, (_, _) => new ReverseBenefit(id, request.Book, request.Now, number, of, amount, at));

    public static Operation Progress(Request request, string id, string number, int times, Money amount, Instant at, string? member) =>
        Reporting(request, id, member, at, isTheirs => new ReportProgress(id, request.Book, request.Now, number, times, amount, at, member, isTheirs));

    public static Operation ReverseProgress(Request request, string id, string number, string of, int? times, Money? amount, Instant at) =>
        On(request, id, (_, _) => new ReverseProgress(id, request.Book, request.Now, number, of, times, amount, at));

    public static Operation ReportPeriod(Request request, string id, int period, Money amount) =>
        On(request, id, (_, _) => new ReportPeriod(id, request.Book, request.Now, period, amount));

    public static Operation Share(Request request, string id, string member)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (stream, other) = (AgreementStreams.AgreementOf(id), AgreementStreams.MemberOf(member));
        return new(request, [stream, other], [], book => Run(book, request.Now, new ShareAgreement(id, request.Book, request.Now, member, book.State(other))));
    }

    public static Operation Unshare(Request request, string id, string member) => On(request, id, (_, _) => new UnshareAgreement(id, request.Book, request.Now, member));

    /// <param name="expected">The quote that was shown; null: whatever it is.</param>
    public static Operation Quit(Request request, string id, QuitKind kind, Money? expected) =>
        On(request, id, (_, _) => new QuitMembership(id, request.Book, request.Now, kind, expected));

    /// <summary>What is due by the clock.</summary>
    public static Operation ReadClock(Request request, string id) => On(request, id, (_, _) => new ReadClock(id, request.Book, request.Now));

    public static Operation Settle(Request request, string id, int period, Money amount) =>
        On(request, id, (_, _) => new SettleAgreement(id, request.Book, request.Now, period, amount));

    public static Operation Waive(Request request, string id, WaiverReason reason, string? text, ApprovalRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        return On(request, id, (_, book) => new WaiveFee(id, request.Book, request.Now, reason, text, request.Actor, rule.NeedsAnother(book)), rule.Stream);
    }

    public static Operation ApproveWaiver(Request request, string id, ApprovalRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        return On(request, id, (_, book) => new ApproveWaiver(id, request.Book, request.Now, request.Actor, rule.NeedsAnother(book)), rule.Stream);
    }

    public static Operation Refund(Request request, string id, int period, string number, Money? amount, FeeRefundKind kind, string? reason) =>
        On(request, id, (_, _) => new RefundFee(id, request.Book, request.Now, period, number, amount, kind, reason));

    /// <summary>What the provider says of an order.</summary>
    public static Operation Note(Request request, string id, string transfer, TransferOutcome outcome, string text) =>
        On(request, id, (_, _) => new NoteTransfer(id, request.Book, request.Now, transfer, outcome, text));

    /// <summary>What a person enjoyed counts where the agreement was theirs at that moment, whatever became of it since.</summary>
    private static Operation Reporting(Request request, string id, string? member, Instant at, Func<bool, AgreementCommand> command)
    {
        if (member is null) return On(request, id, (_, _) => command(true));
        var person = AgreementStreams.MemberOf(member);
        return On(request, id, (_, book) => command(book.State(person).Spans.Any(span => span.Agreement == id && span.From <= at && at < span.Until)), person);
    }

    private static Operation On(Request request, string id, Func<Agreement, BookStates, AgreementCommand> command, params StreamName[] others)
    {
        ArgumentNullException.ThrowIfNull(request);
        var stream = AgreementStreams.AgreementOf(id);
        return new(request, [stream, .. others], [], book => Run(book, request.Now, command(book.State(stream), book)));
    }

    /// <summary>Decides, and says in the streams of the people concerned what it means for them.</summary>
    private static Verdict Run(BookStates book, Instant now, AgreementCommand command)
    {
        var stream = AgreementStreams.AgreementOf(command.Id);
        var state = book.State(stream);
        var decision = AgreementDecider.Decide(command, state);
        if (decision is not Decision<AgreementEvent>.Accepted(var facts)) return ((Decision<AgreementEvent>.Rejected)decision).Reason;
        var after = facts.Aggregate(state, AgreementEvolution.Evolve);
        var people = facts.SelectMany(fact => PeopleOf(command.Id, after, fact)).ToList();
        StreamName[] lacking = [.. people.Select(one => AgreementStreams.MemberOf(one.Member)).Where(other => !book.Has(other))];
        return lacking.Length > 0
            ? new Verdict.NeedsMore(lacking)
            : new Verdict.Accepted(
                [.. stream.With(facts), .. people.Select(one => new Change(AgreementStreams.MemberOf(one.Member), one.Fact))], AgreementView.Of(command.Id, after, now));
    }

    private static IEnumerable<(string Member, LightMemberEvent Fact)> PeopleOf(string id, Agreement after, AgreementEvent fact) => fact switch
    {
        AgreementEvent.AgreementSigned e => [(e.Member, new LightMemberEvent.LightMembershipBegun(e.Member, new(id, e.Plan, IsSigner: true, e.At, e.Term.Start, e.Term.End)))],
        AgreementEvent.AgreementShared e =>
        [
            (e.Member, new LightMemberEvent.LightMembershipBegun(
                e.Member, new(id, after.Offer!.Plan, IsSigner: false, e.At, Instant.Max(e.At, after.Signature!.Term.Start), after.Signature.Term.End))),
        ],
        AgreementEvent.AgreementUnshared e => [(e.Member, new LightMemberEvent.LightMembershipEnded(e.Member, id, Instant.Min(e.At, after.Ends!.Value)))],
        AgreementEvent.QuitRequested e => after.Members.Select(member => (member, (LightMemberEvent)new LightMemberEvent.LightMembershipEnded(member, id, e.At))),
        _ => [],
    };
}
