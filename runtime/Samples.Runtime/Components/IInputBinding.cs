namespace Samples.Runtime.Components;

/// <summary>A source of events that pushes into the application.</summary>
public interface IInputBinding : IEngine
{
    /// <summary>
    /// Delivers until the result is disposed. The handler's answer, where there is one, is the application's response body.
    /// </summary>
    Task<IAsyncDisposable> StartAsync(
        string appId, Func<BindingEvent, CancellationToken, Task<ReadOnlyMemory<byte>>> handler, CancellationToken cancel);
}

/// <summary>An event of an input binding.</summary>
public sealed record BindingEvent(ReadOnlyMemory<byte> Data, IReadOnlyDictionary<string, string> Metadata, string? ContentType = null);
