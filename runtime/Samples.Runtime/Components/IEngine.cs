namespace Samples.Runtime.Components;

/// <summary>An engine behind a component: one instance serves all sidecars of a run that name the same server or file.</summary>
public interface IEngine : IAsyncDisposable
{
    /// <summary>What the metadata endpoint lists for it, in Dapr's words (<c>ETAG</c>, <c>TRANSACTIONAL</c>, ...).</summary>
    IReadOnlyList<string> Capabilities { get; }

    /// <summary>Called once before first use. An exception stops the start (or, with <c>ignoreErrors</c>, drops the component).</summary>
    Task InitAsync(CancellationToken cancel) => Task.CompletedTask;
}
