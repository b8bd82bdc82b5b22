using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Samples.Conformance.Record;

/// <summary>A request that reached the application.</summary>
internal sealed record Received(string Method, string Path, IReadOnlyDictionary<string, string> Headers, string Body);

/// <summary>The application that stood behind the recorded daprd: it answers by path and keeps what it got.</summary>
internal sealed class StubApp(object[] subscriptions)
{
    private readonly Lock _gate = new();
    private readonly List<Received> _received = [];
    private TaskCompletionSource _arrival = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _retries;

    /// <summary>The subscriptions of the recording over HTTP.</summary>
    public static object[] AllTopics { get; } =
    [
        new { pubsubname = "pubsub", topic = "orders", route = "/orders" },
        new { pubsubname = "pubsub", topic = "raw", route = "/raw", metadata = new { rawPayload = "true" } },
        new { pubsubname = "pubsub", topic = "fails", route = "/fails", deadLetterTopic = "dead" },
        new { pubsubname = "pubsub", topic = "dead", route = "/dead" },
        new { pubsubname = "pubsub", topic = "dropped", route = "/dropped", deadLetterTopic = "dead" },
        new { pubsubname = "pubsub", topic = "retried", route = "/retried" },
        new { pubsubname = "pubsub", topic = "absent", route = "/missing/handler", deadLetterTopic = "dead" },
        new { pubsubname = "pubsub", topic = "odd", route = "/odd", deadLetterTopic = "dead" },
        new
        {
            pubsubname = "pubsub",
            topic = "bulk",
            route = "/bulk",
            bulkSubscribe = new { enabled = true, maxMessagesCount = 10, maxAwaitDurationMs = 200 },
        },
    ];

    /// <summary>The subscription of the recording over gRPC.</summary>
    public static object[] OneTopic { get; } = [new { pubsubname = "pubsub", topic = "orders", route = "/orders" }];

    public void Map(WebApplication app) => app.MapFallback("{**path}", AnswerAsync);

    /// <summary>
    /// Takes out the first request that is <paramref name="exactly"/> the one; waits for it until <paramref name="cancel"/>, then takes
    /// the first that only <paramref name="nearly"/> is; null where there is none either.
    /// </summary>
    public async Task<Received?> TakeAsync(Func<Received, bool> exactly, Func<Received, bool> nearly, CancellationToken cancel)
    {
        while (true)
        {
            Task arrival;
            lock (_gate)
            {
                var second = cancel.IsCancellationRequested ? _received.FirstOrDefault(nearly) : null;
                if ((_received.FirstOrDefault(exactly) ?? second) is { } found)
                {
                    _received.Remove(found);
                    return found;
                }

                arrival = _arrival.Task;
            }

            if (cancel.IsCancellationRequested)
                return null;
            await arrival.WaitAsync(cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task AnswerAsync(HttpContext http)
    {
        using var reader = new StreamReader(http.Request.Body);
        var body = await reader.ReadToEndAsync();
        var path = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var received = new Received(http.Request.Method, path,
            http.Request.Headers.ToDictionary(h => h.Key.ToLowerInvariant(), h => h.Value.ToString()), body);
        lock (_gate)
        {
            _received.Add(received);
            _arrival.TrySetResult();
            _arrival = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        if (path.StartsWith("/echo", StringComparison.Ordinal))
            http.Response.Headers["X-App"] = "stub";
        var (status, answer) = Answer(received);
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(answer);
    }

    private static string Successes(string batch) => JsonSerializer.Serialize(new
    {
        statuses = JsonDocument
            .Parse(batch).RootElement
            .GetProperty("entries")
            .EnumerateArray()
            .Select(e => new { entryId = e.GetProperty("entryId").GetString(), status = "SUCCESS" }),
    });

    private (int Status, string Body) Answer(Received request) => request.Path.Split('?')[0] switch
    {
        "/dapr/config" => (200, """{"entities":["Counter"]}"""),
        "/dapr/subscribe" => (200, JsonSerializer.Serialize(subscriptions)),
        "/boom" => (500, """{"error": "app failed"}"""),
        "/fails" => (500, "{}"),
        "/dropped" => (200, """{"status":"DROP"}"""),
        "/retried" => (200, Interlocked.Increment(ref _retries) <= 2 ? """{"status":"RETRY"}""" : """{"status":"SUCCESS"}"""),
        "/odd" => (200, """{"status":"WHATEVER"}"""),
        "/bulk" => (200, Successes(request.Body)),
        "/" => (200, ""),
        var path when path.StartsWith("/echo", StringComparison.Ordinal) =>
            (200, JsonSerializer.Serialize(new { method = request.Method, path = request.Path, body = request.Body })),
        var path when path.StartsWith("/missing", StringComparison.Ordinal) => (404, """{"error": "no such path"}"""),
        var path when path.EndsWith("/method/inc", StringComparison.Ordinal) => (200, """{"n":1}"""),
        var path when path.EndsWith("/method/bad", StringComparison.Ordinal) => (500, """{"error":"actor failed"}"""),
        var path when path.EndsWith("/method/absent", StringComparison.Ordinal) => (404, ""),
        _ => (200, "{}"),
    };
}
