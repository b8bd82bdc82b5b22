using System.Net;
using System.Net.Http.Headers;
using Samples.Runtime.Apps;

namespace Samples.Runtime.BuildingBlocks.Actors;

/// <summary>What is asked of an actor: a method, a timer or a reminder.</summary>
/// <param name="Path">What follows <c>method/</c>, escaped, with its query.</param>
/// <param name="Body">The bytes for the actor.</param>
/// <param name="Headers">For the application, as they come; content headers among them.</param>
internal sealed record ActorRequest(string Path, ReadOnlyMemory<byte> Body, IReadOnlyList<KeyValuePair<string, string>> Headers)
{
    public const string ReentrancyHeader = "Dapr-Reentrancy-Id";

    /// <summary>The chain of calls that this one belongs to; null where it begins one.</summary>
    public string? Chain => Headers.FirstOrDefault(h => h.Key.Equals(ReentrancyHeader, StringComparison.OrdinalIgnoreCase)).Value;

    /// <summary>With what the application is told of its caller.</summary>
    public ActorRequest From(string appId) => this with
    {
        Headers =
        [
            .. Headers, new("dapr-api-call", "true"), new("dapr-caller-app-id", appId), new("dapr-caller-namespace", "default"), .. Trace()
        ],
    };

    private IEnumerable<KeyValuePair<string, string>> Trace() =>
        Headers.Any(h => h.Key.Equals(TraceContext.Parent, StringComparison.OrdinalIgnoreCase))
            ? []
            : [new(TraceContext.Parent, TraceContext.Current())];

    /// <summary>A callback of the runtime itself.</summary>
    public static ActorRequest Json(string path, ReadOnlyMemory<byte> body) => new(path, body, [new("content-type", "application/json")]);
}

/// <summary>What the application answered.</summary>
internal sealed record ActorResponse(HttpStatusCode Status, ReadOnlyMemory<byte> Body, IReadOnlyList<KeyValuePair<string, string>> Headers)
{
    /// <summary>True where the application set a header, whatever its value.</summary>
    public bool Has(string header) => Headers.Any(h => h.Key.Equals(header, StringComparison.OrdinalIgnoreCase));

    /// <summary>The first value of a header.</summary>
    public string? Header(string header) => Headers.FirstOrDefault(h => h.Key.Equals(header, StringComparison.OrdinalIgnoreCase)).Value;
}

/// <summary>
/// One replica that has actors, from when its application joined until it is gone. A restarted application is another host.
/// </summary>
/// <param name="name">Unique; a replica that comes back under its name gets its share of actors again.</param>
/// <param name="app">The way to the application.</param>
/// <param name="types">The actor types that it has.</param>
internal sealed class ActorHost(string name, IAppChannel app, IReadOnlyDictionary<string, ActorSettings> types)
{
    private readonly Lock _gate = new();
    private readonly HashSet<ActorId> _stale = [];
    private bool _suspended;
    private volatile bool _gone;

    public string Name => name;

    public IReadOnlyDictionary<string, ActorSettings> Types => types;

    /// <summary>Set where it belongs to the sidecar of another process: of its application and its turns, that one knows.</summary>
    public IRemoteActors? Remote { get; init; }

    /// <summary>True where the application ended or its sidecar stops: nothing of it is left in memory.</summary>
    public bool IsGone => _gone;

    /// <summary>True while it does not answer health probes: it may be frozen, and go on where it was.</summary>
    public bool IsSuspended
    {
        get
        {
            lock (_gate)
                return _suspended;
        }
    }

    /// <summary>What the application has in memory although it moved on.</summary>
    public IReadOnlyCollection<ActorId> Stale
    {
        get
        {
            lock (_gate)
                return [.. _stale];
        }
    }

    public bool IsUsable => !IsGone && !IsSuspended;

    public void MarkGone() => _gone = true;

    public void Suspend()
    {
        lock (_gate)
            _suspended = true;
    }

    /// <summary>
    /// Remembers that the suspended host has an activation in memory that has moved on: it must be told before it gets actors again. False
    /// where it is not suspended (any more): then it can be told at once.
    /// </summary>
    public bool MarkStale(ActorId id)
    {
        lock (_gate)
        {
            if (_suspended)
                _stale.Add(id);
            return _suspended;
        }
    }

    /// <summary>Tells a host that answers again what has moved on; throws where it does not answer after all.</summary>
    public async Task ResumeAsync(CancellationToken cancel)
    {
        while (true)
        {
            ActorId[] stale;
            lock (_gate)
            {
                if (_stale.Count == 0)
                {
                    _suspended = false;
                    return;
                }

                stale = [.. _stale];
            }

            foreach (var id in stale)
            {
                await DeactivateAsync(id, cancel);
                lock (_gate)
                    _stale.Remove(id);
            }
        }
    }

    /// <summary>True where the application answers its health probe in time.</summary>
    public async Task<bool> AnswersAsync(TimeSpan limit, TimeProvider time, CancellationToken cancel)
    {
        using var patience = new CancellationTokenSource(limit, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancel);
        try
        {
            return await app.AnswersAsync("/healthz", both.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>One turn in the application. It is never given up: what was sent may run, whoever waits for it.</summary>
    public async Task<ActorResponse> CallAsync(ActorId id, ActorRequest request, string? chain)
    {
        using var message = new HttpRequestMessage(HttpMethod.Put, Address(id) + "/method/" + request.Path)
        {
            // Always with content, even empty: the HTTP client sends a request without one again by itself when the connection breaks.
            Content = new ReadOnlyMemoryContent(request.Body),
        };
        foreach (var (key, value) in request.Headers)
        {
            if (!message.Headers.TryAddWithoutValidation(key, value))
                message.Content.Headers.TryAddWithoutValidation(key, value);
        }

        if (chain is not null)
        {
            message.Headers.Remove(ActorRequest.ReentrancyHeader);
            message.Headers.TryAddWithoutValidation(ActorRequest.ReentrancyHeader, chain);
        }

        using var response = await app.SendAsync(message, HttpCompletionOption.ResponseContentRead, CancellationToken.None);
        var body = await response.Content.ReadAsByteArrayAsync();
        return new ActorResponse(response.StatusCode, body, [.. Pairs(response.Headers), .. Pairs(response.Content.Headers)]);
    }

    /// <summary>
    /// Tells the application that it does not have the actor any more. An actor that it does not know, or that fails to say goodbye, is no
    /// error.
    /// </summary>
    public async Task DeactivateAsync(ActorId id, CancellationToken cancel)
    {
        using var message = new HttpRequestMessage(HttpMethod.Delete, Address(id));
        using var response = await app.SendAsync(message, HttpCompletionOption.ResponseContentRead, cancel);
    }

    private static string Address(ActorId id) => $"/actors/{Uri.EscapeDataString(id.Type)}/{Uri.EscapeDataString(id.Id)}";

    private static IEnumerable<KeyValuePair<string, string>> Pairs(HttpHeaders headers) =>
        headers.NonValidated.Select(h => KeyValuePair.Create(h.Key, h.Value.ToString()));
}
