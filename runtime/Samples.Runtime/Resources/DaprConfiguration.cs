namespace Samples.Runtime.Resources;

/// <summary>A Dapr <c>Configuration</c> resource: the parts that mean something on one machine.</summary>
public sealed record DaprConfiguration
{
    /// <summary>Nothing configured.</summary>
    public static DaprConfiguration Empty { get; } = new();

    /// <summary>Where spans go; null exports none unless OTEL_EXPORTER_OTLP_ENDPOINT is set.</summary>
    public Tracing? Tracing { get; init; }

    /// <summary>Who may call this application; null lets everybody.</summary>
    public AccessControl? AccessControl { get; init; }

    /// <summary>Which secrets this application may read, by store.</summary>
    public IReadOnlyList<SecretScope> SecretScopes { get; init; } = [];

    /// <summary>
    /// Preview features that are switched on, for example <c>ActorStateTTL</c>; the names of others are accepted and mean nothing.
    /// </summary>
    public IReadOnlyList<string> Features { get; init; } = [];

    /// <summary>The SQLite file of <c>nameResolution</c>, as it is written there; null for every other name resolution.</summary>
    public string? NamesFile { get; init; }

    /// <summary>This configuration with the sections that a later one has.</summary>
    public DaprConfiguration With(DaprConfiguration later) => new()
    {
        Tracing = later.Tracing ?? Tracing,
        AccessControl = later.AccessControl ?? AccessControl,
        SecretScopes = later.SecretScopes.Count > 0 ? later.SecretScopes : SecretScopes,
        Features = later.Features.Count > 0 ? later.Features : Features,
        NamesFile = later.NamesFile ?? NamesFile,
        Warnings = [.. Warnings, .. later.Warnings],
    };

    /// <summary>What it asks for and does not get, with the cure.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}

/// <summary>The tracing section.</summary>
/// <param name="SamplingRate">Share of new traces that are recorded, 0 to 1; a caller's decision is kept.</param>
/// <param name="OtlpEndpoint">Address of the collector; null where only the rate is set.</param>
/// <param name="OverHttp">OTLP over HTTP; else over gRPC.</param>
/// <param name="Headers">Headers of the export, <c>name=value</c>.</param>
public sealed record Tracing(double SamplingRate, Uri? OtlpEndpoint, bool OverHttp, IReadOnlyList<string> Headers);

/// <summary>The access control list of a called application.</summary>
/// <param name="Allow">What holds for a caller that no policy names.</param>
/// <param name="Policies">By calling application.</param>
public sealed record AccessControl(bool Allow, IReadOnlyList<CallerPolicy> Policies)
{
    /// <summary>
    /// Whether <paramref name="caller"/> may do this. <paramref name="path"/> is decoded and free of dots. Over gRPC
    /// <paramref name="verb"/> is null. The longest operation that fits decides, then the policy's default, then the list's.
    /// </summary>
    public bool Permits(string caller, string path, string? verb)
    {
        if (Policies.FirstOrDefault(p => p.AppId == caller) is not { } policy)
            return Allow;
        var comparison = verb is null ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
        var operation = policy.Operations.Where(o => o.Covers(path, comparison)).MaxBy(o => o.Pattern.Length);
        if (operation is not null
            && (verb is null || operation.Verbs.Contains("*") || operation.Verbs.Contains(verb, StringComparer.OrdinalIgnoreCase)))
            return operation.Allow;
        return policy.Allow ?? Allow;
    }
}

/// <summary>What one calling application may do.</summary>
public sealed record CallerPolicy(string AppId, bool? Allow, IReadOnlyList<OperationRule> Operations);

/// <summary>A rule for operations: <c>/orders</c>, <c>/orders/*</c> (one segment) or <c>/orders/**</c> (all below).</summary>
public sealed record OperationRule(string Pattern, IReadOnlyList<string> Verbs, bool Allow)
{
    /// <summary>True where the rule speaks about <paramref name="path"/>.</summary>
    public bool Covers(string path, StringComparison comparison)
    {
        if (Pattern.EndsWith("/**", StringComparison.Ordinal))
            return path.StartsWith(Pattern[..^2], comparison) || path.Equals(Pattern[..^3], comparison);
        var (rule, asked) = (Pattern.Split('/'), path.Split('/'));
        return rule.Length == asked.Length
            && rule.Zip(asked).All(s => (s.First == "*" && s.Second.Length > 0) || s.First.Equals(s.Second, comparison));
    }
}

/// <summary>Which secrets of a store may be read.</summary>
/// <param name="StoreName">The store's component.</param>
/// <param name="AllowByDefault">For secrets that neither list names.</param>
/// <param name="Allowed">Where it is not empty, only these.</param>
/// <param name="Denied">Never these.</param>
public sealed record SecretScope(string StoreName, bool AllowByDefault, IReadOnlyList<string> Allowed, IReadOnlyList<string> Denied)
{
    /// <summary>Whether the secret may be read: an allow list decides alone, then the deny list, then the default.</summary>
    public bool Permits(string secret) => Allowed.Count > 0 ? Allowed.Contains(secret) : !Denied.Contains(secret) && AllowByDefault;
}
