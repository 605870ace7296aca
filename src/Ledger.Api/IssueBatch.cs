using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading.Channels;
using Ledger.Coupons;
using Ledger.Postgres;
using Microsoft.AspNetCore.Http.Features;
using NodaTime;

namespace Ledger.Api;

/// <summary>
/// Issues one coupon for each line of an NDJSON body and answers a line for each, in order, while the body still arrives. Memory does not
/// grow with the body; a bad line loses only itself. Line n is the request <c>{Idempotency-Key}#{n}</c>: sending the
/// whole body again under the same key issues nothing twice: what was issued is answered again, what was refused is tried again. The key itself keeps that the batch was opened.
/// </summary>
public static class IssueBatch
{
    /// <summary>Lines under way at once: enough to fill the scribe's batches, few enough to leave its queue to tills.</summary>
    private const int Window = 512;

    private const int MaxTries = 100;

    /// <summary>Room that a request key leaves for <c>#</c> and the line's number.</summary>
    internal const int MaxKey = Limits.MaxRequestKey - 12;

    public static string Description { get; } = FormattableString.Invariant(
        $$"""
        One coupon a line, of at most {{Limits.MaxBody}} bytes; as many lines as you like. Each that is not blank is answered by a line, in the same order: {"line", "ref", "status", "coupon" or "problem"}.
        Answers come while lines are still read: read them while you send, for nothing more is taken while they wait. A bad line loses only itself.
        Line n, blank ones counted, is the request {Idempotency-Key}#n. The same body again under the same key issues nothing twice: what was issued is answered again,
        what was refused is tried again.
        """).ReplaceLineEndings(" ");

    public static async Task HandleAsync(Call call)
    {
        ArgumentNullException.ThrowIfNull(call);
        var http = call.Http;
        if (http.Request.ContentType?.StartsWith("application/x-ndjson", StringComparison.OrdinalIgnoreCase) != true)
        {
            await Problems.WriteAsync(http, Problems.UnsupportedMediaType, JsonFacts.Of(new { needs = "application/x-ndjson" }));
            return;
        }

        if (http.Request.Headers["Idempotency-Key"].ToString().Length > MaxKey)
        {
            await Problems.WriteAsync(http, Problems.IdempotencyKeyMissing, JsonFacts.Of(new { needs = $"at most {MaxKey} characters for a batch" }));
            return;
        }

        // Reversed before it came, none of it is done. A key that another request had before carried batches in earlier builds, and still does: its lines have keys of their own.
        if (await SubmitAsync(call, CouponOperations.OpenBatch(call.Request([]))) is Outcome.Rejected(var reason) && reason is not IdempotencyKeyReused)
        {
            await Problems.WriteAsync(http, reason);
            return;
        }

        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;

        // Answers go out while lines come in, which HTTP/1.1 permits and clients of long batches expect.
        http.Response.ContentType = "application/x-ndjson";
        var answers = Channel.CreateBounded<Task<byte[]>>(Window);
        var reading = ReadAsync(call, http.RequestServices.GetRequiredService<IClock>(), answers.Writer);
        await foreach (var answer in answers.Reader.ReadAllAsync(call.Aborted))
        {
            if (!answer.IsCompleted) await http.Response.BodyWriter.FlushAsync(call.Aborted);
            http.Response.BodyWriter.Write(await answer);
            http.Response.BodyWriter.Write("\n"u8);
            // Nobody knows when the next line comes, and whoever sends it may wait for this answer first.
            if (answers.Reader.Count == 0 || http.Response.BodyWriter.UnflushedBytes > Limits.MaxBody) await http.Response.BodyWriter.FlushAsync(call.Aborted);
        }

        await reading;
        await http.Response.BodyWriter.FlushAsync(call.Aborted);
    }

    private static async Task ReadAsync(Call call, IClock clock, ChannelWriter<Task<byte[]>> answers)
    {
        try
        {
            var (number, isOver) = (0L, new StrongBox<bool>());
            await foreach (var line in LinesAsync(call.Http.Request.BodyReader, call.Aborted))
            {
                number++;
                if (line is { Length: 0 }) continue;
                // A line is received when it is read: a long body may take minutes.
                var received = call with { Now = Times.Cut(clock.GetCurrentInstant()) };
                await answers.WriteAsync(IssueAsync(received, number, line, isOver), call.Aborted);
            }

            answers.Complete();
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or BadHttpRequestException)
        {
            answers.Complete(exception);
        }
    }

    /// <summary>The lines of a body; null stands for one longer than <see cref="Limits.MaxBody"/>, whose bytes are dropped.</summary>
    private static async IAsyncEnumerable<byte[]?> LinesAsync(
        PipeReader body, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var isTooLong = false;
        while (true)
        {
            var read = await body.ReadAsync(cancellation);
            var buffer = read.Buffer;
            while (buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = buffer.Slice(0, end);
                buffer = buffer.Slice(buffer.GetPosition(1, end));
                // As they came, blanks and all: else it would depend on how they came in pieces.
                yield return isTooLong || line.Length > Limits.MaxBody ? null : Trim(line);
                isTooLong = false;
            }

            if (buffer.Length > Limits.MaxBody)
            {
                isTooLong = true;
                buffer = buffer.Slice(buffer.End);
            }

            if (read.IsCompleted)
            {
                var rest = Trim(buffer);
                body.AdvanceTo(read.Buffer.End);
                if (isTooLong) yield return null;
                else if (rest.Length > 0) yield return rest;
                yield break;
            }

            body.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    private static byte[] Trim(ReadOnlySequence<byte> line)
    {
        var bytes = line.ToArray();
        return bytes.AsSpan().Trim((byte)' ').TrimEnd((byte)'\r').ToArray();
    }

    /// <param name="isOver">Whether a line met that the key was revoked: those after it issue nothing, and nobody asks for it again.</param>
    private static async Task<byte[]> IssueAsync(Call call, long number, byte[]? line, StrongBox<bool> isOver)
    {
        if (line is null) return Answer(call, number, null, Problems.BodyTooLarge, JsonFacts.Of(new { limitBytes = Limits.MaxBody }));
        var faults = new Faults();
        if (!RequestBody.TryRead<IssueBody>(line, faults, out var body))
            return Answer(call, number, null, Problems.Malformed, JsonFacts.Of(new { errors = faults.Listed, faults = faults.Count }));

        try
        {
            isOver.Value = isOver.Value || await call.Http.RequestServices.GetRequiredService<Callers>().KeyAsync(Edge.SecretOf(call.Http)!, call.Aborted) is null or { RevokedAt: not null };
            if (isOver.Value) return Answer(call, number, body.Ref, Problems.NotAuthenticated, default);
            if (await LimitIdentity.OfAsync(call, body, line, faults) is not { } who)
                return Answer(call, number, body.Ref, Problems.Malformed, JsonFacts.Of(new { errors = faults.Listed, faults = faults.Count }));
            var request = call.Request(who.Body.Span, FormattableString.Invariant($"#{number}"));
            return await SubmitAsync(call, CouponEndpoints.Issue(call, body, who, request)) switch
            {
                Outcome.Accepted(var answer, _) => Answer(number, body.Ref, answer),
                Outcome.Rejected(var reason) => Answer(call, number, body.Ref, reason),
                var other => throw new System.Diagnostics.UnreachableException($"{other}"),
            };
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or OutOfMemoryException))
        {
            var problem = Problems.Of(exception);
            if (problem == Problems.Internal)
                call.Http.RequestServices.GetRequiredService<ILogger<Program>>().LogError(exception, "Line {Number} of request {RequestId} failed", number, RequestIds.Of(call.Http));
            return Answer(call, number, body.Ref, problem, default);
        }
    }

    /// <summary>A batch gives way to tills: it waits for a place in the queue instead of failing.</summary>
    private static async Task<Outcome> SubmitAsync(Call call, Operation operation)
    {
        var scribes = call.Http.RequestServices.GetRequiredService<Scribes>();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await scribes.SubmitAsync(operation, call.Aborted);
            }
            catch (LedgerOverloadedException) when (attempt < MaxTries)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), call.Aborted);
            }
        }
    }

    private static byte[] Answer(long number, string? mark, ReadOnlyMemory<byte> coupon) => Line(writer =>
    {
        Begin(writer, number, mark, StatusCodes.Status201Created);
        writer.WritePropertyName("coupon");
        writer.WriteRawValue(coupon.Span, skipInputValidation: true);
    });

    private static byte[] Answer(Call call, long number, string? mark, Rejection reason) =>
        Answer(call, number, mark, Problems.Of(reason), JsonSerializer.SerializeToElement(reason, reason.GetType(), LedgerJson.Answers));

    private static byte[] Answer(Call call, long number, string? mark, ProblemType problem, JsonElement facts) => Line(writer =>
    {
        Begin(writer, number, mark, problem.Status);
        writer.WritePropertyName("problem");
        Problems.Write(writer, problem, facts, RequestIds.Of(call.Http));
    });

    private static void Begin(Utf8JsonWriter writer, long number, string? mark, int status)
    {
        writer.WriteNumber("line", number);
        if (mark is not null) writer.WriteString("ref", mark);
        writer.WriteNumber("status", status);
    }

    private static byte[] Line(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, new() { Encoder = LedgerJson.Options.Encoder }))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
