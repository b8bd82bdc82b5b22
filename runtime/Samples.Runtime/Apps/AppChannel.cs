using System.Net;
using System.Text;
using Samples.Runtime.Apps.Members;
using Samples.Runtime.Resources;

namespace Samples.Runtime.Apps;

/// <summary>
/// The HTTP way to one application. It watches the application's port: the first callback runs when it starts to listen,
/// the second when a connection is refused, so that a restarted application is asked anew what it wants.
/// </summary>
public sealed class AppChannel : IAppChannel, IAsyncDisposable
{
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(1);

    // Longer than a call that was under way when its target left is waited for.
    private static readonly TimeSpan Retirement = TimeSpan.FromMinutes(1);

    private readonly HttpMessageInvoker _client;
    private readonly AppHealthCheck? _health;
    private readonly SemaphoreSlim? _slots;
    private readonly string? _token;
    private readonly CancellationTokenSource _closing = new();
    private readonly SemaphoreSlim _nudges = new(0);
    private readonly TaskCompletionSource _firstReady = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _watch = Task.CompletedTask;
    private readonly Relay? _relay;
    private volatile bool _available, _ill;

    /// <summary>A channel to an application on loopback; without a port there is none.</summary>
    public AppChannel(AppConnection app)
    {
        Port = app.Port;
        IsGrpc = app.Protocol == "grpc";
        _token = app.Token;
        _health = app.Health;
        BaseAddress = Port is null ? null : new Uri($"http://127.0.0.1:{Port}");
        Authority = BaseAddress?.GetLeftPart(UriPartial.Authority);
        if (app.MaxConcurrency > 0)
            _slots = new SemaphoreSlim(app.MaxConcurrency);
        _relay = app.Relay;
        var handler = new SocketsHttpHandler
        {
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseProxy = false,
            ActivityHeadersPropagator = null,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
            EnableMultipleHttp2Connections = true,
            // As applications write them: HTTP's own clients send nothing but ASCII, and read Latin-1.
            RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8,
            ResponseHeaderEncodingSelector = (_, _) => Encoding.UTF8,
        };
        _client = new HttpMessageInvoker(_relay is null ? handler : new RelayHandler(_relay, handler));
        if (IsGrpc && BaseAddress is not null)
            Grpc = new GrpcApp(BaseAddress, _client, this);
    }

    /// <summary>The application's port.</summary>
    public int? Port { get; }

    /// <summary>The application's address; null without a port.</summary>
    public Uri? BaseAddress { get; }

    /// <summary>The application's address as text, without a slash at the end; null without a port.</summary>
    internal string? Authority { get; }

    /// <summary>For proxying as it comes; who proxies takes a place first.</summary>
    public HttpMessageInvoker Client => _client;

    /// <summary>True where the application speaks gRPC (HTTP/2 without encryption).</summary>
    public bool IsGrpc { get; }

    /// <summary>The callbacks of an application that speaks gRPC; null for the others.</summary>
    internal GrpcApp? Grpc { get; }

    GrpcApp? IAppChannel.Grpc => Grpc;

    /// <summary>Who may invoke the application; null lets everybody.</summary>
    public AccessControl? Access { get; init; }

    /// <inheritdoc/>
    public bool IsAvailable => _available;

    /// <inheritdoc/>
    public bool IsTakenUp => _available && _firstReady.Task.IsCompletedSuccessfully;

    /// <summary>True where the application is asked for its health and said that it cannot work.</summary>
    public bool IsUnhealthy => _ill || (_health is not null && !_available);

    /// <summary>Waits for one of the places that the concurrency limit gives; disposing the result frees it.</summary>
    public ValueTask<Place> EnterAsync(CancellationToken cancel)
    {
        if (_slots is null)
            return new ValueTask<Place>(default(Place));
        return _slots.Wait(0, CancellationToken.None) ? new ValueTask<Place>(new Place(_slots)) : WaitAsync(_slots, cancel);

        static async ValueTask<Place> WaitAsync(SemaphoreSlim slots, CancellationToken cancel)
        {
            await slots.WaitAsync(cancel);
            return new Place(slots);
        }
    }

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
        using var place = await EnterAsync(cancel);
        if (Grpc is not null)
            return await Grpc.SendAsync(request, cancel);
        try
        {
            var response = await _client.SendAsync(request, cancel);
            // The place covers the body too; callers that stream go through the client directly.
            if (completion == HttpCompletionOption.ResponseContentRead)
                await response.Content.LoadIntoBufferAsync(cancel);
            return response;
        }
        catch (HttpRequestException error) when (error.HttpRequestError == HttpRequestError.ConnectionError)
        {
            ReportLost();
            throw;
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

    /// <summary>The same token for calls over gRPC.</summary>
    internal global::Grpc.Core.Metadata Token => _token is null ? [] : new global::Grpc.Core.Metadata { { "dapr-api-token", _token } };

    /// <summary>Somebody could not connect: out of the rotation at once, until the port answers again.</summary>
    public void ReportLost()
    {
        _available = false;
        Volatile.Read(ref _lost).TrySetResult();
    }

    /// <summary>Follows the application no more; completes when no callback runs any more.</summary>
    internal async Task UnwatchAsync()
    {
        await _closing.CancelAsync();
        await _watch;
    }

    /// <summary>Somebody knows that the application listens now: it is looked for at once.</summary>
    internal void Nudge() => _nudges.Release();

    /// <summary>What the sidecar of another process says of its application.</summary>
    internal void Show(bool available, bool unhealthy) => (_available, _ill) = (available, unhealthy);

    /// <summary>Nothing new goes this way; what is under way may end.</summary>
    internal async Task RetireAsync()
    {
        _available = false;
        await Task.Delay(Retirement, CancellationToken.None);
        await DisposeAsync();
    }

    private async Task WatchAsync(Func<CancellationToken, Task> ready, Func<CancellationToken, Task> lost)
    {
        var closing = _closing.Token;
        try
        {
            while (true)
            {
                while (!await WorksAsync(closing))
                    await _nudges.WaitAsync(ProbeInterval, closing);
                var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                Volatile.Write(ref _lost, gone);
                _available = true;
                await ready(closing);
                _firstReady.TrySetResult();
                for (var failures = 0; !gone.Task.IsCompleted && failures < (_health?.Threshold ?? 1);)
                {
                    failures = await WorksAsync(closing) ? 0 : failures + 1;
                    await Task.WhenAny(gone.Task, Task.Delay(_health?.Interval ?? WatchInterval, closing));
                }

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

    private async Task<bool> WorksAsync(CancellationToken cancel)
    {
        if (_health is null)
            return await ListensAsync(cancel);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(_health.Timeout);
        try
        {
            if (Grpc is not null)
                return await Grpc.IsHealthyAsync(limit.Token);
            using var probe = new HttpRequestMessage(HttpMethod.Get, new Uri(BaseAddress!, _health.Path));
            using var response = await _client.SendAsync(probe, limit.Token);
            return response.IsSuccessStatusCode;
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException && !cancel.IsCancellationRequested)
        {
            return false;
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
        await UnwatchAsync();
        _client.Dispose();
        _closing.Dispose();
        Grpc?.Dispose();
        _slots?.Dispose();
        _nudges.Dispose();
    }

    /// <summary>A place within the concurrency limit.</summary>
    public readonly struct Place(SemaphoreSlim slots) : IDisposable
    {
        /// <summary>Frees the place.</summary>
        public void Dispose() => slots?.Release();
    }
}
