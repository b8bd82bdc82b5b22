using System.Text.Json;
using Dapr.Client;

namespace Samples.UserApi;

/// <summary>Users in Dapr state, each as it was sent: also members that this service knows nothing of.</summary>
public sealed class Users(DaprClient dapr, IConfiguration configuration)
{
    private readonly string _store = configuration["STATE_STORE"] ?? "statestore";

    /// <summary>Keeps a user; returns the id.</summary>
    public async Task<string> AddAsync(JsonElement user, CancellationToken cancel)
    {
        var id = Guid.CreateVersion7().ToString("N");
        await dapr.SaveStateAsync(_store, $"user-{id}", user, cancellationToken: cancel);
        return id;
    }

    /// <summary>Null for an id that nobody has.</summary>
    public Task<JsonElement?> FindAsync(string id, CancellationToken cancel) =>
        dapr.GetStateAsync<JsonElement?>(_store, $"user-{id}", cancellationToken: cancel);
}
