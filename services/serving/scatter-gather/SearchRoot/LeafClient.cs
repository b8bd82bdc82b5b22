using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;
using Samples.Defaults;

namespace Samples.SearchRoot;

/// <summary>The way to a leaf's replica.</summary>
public interface ILeafClient
{
    /// <summary>Asks one replica. Throws where it does not answer, or answers anything but success.</summary>
    Task<T> GetAsync<T>(string appId, string path, CancellationToken cancel);
}

/// <summary>
/// By Dapr service invocation. Each replica has an app id of its own: under a shared one the sidecar takes turns, and a hedge could be sent
/// to the very replica that is slow.
/// </summary>
public sealed class LeafClient : ILeafClient, IDisposable
{
    private static readonly JsonSerializerOptions Json =
        new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) } };

    private readonly HttpClient _sidecar = InvocationClient.Create();

    /// <inheritdoc/>
    public async Task<T> GetAsync<T>(string appId, string path, CancellationToken cancel) =>
        await _sidecar.GetFromJsonAsync<T>($"http://{appId}{path}", Json, cancel)
            ?? throw new InvalidDataException($"'{appId}' answered null.");

    /// <inheritdoc/>
    public void Dispose() => _sidecar.Dispose();
}
