namespace Samples.Runtime.Resources;

/// <summary>Where a piece of a resource stands, for messages that a person can act on.</summary>
/// <param name="File">Path of the file as it was given.</param>
/// <param name="Line">One-based line in that file.</param>
public sealed record Origin(string File, int Line)
{
    /// <summary>Something that came from code, not from a file.</summary>
    public static Origin Code { get; } = new("(code)", 0);

    /// <inheritdoc/>
    public override string ToString() => Line > 0 ? $"{File}:{Line}" : File;
}

/// <summary>A Dapr <c>Component</c> resource after parsing: values are text.</summary>
/// <param name="Name">The name that applications use, unique in a sidecar.</param>
/// <param name="Type">The engine, for example <c>state.sqlite</c>.</param>
/// <param name="Version"><c>v1</c> unless the file says otherwise.</param>
/// <param name="Metadata">The engine's settings; keys compare without case, as in Dapr.</param>
/// <param name="Origin">Where it was defined.</param>
public sealed record Component(
    string Name,
    string Type,
    string Version,
    IReadOnlyDictionary<string, string> Metadata,
    Origin Origin)
{
    /// <summary>App ids that may use it; empty means all.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>With <c>ignoreErrors</c>, a component that cannot start is left out with a warning.</summary>
    public bool IgnoreErrors { get; init; }

    /// <summary>The line of each metadata item, for error messages.</summary>
    public IReadOnlyDictionary<string, Origin> MetadataOrigins { get; init; } = new Dictionary<string, Origin>();

    /// <summary>Settings whose values a secret store knows; they are empty in <see cref="Metadata"/> until it was asked.</summary>
    public IReadOnlyList<SecretReference> SecretReferences { get; init; } = [];

    /// <summary>True where the sidecar of <paramref name="appId"/> loads this component.</summary>
    public bool IsVisibleTo(string appId) => Scopes.Count == 0 || Scopes.Contains(appId, StringComparer.Ordinal);
}
