using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ledger.Coupons;
using Ledger.Coupons.Groups;
using Ledger.Merchants;
using Ledger.Postgres;
using Xunit;
using static Ledger.Tests.Moments;

namespace Ledger.Tests;

public partial class CatalogueTests
{
    private const string StateShapes = "tests/Ledger.Tests/CatalogueTests.Stored_states.approved.txt";

    public static TheoryData<string> EventNames { get; } = [.. Catalogue.Events.Keys];

    [Theory]
    [MemberData(nameof(EventNames))]
    public void Every_event_walks_through_Evolve(string name)
    {
        var stored = Catalogue.Events[name];
        // A state on which every fact can follow: what the stream's first facts lead to, with a redemption to void and a store for a till.
        var ready = stored.Stream.Name switch
        {
            "merchant" => After(stored.Stream, new MerchantEvent.StoreOpened("s1", "Main street")),
            "fuhand" => After(stored.Stream, new Ledger.FuCards.FuHandEvent.PrizeClaimed("c", "u", 1, 100, 1, "fu1", default)),
            "coupon" => After(
                stored.Stream, Coupons.CouponExamples.Issued with { Sale = new("trade-1", 1, new(49_90), "shop", new(1_49), true, true) }, Coupons.CouponExamples.Redeemed,
                Coupons.CouponExamples.WasOffered),
            _ => stored.Stream.Initial,
        };
        Holds.For(AnyValue.Of(stored.Type), fact =>
        {
            var next = stored.Stream.Evolve(ready, fact is MerchantEvent.TillInstalled till ? till with { Store = "s1" } : fact!);
            Assert.IsAssignableFrom(stored.Stream.StateType, next);
            // Coupons are counted one by one; money moves by any amount.
            Assert.All(stored.Stream.TalliesOf(fact!).Where(change => change.Key.StartsWith("issued/", StringComparison.Ordinal)), change =>
                Assert.Equal(fact is CouponEvent.CouponIssueCancelled or GroupEvent.GroupPlaceSold or GroupEvent.GroupRefundRequested ? -1 : 1, change.Amount));
        }, times: 10);
        Assert.Same(stored, Catalogue.Of(AnyInstance(stored.Type)));
    }

    /// <summary>What is stored is for ever: a difference here is a new event or an upcaster, or it is a mistake.</summary>
    [Fact]
    public void Stored_events() => Approved.Matches(string.Join(
        '\n', Catalogue.Events.Values.OrderBy(e => e.Name, StringComparer.Ordinal).Select(e => $"{e.Name} in {e.Stream.Name}, {e.DotnetType}\n{Shapes.Of(e.Type, 1)}")));

    /// <summary>
    /// Stored states are folded anew when their schema number rises, and only then. So the approved file keeps a paragraph for each number
    /// that there ever was: a state of another shape under a number that is known fails, and a new number adds a paragraph.
    /// </summary>
    [Fact]
    public void A_state_of_another_shape_has_a_higher_schema_number()
    {
        var path = Path.Combine(Repository.Root, StateShapes);
        var known = File.ReadAllText(path).ReplaceLineEndings("\n").Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .ToDictionary(paragraph => paragraph[..paragraph.IndexOf('\n', StringComparison.Ordinal)], paragraph => paragraph.TrimEnd(), StringComparer.Ordinal);
        var added = new List<string>();
        foreach (var stream in Catalogue.Streams)
        {
            var head = string.Create(CultureInfo.InvariantCulture, $"{stream.Name}, schema {stream.Schema}");
            var shape = $"{head}\n{Shapes.Of(stream.StateType, 1)}".TrimEnd();
            Assert.False(known.ContainsKey(string.Create(CultureInfo.InvariantCulture, $"{stream.Name}, schema {stream.Schema + 1}")), $"{head} went back to a number that was used before.");
            if (!known.TryGetValue(head, out var approved)) added.Add(shape);
            else Assert.True(approved == shape, $"The state of {stream.Name} changed: raise its Schema above {stream.Schema}.\nIt was {approved}\nand is {shape}");
        }

        Assert.True(added.Count == 0, $"Add to {StateShapes}, and leave the rest as it is:\n\n{string.Join("\n\n", added)}");
    }

    [Fact]
    public void Event_names_are_unique_and_in_snake_case()
    {
        // A name that two streams share would already have stopped the catalogue.
        Assert.All(Catalogue.Events.Keys, name => Assert.Matches(SnakeCase(), name));
        Assert.Equal(Catalogue.Streams.Sum(stream => stream.EventType.GetNestedTypes().Length), Catalogue.Events.Count);
        Assert.Distinct(Catalogue.Events.Values.Select(e => e.DotnetType), StringComparer.Ordinal);
        Assert.All(Catalogue.Events.Values, e => Assert.True(e.Type.IsSealed, $"{e.Type} is not sealed"));
    }

    [Fact]
    public void Stream_types_have_names_of_their_own()
    {
        Assert.Distinct(Catalogue.Streams.Select(stream => stream.Name), StringComparer.Ordinal);
        Assert.All(Catalogue.Streams, stream => Assert.Matches(SnakeCase(), stream.Name));
        Assert.All(Catalogue.Streams, stream => Assert.Same(stream, Catalogue.Stream(stream.Name)));
        Assert.Null(Catalogue.Stream("unknown"));
    }

    [Fact]
    public void Refusals_have_names_of_their_own()
    {
        var refusals = new[] { typeof(Rejection).Assembly, typeof(Outcome).Assembly }
            .SelectMany(assembly => assembly.GetTypes()).Where(type => type.IsSubclassOf(typeof(Rejection)) && !type.IsAbstract).ToArray();
        Assert.NotEmpty(refusals);
        Assert.Distinct(refusals.Select(Rejection.SlugOf), StringComparer.Ordinal);
        Assert.All(refusals, refusal => Assert.Matches(KebabCase(), Rejection.SlugOf(refusal)));
    }

    /// <summary>A terms version as the first books stored it, and what it means today.</summary>
    [Fact]
    public void Terms_of_the_first_books_read_as_todays()
    {
        var old = """{"terms":{"expiresAt":"2026-06-30T16:00:00.000000Z","faceValue":2000,"minimumSpend":10000}}"""u8;
        var expected = new CouponTerms(
            new Benefit.FixedAmount(new(20_00)), new(100_00), "Asia/Shanghai", new(At("2000-01-01T00:00:00Z"), At("2026-07-01T00:00:00+08:00")), [], [], new());
        Assert.Equal(new TermsEvent.TermsPublished(expected), Catalogue.Events["terms_published"].Read(old));
    }

    [Fact]
    public void Todays_shapes_pass_the_upcasters_untouched() => Holds.For(AnyValue.Of(typeof(TermsEvent.TermsPublished)), fact =>
    {
        var json = JsonSerializer.SerializeToNode(fact, typeof(TermsEvent.TermsPublished), LedgerJson.Options)!.AsObject();
        var before = json.ToJsonString();
        Assert.False(Upcasters.For("terms_published")!(json));
        Assert.Equal(before, json.ToJsonString());
    }, times: 50);

    [Fact]
    public void An_upcast_is_done_once()
    {
        var json = JsonNode.Parse("""{"terms":{"expiresAt":"2026-06-30T16:00:00.000000Z","faceValue":2000,"minimumSpend":10000}}""")!.AsObject();
        var upcast = Upcasters.For("terms_published")!;
        Assert.True(upcast(json));
        var once = json.ToJsonString();
        Assert.False(upcast(json));
        Assert.Equal(once, json.ToJsonString());
    }

    [Fact]
    public void Only_stored_events_have_upcasters() => Assert.Equal(["terms_published"], Catalogue.Events.Keys.Where(name => Upcasters.For(name) is not null), StringComparer.Ordinal);

    private static object After(StreamType stream, params object[] facts) => facts.Aggregate(stream.Initial, stream.Evolve);

    private static object AnyInstance(Type type) => System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(type);

    [GeneratedRegex("^[a-z]+(_[a-z]+)*$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex SnakeCase();

    [GeneratedRegex("^[a-z]+(-[a-z]+)*$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex KebabCase();
}
