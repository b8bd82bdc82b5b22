using System.Net;

namespace Samples.Runtime.Apps;

/// <summary>
/// The HTTP way to one application. It watches the application's port: the first callback runs when it starts to listen,
/// the second when a connection is refused, so that a restarted application is asked anew what it wants.
/// </summary>
public sealed class AppChannel : IAppChannel, IAsyncDisposable
{
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(100);

    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler
    {
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseProxy = false,
        ActivityHeadersPropagator = null,
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
    });

    private readonly SemaphoreSlim? _slots;
    private readonly string? _token;
    private readonly CancellationTokenSource _closing = new();
    private readonly TaskCompletionSource _firstReady = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _watch = Task.CompletedTask;
    private volatile bool _available;

    /// <summary>A channel to <paramref name="port"/> on loopback; null for an application without one.</summary>
    public AppChannel(int? port, string? appToken, int maxConcurrency)
    {
        Port = port;
        _token = appToken;
        BaseAddress = port is null ? null : new Uri($"http://127.0.0.1:{port}");
        if (maxConcurrency > 0)
            _slots = new SemaphoreSlim(maxConcurrency);
    }

    /// <summary>The application's port.</summary>
    public int? Port { get; }

    /// <summary>The application's address; null without a port.</summary>
    public Uri? BaseAddress { get; }

    /// <summary>For proxying as it comes, without the concurrency limit.</summary>
    public HttpMessageInvoker Client => _client;

    /// <inheritdoc/>
    public bool IsAvailable => _available;

    /// <summary>Completes when the application answered for the first time and was asked what it wants.</summary>
    public Task Ready => _firstReady.Task;

    /// <summary>Follows the application until disposal.</summary>
    public void Watch(Func<CancellationToken, Task> ready, Func<CancellationToken, Task> lost)
    {
        if (Port is not null)
            _watch = WatchAsync(ready, lost);
        else
            _firstReady.TrySetResult();
    }

    /// <inheritdoc/>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, HttpCompletionOption completion, CancellationToken cancel)
    {
        if (BaseAddress is null)
            throw new HttpRequestException("app channel not initialized");
        request.RequestUri = new Uri(BaseAddress, request.RequestUri!);
        AddToken(request);
        if (_slots is not null)
            await _slots.WaitAsync(cancel);
        try
        {
            var response = await _client.SendAsync(request, cancel);
            // With a limit, the slot covers the body too; callers that stream go through the client directly.
            if (completion == HttpCompletionOption.ResponseContentRead)
                await response.Content.LoadIntoBufferAsync(cancel);
            return response;
        }
        catch (HttpRequestException error) when (error.HttpRequestError == HttpRequestError.ConnectionError)
        {
            ReportLost();
            throw;
        }
        finally
        {
            _slots?.Release();
        }
    }

    /// <inheritdoc/>
    public async Task<bool> AnswersAsync(string path, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(BaseAddress!, path));
        AddToken(request);
        try
        {
            using var response = await _client.SendAsync(request, cancel);
            return (int)response.StatusCode < 500;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>Adds the token by which the application knows its sidecar; a caller's own is never passed on.</summary>
    public void AddToken(HttpRequestMessage request)
    {
        request.Headers.Remove("dapr-api-token");
        if (_token is not null)
            request.Headers.TryAddWithoutValidation("dapr-api-token", _token);
    }

    /// <summary>Somebody could not connect: out of the rotation at once, until the port answers again.</summary>
    public void ReportLost()
    {
        _available = false;
        Volatile.Read(ref _lost).TrySetResult();
    }

    private async Task WatchAsync(Func<CancellationToken, Task> ready, Func<CancellationToken, Task> lost)
    {
        var closing = _closing.Token;
        try
        {
            while (true)
            {
                while (!await ListensAsync(closing))
                    await Task.Delay(ProbeInterval, closing);
                var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                Volatile.Write(ref _lost, gone);
                _available = true;
                await ready(closing);
                _firstReady.TrySetResult();
                while (!gone.Task.IsCompleted && await ListensAsync(closing))
                    await Task.WhenAny(gone.Task, Task.Delay(TimeSpan.FromSeconds(1), closing));
                closing.ThrowIfCancellationRequested();
                _available = false;
                await lost(closing);
            }
        }
        catch (OperationCanceledException)
        {
            _firstReady.TrySetCanceled(CancellationToken.None);
        }
        catch (Exception error)
        {
            _firstReady.TrySetException(error);
        }
    }

    private async Task<bool> ListensAsync(CancellationToken cancel)
    {
        using var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, Port!.Value, cancel);
            return true;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _available = false;
        await _closing.CancelAsync();
        await _watch;
        _client.Dispose();
        _closing.Dispose();
        _slots?.Dispose();
    }
}
