using System.Globalization;

namespace Samples.Runtime.Resources;

/// <summary>Reads a <c>Configuration</c>. What would protect something and is not supported here is refused, never passed over.</summary>
public static class ConfigurationReader
{
    private static readonly string[] Read = ["tracing", "accessControl", "secrets", "features"];

    // One process on one machine has no certificates, no name service and no metrics server to configure.
    private static readonly string[] WithoutMeaningHere = ["metric", "metrics", "mtls", "nameResolution", "logging", "workflow", "wasm"];

    /// <summary>The configuration of a file that holds one. Throws <see cref="ResourceException"/>.</summary>
    public static DaprConfiguration ReadFile(string file)
    {
        var documents = YamlMap.ReadFile(file);
        return documents is [var root] && root.Text("kind") == "Configuration"
            ? ReadDocument(root)
            : throw new ResourceException(
                new Origin(file, 1), "a configuration file holds one resource of kind Configuration.",
                "Keep one, with 'kind: Configuration'.");
    }

    /// <summary>Several files as one: a section of a later file goes before the same of an earlier one, as in daprd.</summary>
    public static DaprConfiguration ReadFiles(IReadOnlyList<string> files) =>
        files.Select(ReadFile).Aggregate(DaprConfiguration.Empty, (all, next) => all.With(next));

    private static DaprConfiguration ReadDocument(YamlMap root)
    {
        root.AllowOnly(["apiVersion", "kind", "metadata", "spec"]);
        if (root.Text("apiVersion") is not "dapr.io/v1alpha1")
            throw root.Error(
                $"apiVersion '{root.Text("apiVersion")}' is not one of a Configuration.", "Write 'apiVersion: dapr.io/v1alpha1'.");
        if (root.Map("spec") is not { } spec)
            return DaprConfiguration.Empty;
        foreach (var refused in spec.Keys.Except(Read).Except(WithoutMeaningHere))
        {
            throw spec.ErrorAt(refused, $"the configuration's section '{refused}' is not supported by the embedded runtime.",
                $"Remove it, or run with daprd. Supported: {string.Join(", ", Read)}.");
        }

        return new DaprConfiguration
        {
            Warnings = [.. Warnings(spec)],
            NamesFile = ReadNames(spec),
            Tracing = spec.Map("tracing") is { } tracing ? ReadTracing(tracing) : null,
            AccessControl = spec.Map("accessControl") is { } access ? ReadAccess(access) : null,
            SecretScopes = [.. (spec.Map("secrets")?.Maps("scopes") ?? []).Select(ReadScope)],
            Features = [.. spec.Maps("features").Where(f => f.Text("enabled") == "true").Select(ReadFeature)],
        };
    }

    // What `dapr init` writes names a Zipkin that may not run; its applications run all the same.
    private static IEnumerable<string> Warnings(YamlMap spec)
    {
        if (spec.Map("tracing") is { } tracing && tracing.Map("zipkin") is { } zipkin)
        {
            zipkin.AllowOnly(["endpointAddress"], "'tracing.zipkin'");
            yield return $"{zipkin.Origin}: spans are not sent to 'tracing.zipkin': the embedded runtime exports them over OTLP. "
                + "Name a collector as 'tracing.otel' (Jaeger and Zipkin's OTLP port accept it), or in OTEL_EXPORTER_OTLP_ENDPOINT.";
        }
    }

    // A file that sidecars share is where those of several processes find each other; the other ways lead over a network.
    private static string? ReadNames(YamlMap spec)
    {
        if (spec.Map("nameResolution") is not { } names || names.Text("component") != "sqlite"
            || names.Map("configuration")?.Text("connectionString") is not { Length: > 0 } text)
            return null;
        var path = text.StartsWith("file:", StringComparison.Ordinal) ? text["file:".Length..].Split('?')[0] : text;
        return path is "" or ":memory:" || text.Contains("mode=memory", StringComparison.Ordinal) ? null : path;
    }

    private static Tracing ReadTracing(YamlMap tracing)
    {
        tracing.AllowOnly(["samplingRate", "stdout", "otel", "zipkin"], "'tracing'");
        var otel = tracing.Map("otel");
        otel?.AllowOnly(["protocol", "endpointAddress", "isSecure", "headers", "timeout"], "'tracing.otel'");
        var overHttp = otel?.Text("protocol") switch
        {
            null or "grpc" => false,
            "http" => true,
            var other => throw otel!.ErrorAt("protocol", $"the protocol '{other}' is unknown.", "Write grpc or http."),
        };
        return new Tracing(ReadRate(tracing), otel is null ? null : ReadEndpoint(otel, overHttp), overHttp, otel?.Texts("headers") ?? []);
    }

    private static double ReadRate(YamlMap tracing) => tracing.Text("samplingRate") is not { } text ? 0.0001
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var rate) && rate is >= 0 and <= 1 ? rate
        : throw tracing.ErrorAt("samplingRate", $"'samplingRate' is '{text}'.", "Write a number from 0 to 1, in quotes.");

    private static Uri ReadEndpoint(YamlMap otel, bool overHttp)
    {
        var text = otel.Text("endpointAddress")
            ?? throw otel.Error("'tracing.otel' has no 'endpointAddress'.", "For example localhost:4317.");
        var address = text.Contains("://", StringComparison.Ordinal)
            ? text
            : $"{(otel.Text("isSecure") == "false" ? "http" : "https")}://{text}";
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            throw otel.ErrorAt("endpointAddress", $"'{text}' is no address.", "For example localhost:4317.");
        return overHttp && uri.AbsolutePath == "/" ? new Uri(uri, "/v1/traces") : uri;
    }

    private static AccessControl ReadAccess(YamlMap access)
    {
        access.AllowOnly(["defaultAction", "trustDomain", "policies"], "'accessControl'");
        // A list that says nothing about the rest denies it, as in Dapr.
        var policies = access.Maps("policies");
        return new AccessControl(ReadAction(access, "defaultAction") ?? policies.Count == 0, [.. policies.Select(ReadPolicy)]);
    }

    private static CallerPolicy ReadPolicy(YamlMap policy)
    {
        policy.AllowOnly(["appId", "defaultAction", "trustDomain", "namespace", "operations"], "an access policy");
        var appId = policy.Text("appId") ?? throw policy.Error("an access policy has no 'appId'.", "Name the calling application.");
        foreach (var required in (string[])["trustDomain", "namespace"])
        {
            if (!policy.Has(required))
                throw policy.Error(
                    $"the access policy of '{appId}' has no '{required}', which daprd asks for.",
                    required == "namespace" ? "Write namespace: \"default\"." : "Write trustDomain: \"public\".");
        }

        return new CallerPolicy(appId, ReadAction(policy, "defaultAction"), [.. policy.Maps("operations").Select(ReadOperation)]);
    }

    private static OperationRule ReadOperation(YamlMap operation)
    {
        operation.AllowOnly(["name", "httpVerb", "action"], "an operation");
        var name = operation.Text("name")
            ?? throw operation.Error("an operation has no 'name'.", "Write the path, for example /orders/*.");
        return new OperationRule(name.StartsWith('/') ? name : "/" + name, operation.Texts("httpVerb"),
            ReadAction(operation, "action") ?? throw operation.Error($"the operation '{name}' has no 'action'.", "Write allow or deny."));
    }

    private static SecretScope ReadScope(YamlMap scope)
    {
        scope.AllowOnly(["storeName", "defaultAccess", "allowedSecrets", "deniedSecrets"], "a secret scope");
        return new SecretScope(
            scope.Text("storeName") ?? throw scope.Error("a secret scope has no 'storeName'.", "Name the secret store."),
            ReadAction(scope, "defaultAccess") ?? true, scope.Texts("allowedSecrets"), scope.Texts("deniedSecrets"));
    }

    private static string ReadFeature(YamlMap feature)
    {
        feature.AllowOnly(["name", "enabled"], "a feature");
        return feature.Text("name") ?? throw feature.Error("a feature has no 'name'.", "Name the preview feature.");
    }

    private static bool? ReadAction(YamlMap map, string key) => map.Text(key)?.ToLowerInvariant() switch
    {
        null => null,
        "allow" => true,
        "deny" => false,
        var other => throw map.ErrorAt(key, $"'{key}' is '{other}'.", "Write allow or deny."),
    };
}
