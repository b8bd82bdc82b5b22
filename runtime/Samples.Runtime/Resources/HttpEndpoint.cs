namespace Samples.Runtime.Resources;

/// <summary>An <c>HTTPEndpoint</c>: a service outside of Dapr that can be invoked by name.</summary>
/// <param name="Name">The name that takes the place of an app id.</param>
/// <param name="BaseUrl">Where it is; the path of a call is appended.</param>
/// <param name="Headers">Sent with every call.</param>
/// <param name="Scopes">App ids that may use it; empty means all.</param>
public sealed record HttpEndpoint(string Name, Uri BaseUrl, IReadOnlyDictionary<string, string> Headers, IReadOnlyList<string> Scopes)
{
    internal static HttpEndpoint Read(YamlMap root)
    {
        root.AllowOnly(["apiVersion", "kind", "metadata", "spec", "scopes"]);
        var name = root.Map("metadata")?.Text("name") ?? throw root.Error("an HTTPEndpoint has no 'metadata.name'.", "Applications call it by that name: add one.");
        var spec = root.Map("spec") ?? throw root.Error($"HTTPEndpoint '{name}' has no 'spec'.", "Add 'spec' with 'baseUrl'.");
        spec.AllowOnly(["baseUrl", "headers"], $"HTTPEndpoint '{name}'");
        var text = spec.Text("baseUrl") ?? throw spec.Error($"HTTPEndpoint '{name}' has no 'baseUrl'.", "For example https://api.example.com.");
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            throw spec.ErrorAt("baseUrl", $"the 'baseUrl' of HTTPEndpoint '{name}' is '{text}', which is no HTTP address.", "For example https://api.example.com.");
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var header in spec.Maps("headers"))
        {
            header.AllowOnly(["name", "value"], $"a header of HTTPEndpoint '{name}'");
            headers[header.Text("name") ?? throw header.Error($"a header of HTTPEndpoint '{name}' has no 'name'.", "Name it.")] = header.Text("value") ?? "";
        }

        return new HttpEndpoint(name, address, headers, root.Texts("scopes"));
    }
}
