using Samples.Defaults;

namespace Samples.ShardMemory;

/// <summary>Others, by Dapr app id through the sidecar, or by address where one is given, such as <c>http://127.0.0.1:5461</c>.</summary>
public sealed class Callees : IDisposable
{
    private readonly HttpClient _sidecar = InvocationClient.Create();
    private readonly HttpClient _direct = new(new SocketsHttpHandler { UseCookies = false });

    /// <summary>Each call has a limit of its own.</summary>
    public Callees()
    {
        _sidecar.Timeout = Timeout.InfiniteTimeSpan;
        _direct.Timeout = Timeout.InfiniteTimeSpan;
    }

    /// <summary>
    /// Sends a request to somebody. Throws where no answer came within the limit, <see cref="TimeoutException"/> among others.
    /// </summary>
    /// <param name="name">An app id or an address.</param>
    /// <param name="request">Its address is a path with its query.</param>
    /// <param name="limit">For the whole answer.</param>
    /// <param name="cancel">The caller gives up.</param>
    public async Task<HttpResponseMessage> SendAsync(string name, HttpRequestMessage request, TimeSpan limit, CancellationToken cancel)
    {
        var isAddress = name.Contains("://", StringComparison.Ordinal);
        request.RequestUri = new Uri((isAddress ? name.TrimEnd('/') : $"http://{name}") + request.RequestUri!.OriginalString);
        using var timed = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        timed.CancelAfter(limit);
        try
        {
            return await (isAddress ? _direct : _sidecar).SendAsync(request, timed.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new TimeoutException($"'{name}' did not answer within {limit.TotalMilliseconds:0} ms.");
        }
    }

    /// <summary>True for what says that the other one, or the way to it, failed.</summary>
    public static bool IsFailure(Exception error) => error is HttpRequestException or TimeoutException or IOException;

    /// <inheritdoc/>
    public void Dispose()
    {
        _sidecar.Dispose();
        _direct.Dispose();
    }
}
