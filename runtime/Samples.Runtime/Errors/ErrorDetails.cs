namespace Samples.Runtime.Errors;

/// <summary>The google.rpc details of an error.</summary>
/// <param name="Reason">ErrorInfo.reason, for example <c>DAPR_PUBSUB_NOT_FOUND</c>.</param>
public sealed record ErrorDetails(string Reason)
{
    /// <summary>ErrorInfo.metadata; null is written as <c>null</c>, as daprd does.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>ResourceInfo type and name, where daprd sends one.</summary>
    public (string Type, string Name, string Description)? Resource { get; init; }

    /// <summary>BadRequest field violation, where daprd sends one.</summary>
    public (string Field, string Description)? Violation { get; init; }
}
