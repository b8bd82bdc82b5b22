using System.Net.Http.Headers;
using Samples.Runtime.Resources;

namespace Samples.Runtime.Components.Http;

/// <summary>Calls one HTTP server; the operation is the method, <c>path</c> in a request's metadata is appended to the address.</summary>
public sealed class HttpBinding(Uri address, bool failUnlessSuccess, HttpMessageHandler handler, TimeSpan patience) : IOutputBinding
{
    private readonly HttpClient _client = new(handler) { Timeout = patience };

    /// <summary><c>bindings.http</c>.</summary>
    public static EngineType Type { get; } = new(
        "bindings.http", [
            new("url", Required: true), new("errorIfNot2XX"), new("responseTimeout"), new("direction"),
            .. ((string[])["MTLSRootCA", "MTLSClientCert", "MTLSClientKey", "MTLSRenegotiation"]).Select(name => new ComponentSetting(name)
            {
                WithoutEffect =
                    "the server is known, and told of its caller, as this machine does; an HTTPEndpoint has certificates of its own",
            }),
            new("maxResponseBodySize") { WithoutEffect = "answers of any size are passed on" },
            .. ((string[])["securityToken", "securityTokenHeader"]).Select(name => new ComponentSetting(name)
            {
                WithoutEffect = "send the header as metadata of the request, with a name that begins with a capital",
            }),
        ],
        Create);

    /// <inheritdoc/>
    public IReadOnlyList<string> Capabilities => ["OUTPUT_BINDING"];

    /// <inheritdoc/>
    public IReadOnlyList<string> Operations => ["create", "get", "head", "post", "put", "patch", "delete", "options", "trace"];

    /// <inheritdoc/>
    public async Task<BindingResult> InvokeAsync(
        string operation, ReadOnlyMemory<byte> data, IReadOnlyDictionary<string, string> metadata, CancellationToken cancel)
    {
        // "create" is what every output binding knows; here it is a POST.
        var method = new HttpMethod(operation == "create" ? "POST" : operation.ToUpperInvariant());
        using var request = new HttpRequestMessage(method, Target(metadata.GetValueOrDefault("path", "")));
        if (operation is "create" or "post" or "put" or "patch" or "delete")
        {
            request.Content = new ReadOnlyMemoryContent(data);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json", "utf-8");
        }

        // As in Dapr, metadata whose name begins with a capital is a header.
        foreach (var (name, value) in metadata.Where(m => m.Key.Length > 0 && char.IsAsciiLetterUpper(m.Key[0])))
        {
            if (name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase) && request.Content is not null)
                request.Content.Headers.Remove(name);
            if (!request.Headers.TryAddWithoutValidation(name, value))
                request.Content?.Headers.TryAddWithoutValidation(name, value);
        }

        try
        {
            using var response = await _client.SendAsync(request, cancel);
            var body = await response.Content.ReadAsByteArrayAsync(cancel);
            var mustSucceed = metadata.TryGetValue("errorIfNot2XX", out var text) ? text != "false" : failUnlessSuccess;
            if (mustSucceed && !response.IsSuccessStatusCode)
                throw new EngineTargetException($"received status code {(int)response.StatusCode}");
            return new BindingResult(body, Described(response));
        }
        catch (HttpRequestException error)
        {
            throw new EngineTargetException($"{method} {request.RequestUri}: {error.Message}");
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new EngineTargetException($"{method} {request.RequestUri}: no answer within {patience.TotalSeconds} s");
        }
    }

    private Uri Target(string path)
    {
        if (path.Length == 0)
            return address;
        // The path may not turn into another server or climb above the configured address.
        var basis = address.AbsoluteUri.TrimEnd('/');
        var target = new Uri(basis + '/' + path.TrimStart('/'));
        return target.Authority == address.Authority && target.AbsoluteUri.StartsWith(basis + '/', StringComparison.Ordinal)
            ? target
            : throw new EngineRequestException($"invalid path: {path}");
    }

    private static Dictionary<string, string> Described(HttpResponseMessage response)
    {
        var metadata = new Dictionary<string, string>
        {
            ["statusCode"] = ((int)response.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["status"] = $"{(int)response.StatusCode} {response.ReasonPhrase}",
        };
        foreach (var (name, values) in response.Headers.Concat(response.Content.Headers))
            metadata[name] = string.Join(", ", values);
        return metadata;
    }

    private static HttpBinding Create(Component component, EngineContext context)
    {
        var url = component.Metadata["url"];
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw new ResourceException(component.MetadataOrigins.GetValueOrDefault("url", component.Origin),
                $"'url' of component '{component.Name}' is '{url}', which is no HTTP address.",
                "Write one such as http://localhost:8000.");
        }

        var timeout = component.Metadata.GetValueOrDefault("responseTimeout", "30s");
        try
        {
            // Headers as the other side writes them: HTTP's own clients send nothing but ASCII, and read Latin-1.
            var connections = new SocketsHttpHandler
            {
                RequestHeaderEncodingSelector = (_, _) => System.Text.Encoding.UTF8,
                ResponseHeaderEncodingSelector = (_, _) => System.Text.Encoding.UTF8,
            };
            var isStrict = component.Metadata.GetValueOrDefault("errorIfNot2XX", "true") != "false";
            return new HttpBinding(address, isStrict, connections, GoDuration.Parse(timeout));
        }
        catch (FormatException error)
        {
            throw new ResourceException(component.MetadataOrigins.GetValueOrDefault("responseTimeout", component.Origin),
                $"'responseTimeout' of component '{component.Name}': {error.Message}.", "For example '10s'.");
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }
}
