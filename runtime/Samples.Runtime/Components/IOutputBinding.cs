namespace Samples.Runtime.Components;

/// <summary>Something outside that the application calls by operation name.</summary>
public interface IOutputBinding : IEngine
{
    /// <summary>The operations it knows, in the order that error messages list them.</summary>
    IReadOnlyList<string> Operations { get; }

    /// <summary>Carries out one operation; throws <see cref="EngineRequestException"/> for what the caller did wrong.</summary>
    Task<BindingResult> InvokeAsync(
        string operation, ReadOnlyMemory<byte> data, IReadOnlyDictionary<string, string> metadata, CancellationToken cancel);
}

/// <summary>What an output binding answered.</summary>
public sealed record BindingResult(ReadOnlyMemory<byte> Data, IReadOnlyDictionary<string, string> Metadata, string? ContentType = null);
