using System.Net.Http.Headers;
using System.Net.Http.Json;

namespace Samples.Lab;

/// <summary>Faults through the control interface that the command serves on loopback.</summary>
public sealed class ControlClient : IFaults, IDisposable
{
    private readonly HttpClient http;

    /// <summary>Talks to the control interface at an address with the token of this run.</summary>
    public ControlClient(Uri address, string token)
    {
        http = new HttpClient { BaseAddress = address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <summary>The control interface of the run that this process belongs to; null where there is none.</summary>
    public static ControlClient? FromEnvironment() =>
        Environment.GetEnvironmentVariable("SAMPLES_CONTROL") is { Length: > 0 } address
        && Environment.GetEnvironmentVariable("SAMPLES_CONTROL_TOKEN") is { Length: > 0 } token
            ? new ControlClient(new Uri(address), token)
            : null;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Replica>> ListAsync(CancellationToken cancellationToken) =>
        await http.GetFromJsonAsync<Replica[]>("/replicas", cancellationToken) ?? [];

    /// <inheritdoc/>
    public Task KillAsync(string replica, CancellationToken cancellationToken) => Act(replica, "kill", cancellationToken);

    /// <inheritdoc/>
    public Task FreezeAsync(string replica, CancellationToken cancellationToken) => Act(replica, "freeze", cancellationToken);

    /// <inheritdoc/>
    public Task ResumeAsync(string replica, CancellationToken cancellationToken) => Act(replica, "resume", cancellationToken);

    /// <inheritdoc/>
    public Task StartAsync(string replica, CancellationToken cancellationToken) => Act(replica, "start", cancellationToken);

    /// <inheritdoc/>
    public Task TerminateAsync(string replica, CancellationToken cancellationToken) => Act(replica, "terminate", cancellationToken);

    /// <inheritdoc/>
    public Task RestartSidecarAsync(string replica, CancellationToken cancellationToken) =>
        Act(replica, "restart-sidecar", cancellationToken);

    /// <inheritdoc/>
    public async Task<int> ScaleAsync(string appId, int replicas, CancellationToken cancellationToken)
    {
        using var response = await http.PutAsJsonAsync(
            $"/apps/{Uri.EscapeDataString(appId)}/replicas", new { count = replicas }, cancellationToken);
        await Check(response, cancellationToken);
        var now = await ListAsync(cancellationToken);
        return now.Count(replica => replica.AppId == appId);
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private async Task Act(string replica, string action, CancellationToken cancellationToken)
    {
        using var response = await http.PostAsync(
            $"/replicas/{Uri.EscapeDataString(replica)}/{action}", content: null, cancellationToken);
        await Check(response, cancellationToken);
    }

    private static async Task Check(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.IsSuccessStatusCode) return;
        var said = await response.Content.ReadAsStringAsync(cancellationToken);
        throw new InvalidOperationException(
            $"The control interface answered {(int)response.StatusCode} to {response.RequestMessage?.RequestUri}: {said}");
    }
}
