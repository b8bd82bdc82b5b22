using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Samples.Runtime.Resources;

/// <summary>An <c>HTTPEndpoint</c>: a service outside of Dapr that can be invoked by name.</summary>
/// <param name="Name">The name that takes the place of an app id.</param>
/// <param name="BaseUrl">Where it is; the path of a call is appended.</param>
/// <param name="Headers">Sent with every call.</param>
/// <param name="Scopes">App ids that may use it; empty means all.</param>
public sealed record HttpEndpoint(string Name, Uri BaseUrl, IReadOnlyDictionary<string, string> Headers, IReadOnlyList<string> Scopes)
{
    private static readonly string[] TlsFields = ["rootCA", "certificate", "privateKey"];

    /// <summary>How it is known, and how the caller shows who it is; null leaves both to the system.</summary>
    internal EndpointTls? Tls { get; private init; }

    // PEM texts by field of 'clientTLS', and secrets that are not read yet, by "header NAME" or field.
    private IReadOnlyDictionary<string, string> TlsTexts { get; init; } = new Dictionary<string, string>();

    private IReadOnlyList<SecretReference> SecretReferences { get; init; } = [];

    private Origin Origin { get; init; } = Origin.Code;

    internal static HttpEndpoint Read(YamlMap root)
    {
        root.AllowOnly(["apiVersion", "kind", "metadata", "spec", "scopes", "auth"]);
        var name = root.Map("metadata")?.Text("name")
            ?? throw root.Error("an HTTPEndpoint has no 'metadata.name'.", "Applications call it by that name: add one.");
        var owner = $"HTTPEndpoint '{name}'";
        var spec = root.Map("spec") ?? throw root.Error($"{owner} has no 'spec'.", "Add 'spec' with 'baseUrl'.");
        spec.AllowOnly(["baseUrl", "headers", "clientTLS"], owner);
        var text = spec.Text("baseUrl") ?? throw spec.Error($"{owner} has no 'baseUrl'.", "For example https://api.example.com.");
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            throw spec.ErrorAt(
                "baseUrl", $"the 'baseUrl' of {owner} is '{text}', which is no HTTP address.", "For example https://api.example.com.");
        var secrets = new List<SecretReference>();
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var header in spec.Maps("headers"))
        {
            header.AllowOnly(["name", "value", "secretKeyRef"], $"a header of {owner}");
            var key = header.Text("name") ?? throw header.Error($"a header of {owner} has no 'name'.", "Name it.");
            headers[key] = header.Text("value") ?? "";
            if (header.Map("secretKeyRef") is { } reference)
                secrets.Add(SecretReference.Read(HeaderSetting + key, reference, root, owner));
        }

        var texts = new Dictionary<string, string>();
        var tls = spec.Map("clientTLS");
        tls?.AllowOnly([.. TlsFields, "renegotiation"], $"'clientTLS' of {owner}");
        foreach (var field in TlsFields)
        {
            if (tls?.Map(field) is not { } item)
                continue;
            item.AllowOnly(["value", "secretKeyRef"], $"'{field}' of {owner}");
            if (item.Map("secretKeyRef") is { } reference)
                secrets.Add(SecretReference.Read(field, reference, root, owner));
            else
                texts[field] = item.Text("value")
                    ?? throw item.Error($"'{field}' of {owner} is empty.", "Write a PEM text as 'value', or a 'secretKeyRef'.");
        }

        return new HttpEndpoint(
            name, address, headers,
            root.Texts("scopes"))
        { TlsTexts = texts, SecretReferences = secrets, Origin = tls?.Origin ?? root.Origin };
    }

    private const string HeaderSetting = "header ";

    /// <summary>
    /// The endpoint with its secrets filled in and its certificates read. Throws <see cref="ResourceException"/> for what is missing or no
    /// certificate.
    /// </summary>
    internal async Task<HttpEndpoint> ResolveAsync(Func<string, ISecretSource?> find, Action<string> warn, CancellationToken cancel)
    {
        var headers = new Dictionary<string, string>(Headers, StringComparer.OrdinalIgnoreCase);
        var texts = TlsTexts.ToDictionary();
        foreach (var secret in SecretReferences)
        {
            var value = await secret.ReadAsync($"HTTPEndpoint '{Name}'", find(secret.Store), warn, cancel);
            if (secret.Setting.StartsWith(HeaderSetting, StringComparison.Ordinal))
                headers[secret.Setting[HeaderSetting.Length..]] = value;
            else
                texts[secret.Setting] = value;
        }

        try
        {
            return this with
            {
                Headers = headers,
                Tls = EndpointTls.Read(
                    texts.GetValueOrDefault("rootCA"), texts.GetValueOrDefault("certificate"), texts.GetValueOrDefault("privateKey")),
            };
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            // Neither the text nor the reason in it: a private key may be among them.
            throw new ResourceException(
                Origin, $"the 'clientTLS' of HTTPEndpoint '{Name}' cannot be read as certificates.",
                "Write PEM texts; 'certificate' and 'privateKey' belong together.");
        }
    }
}

/// <summary>The certificates of an endpoint.</summary>
/// <param name="Roots">Whom to trust, and nobody else; null for whom the system trusts.</param>
/// <param name="Client">Shown to the endpoint; null for none.</param>
internal sealed record EndpointTls(X509Certificate2Collection? Roots, X509Certificate2? Client)
{
    public static EndpointTls? Read(string? roots, string? certificate, string? key)
    {
        if (roots is null && certificate is null && key is null)
            return null;
        if (certificate is null != key is null)
            throw new ArgumentException("one half of a key pair");
        var trusted = roots is null ? null : new X509Certificate2Collection();
        trusted?.ImportFromPem(roots);
        if (trusted is { Count: 0 })
            throw new ArgumentException("no certificate");
        return new EndpointTls(trusted, certificate is null ? null : X509Certificate2.CreateFromPem(certificate, key));
    }
}
