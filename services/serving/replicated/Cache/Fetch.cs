using System.Collections.Concurrent;
using Samples.Cache.Http;
using Samples.Cache.Storage;

namespace Samples.Cache;

/// <summary>What a question to the origin brought: an answer that is whole and in memory, or one to pass on as it comes.</summary>
/// <param name="Answer">Whole; null for one to pass on.</param>
/// <param name="Passing">To pass on, and to dispose then; null for a whole one.</param>
/// <param name="Begun">What of the passing answer's body has been read already.</param>
/// <param name="IsStored">Whether it was kept for others.</param>
public sealed record Fetched(StoredResponse? Answer, HttpResponseMessage? Passing, ReadOnlyMemory<byte> Begun, bool IsStored);

/// <summary>The origin cannot be asked; the message says why.</summary>
public sealed class OriginException(string message, bool isTimeout, Exception inner) : Exception(message, inner)
{
    /// <summary>It was silent for too long.</summary>
    public bool IsTimeout => isTimeout;
}

/// <summary>
/// Asks the origin and keeps what may be kept. A question that has begun ends whether or not the client waits: others may wait for the
/// same, and what comes is good for the next. Questions that nobody waits for are finished before the process ends.
/// </summary>
public sealed class Fetch(Origin origin, CacheStore store, CacheOptions options, TimeProvider time) : IHostedService, IDisposable
{
    private readonly ConcurrentDictionary<Task, bool> _unattended = new();
    private readonly CancellationTokenSource _ended = new();

    /// <summary>
    /// Asks for what the request names. With an answer that is already here, only for a newer one: where that is still good, it is renewed
    /// (RFC 9111, 4.3.4).
    /// </summary>
    /// <exception cref="OriginException">There is no answer.</exception>
    public async Task<Fetched> AskAsync(string key, IHeaderDictionary asked, HttpRequestMessage request, StoredResponse? known)
    {
        if (known is not null)
            Conditions.Ask(request, known);
        var began = time.GetUtcNow();
        try
        {
            var answer = await origin.SendAsync(request, _ended.Token);
            if (known is not null && answer.StatusCode == System.Net.HttpStatusCode.NotModified)
            {
                using (answer)
                    return Keep(key, Renewed(known, answer, began));
            }

            return await TakeAsync(key, asked, answer, began);
        }
        catch (OperationCanceledException late)
        {
            throw new OriginException($"The origin was silent for {options.Silence.TotalSeconds:0.#} s.", isTimeout: true, late);
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            throw new OriginException($"The origin cannot be reached: {error.Message}", isTimeout: false, error);
        }
    }

    /// <summary>Keeps a question alive that its client may leave.</summary>
    public void Own(Task question)
    {
        _unattended[question] = true;
        _ = question.ContinueWith(done =>
        {
            _ = done.Exception;
            _unattended.TryRemove(done, out _);
        }, TaskScheduler.Default);
    }

    private async Task<Fetched> TakeAsync(string key, IHeaderDictionary asked, HttpResponseMessage answer, DateTimeOffset began)
    {
        var headers = Origin.HeadersOf(answer);
        var stored = new StoredResponse
        {
            Status = (int)answer.StatusCode,
            Headers = headers,
            Body = default,
            Asked = began,
            Received = time.GetUtcNow(),
            Selecting = StoredResponse.Select(headers.GetValueOrDefault("Vary"), asked),
        };
        if (!Storability.MayStore(stored.Status, headers, stored.Control, asked)
            || Storability.IsEventStream(headers.GetValueOrDefault("Content-Type").ToString())
            || answer.Content.Headers.ContentLength > options.LargestObject)
            return new Fetched(null, answer, default, IsStored: false);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_ended.Token);
        var (body, isWhole) = await ReadAsync(answer, limit);
        if (!isWhole)
            return new Fetched(null, answer, body, IsStored: false);
        answer.Dispose();
        return Keep(key, stored with { Body = body });
    }

    private Fetched Keep(string key, StoredResponse answer) => new(answer, null, default, store.Put(key, answer));

    // What 304 says is newer; what describes the body that did not come stays.
    private StoredResponse Renewed(StoredResponse known, HttpResponseMessage answer, DateTimeOffset began)
    {
        var headers = known.Headers.ToDictionary(StringComparer.OrdinalIgnoreCase);
        headers.Remove("Age");
        foreach (var (name, values) in Origin.HeadersOf(answer))
        {
            if (name is not ("Content-Length" or "Content-Encoding" or "Content-Type" or "Content-Range"))
                headers[name] = values;
        }

        return new StoredResponse
        {
            Status = known.Status,
            Headers = headers,
            Body = known.Body,
            Asked = began,
            Received = time.GetUtcNow(),
            Selecting = known.Selecting,
        };
    }

    // An answer that breaks off throws here, before anything of it is kept.
    private async Task<(byte[] Body, bool IsWhole)> ReadAsync(HttpResponseMessage answer, CancellationTokenSource limit)
    {
        limit.CancelAfter(options.Silence);
        var stream = await answer.Content.ReadAsStreamAsync(limit.Token);
        using var whole = new MemoryStream((int)(answer.Content.Headers.ContentLength ?? 4096));
        var part = new byte[16 * 1024];
        while (await stream.ReadAsync(part, limit.Token) is var read and > 0)
        {
            limit.CancelAfter(options.Silence);
            whole.Write(part, 0, read);
            if (whole.Length > options.LargestObject)
                return (whole.ToArray(), false);
        }

        return (whole.ToArray(), true);
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAny(Task.WhenAll(_unattended.Keys), Task.Delay(Timeout.Infinite, cancellationToken));
        await _ended.CancelAsync();
    }

    /// <inheritdoc/>
    public void Dispose() => _ended.Dispose();
}
