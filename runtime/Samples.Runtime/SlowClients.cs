using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Samples.Runtime;

/// <summary>
/// What bounds a client that sends or reads slowly: it holds a connection and a little memory, and loses them when it takes too long.
/// (daprd does not bound it.) A request that is still being made while it is sent, in chunks or as a stream, may take its time.
/// </summary>
public sealed record SlowClients
{
    /// <summary>How long the headers of a request may take.</summary>
    public TimeSpan HeadersTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a body may be slower than <see cref="BytesPerSecond"/>, in either direction; more than a second.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>What counts as slow.</summary>
    public double BytesPerSecond { get; init; } = 240;

    /// <summary>
    /// How long an invocation may stand still: no byte of it came from either side, or somebody does not read what the other one writes.
    /// </summary>
    public TimeSpan Standstill { get; init; } = TimeSpan.FromMinutes(5);

    internal void Limit(KestrelServerLimits limits)
    {
        limits.RequestHeadersTimeout = HeadersTimeout;
        limits.MinRequestBodyDataRate = limits.MinResponseDataRate = new MinDataRate(BytesPerSecond, Grace);
    }
}
