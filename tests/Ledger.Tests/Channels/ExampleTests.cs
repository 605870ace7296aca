using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Xunit;

namespace Ledger.Tests.Channels;

/// <summary>
/// The examples of each dialect, in their order, against the running service. They are written from the design's tables; none was recorded
/// from a channel's own system. <c>$name</c> in an answer stands for any text and is the same text from then on.
/// </summary>
public sealed partial class ExampleTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    [Theory]
    [InlineData("alipay")]
    [InlineData("wechat")]
    public async Task Each_call_is_answered_as_its_example_says(string dialect)
    {
        var shop = await app.OpenShopAsync();
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        var file = Path.Combine(Repository.Root, "tests/Ledger.Tests/Channels/Examples", $"{dialect}.json");
        var examples = JsonNode.Parse(await File.ReadAllTextAsync(file))!.AsArray();
        Assert.True(examples.Count > 20);
        foreach (var example in examples)
        {
            var body = example!["request"] is { } request ? LedgerClient.Content(Named(request.ToJsonString(), names)) : null;
            var path = Named(example["path"]!.GetValue<string>(), names);
            var answer = await shop.Client.SendAsync(new(example["method"]!.GetValue<string>()), path, body, shop.MerchantKey);
            var what = $"{example["say"]} {path}: {answer}";
            Assert.True(example["status"]!.GetValue<int>() == answer.Status, what);
            Compare(example["answer"]!, JsonNode.Parse(answer.Text), names, what, isWhole: answer.Status == 200);
        }

        await Proof.Books.AssertSoundAsync(app.Database);
    }

    /// <summary>Member by member; of a problem, those that the example names.</summary>
    private static void Compare(JsonNode? expected, JsonNode? actual, Dictionary<string, string> names, string what, bool isWhole)
    {
        switch (expected)
        {
            case JsonObject members:
                var others = Assert.IsType<JsonObject>(actual);
                if (isWhole) Assert.True(members.Select(m => m.Key).Order(StringComparer.Ordinal).SequenceEqual(others.Select(m => m.Key).Order(StringComparer.Ordinal), StringComparer.Ordinal), what);
                foreach (var (name, value) in members) Compare(value, others[name], names, $"{name}: {what}", isWhole);
                break;
            case JsonArray items:
                var list = Assert.IsType<JsonArray>(actual);
                Assert.True(items.Count == list.Count, what);
                for (var i = 0; i < items.Count; i++) Compare(items[i], list[i], names, what, isWhole);
                break;
            case JsonValue text when text.TryGetValue<string>(out var name) && name.StartsWith('$') && names.TryAdd(name[1..], actual!.GetValue<string>()):
                break;
            case JsonValue text when text.TryGetValue<string>(out var said):
                Assert.True(actual is not null && Named(said, names) == actual.GetValue<string>(), what);
                break;
            default:
                Assert.True(JsonNode.DeepEquals(expected, actual), what);
                break;
        }
    }

    private static string Named(string text, Dictionary<string, string> names) => Name().Replace(text, match => names[match.Groups["name"].Value]);

    [GeneratedRegex(@"\$(?<name>[a-z][a-z0-9_]*)", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Name();
}
