using System.Text.Json;
using Ledger.Api;
using Microsoft.AspNetCore.Routing;
using Xunit;

namespace Ledger.Tests.Api;

/// <summary>The OpenAPI document is a promise: any change of it shows here.</summary>
public sealed class OpenApiTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = LedgerJson.Options.Encoder };

    [Fact]
    public async Task The_document_is_the_approved_one()
    {
        var document = Shop.Expect(200, await app.Client.SendAsync(HttpMethod.Get, "/openapi/v1.json", null, null));
        Assert.StartsWith("3.1", document.Said("openapi"), StringComparison.Ordinal);
        Approved.Matches(JsonSerializer.Serialize(document.Json, Indented));
    }

    [Fact]
    public async Task Every_operation_that_asks_for_an_API_key_stands_in_it()
    {
        var mapped = app.Service<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Where(endpoint => endpoint.Metadata.OfType<Access>().Any())
            .SelectMany(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(method => $"{method} {endpoint.RoutePattern.RawText}"));
        var documented = (await FuzzedOperation.AllAsync(app.Client)).Select(operation => operation.ToString());
        Assert.Equal(mapped.Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_operation_has_an_id_of_its_own_a_success_and_a_problem()
    {
        var operations = await FuzzedOperation.AllAsync(app.Client);
        Assert.Equal(operations.Count, operations.Select(operation => operation.Id).Distinct(StringComparer.Ordinal).Count());
        Assert.All(operations, operation =>
        {
            Assert.Contains(operation.Answers, answer => answer.Key is "200" or "201");
            Assert.Equal(["application/problem+json"], operation.Answers["default"]);
        });
    }
}
