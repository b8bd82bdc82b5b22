using System.Net.Http.Json;
using Samples.Defaults;

namespace Samples.MetricsAdapter.Sources;

/// <summary>
/// Where a source listens: <c>host:port</c>, or <c>dapr://APP-ID</c> for an application that tells its address itself (<c>GET
/// /address</c>), as applications do whose ports differ from run to run.
/// </summary>
internal sealed class SourceAddress(string text)
{
    private const string Dapr = "dapr://";
    private static readonly Lazy<HttpClient> Sidecar = new(() => InvocationClient.Create());

    private volatile Endpoint? _known = ParseFixed(text);

    public sealed record Endpoint(string Host, int Port);

    /// <summary>Null when it is well formed, or what is allowed.</summary>
    public static string? Problem(string text) =>
        ParseFixed(text) is not null || (text.StartsWith(Dapr, StringComparison.Ordinal) && text.Length > Dapr.Length)
            ? null
            : $"'{text}' is no address; give host:port, or dapr://APP-ID.";

    /// <summary>The address, asked for when it is not known.</summary>
    public async Task<Endpoint> FindAsync(CancellationToken cancel) => _known ??=
        await Sidecar.Value.GetFromJsonAsync<Endpoint>($"http://{text[Dapr.Length..]}/address", cancel)
            ?? throw new SourceException("address", "The application does not tell where it listens.");

    /// <summary>It did not answer there: it may be elsewhere now.</summary>
    public void Forget()
    {
        if (text.StartsWith(Dapr, StringComparison.Ordinal))
            _known = null;
    }

    private static Endpoint? ParseFixed(string text) =>
        text.LastIndexOf(':') is > 0 and var colon && int.TryParse(text.AsSpan(colon + 1), out var port) && port is > 0 and < 65536
        && !text.Contains('/')
            ? new Endpoint(text[..colon], port)
            : null;
}
