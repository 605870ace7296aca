using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Ledger.Api;

/// <summary>What the OpenAPI document says beyond the shapes of bodies: headers, parameters, keys, problems, examples.</summary>
public static class OpenApiDocument
{
    public static void Configure(OpenApiOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new()
            {
                Title = "Ledger",
                Version = "v1",
                Description = "An event-sourced ledger of coupons. Amounts are integers in the minor unit of the merchant's currency; times are RFC 3339. "
                    + "Problems are RFC 9457 with a stable type per refusal.",
            };
            document.Servers = [];
            document.Components ??= new();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal)
            {
                ["key"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "An API key: lk_live_… or lk_test_…" },
            };
            document.Security = [new() { [new OpenApiSecuritySchemeReference("key", document)] = [] }];
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            Describe(operation, context);
            return Task.CompletedTask;
        });
        options.AddSchemaTransformer((schema, context, _) =>
        {
            OpenApiShapes.Describe(schema, context.JsonTypeInfo.Type);
            return Task.CompletedTask;
        });
    }

    private static void Describe(OpenApiOperation operation, OpenApiOperationTransformerContext context)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        var isCommand = context.Description.HttpMethod == HttpMethods.Post && !metadata.OfType<NeedsNoKey>().Any();
        var access = metadata.OfType<Access>().Single();
        operation.OperationId = OperationId(context.Description.HttpMethod!, context.Description.RelativePath!);
        operation.Tags = new HashSet<OpenApiTagReference> { new(context.Description.RelativePath!.Split('/')[1]) };
        var audience = access switch
        {
            Access.Platform => "For keys of scope platform.",
            Access.Merchant => "For keys of scope merchant, and of scopes provider and platform with Ledger-Merchant.",
            Access.Owner => "For keys of scope merchant, and of scope platform with Ledger-Merchant; not of providers.",
            Access.Provider => "For keys of scopes provider and platform.",
            _ => "For keys of scope till and merchant, and of scopes provider and platform with Ledger-Merchant.",
        };
        // What the endpoint says of itself stands there already.
        operation.Description = operation.Description is { } own ? $"{audience} {own}" : audience;
        operation.Parameters = [];
        foreach (var part in context.Description.RelativePath!.Split('/').Where(part => part.StartsWith('{')))
            operation.Parameters.Add(Parameter(part[1..^1], ParameterLocation.Path, isRequired: true, null));
        foreach (var name in metadata.OfType<QueryNames>().SelectMany(names => names.Names))
            operation.Parameters.Add(Parameter(name, ParameterLocation.Query, isRequired: false, null));
        var longest = metadata.OfType<KeyLength>().SingleOrDefault()?.Most ?? Limits.MaxRequestKey;
        var aboutKey = FormattableString.Invariant($"One key, one outcome, for ever; 1 to {longest} printable ASCII characters.");
        if (isCommand) operation.Parameters.Add(Parameter("Idempotency-Key", ParameterLocation.Header, isRequired: true, aboutKey, longest));
        if (isCommand && access == Access.Till)
        {
            operation.Parameters.Add(Parameter(Headers.TillId, ParameterLocation.Header, isRequired: false, "The till that asks; with Till-Seq or not at all. Kept in the headers of the entries."));
            operation.Parameters.Add(Parameter(Headers.TillSeq, ParameterLocation.Header, isRequired: false, "Counted up by the till with each request: whose number no entry has changed nothing or never arrived."));
        }

        operation.Parameters.Add(Parameter("Ledger-Merchant", ParameterLocation.Header, isRequired: false, "The merchant that a platform's or provider's key acts for."));
        if (context.Description.RelativePath.EndsWith("/terms", StringComparison.Ordinal))
            operation.Parameters.Add(Parameter("If-Match", ParameterLocation.Header, isRequired: true, "The ETag that reading the campaign answered."));
        operation.Responses ??= [];
        operation.Responses["default"] = new OpenApiResponse
        {
            Description = "A problem (RFC 9457). Its type names one of docs/problems.md.",
            Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal) { ["application/problem+json"] = new OpenApiMediaType { Schema = OpenApiShapes.Problem() } },
        };
        OpenApiShapes.AddExample(operation, metadata);
    }

    private static OpenApiParameter Parameter(string name, ParameterLocation place, bool isRequired, string? description, int longest = Limits.MaxRequestKey) => new()
    {
        Name = name,
        In = place,
        Required = isRequired,
        Description = description,
        Schema = new OpenApiSchema
        {
            Type = IsNumber(name) ? JsonSchemaType.Integer : JsonSchemaType.String,
            MaxLength = IsNumber(name) ? null : longest,
            Minimum = name == Headers.TillSeq ? "0" : null,
            Maximum = name == Headers.TillSeq ? Limits.MaxTillSequence.ToString(System.Globalization.CultureInfo.InvariantCulture) : null,
        },
    };

    private static bool IsNumber(string name) => name is "limit" or "amount" or "after" or Headers.TillSeq;

    private static string OperationId(string method, string path) =>
        method.ToLowerInvariant() + string.Concat(path.Split('/', '{', '}', '-').Skip(1).Where(part => part.Length > 0).Select(part => char.ToUpperInvariant(part[0]) + part[1..]));
}
