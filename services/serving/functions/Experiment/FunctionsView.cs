using System.Net.Http.Json;
using System.Text.Json;

namespace Samples.Experiments.Functions;

/// <summary>The functions as any client has them: through a sidecar, by Dapr service invocation; and what they leave behind.</summary>
internal sealed class FunctionsView(ExperimentContext context, IFaults faults) : IDisposable
{
    private readonly HttpClient _entrance = new()
    {
        BaseAddress = new Uri($"http://127.0.0.1:{context.ReplicaOf("user-api").DaprHttpPort}/v1.0/invoke/"),
    };

    private readonly HttpClient _direct = new();

    /// <summary>Where mails and messages arrive.</summary>
    public string Data => context.DataDirectory;

    public async Task<Answer> PostAsync(string appId, string path, HttpContent body, CancellationToken cancel)
    {
        using var answer = await _entrance.PostAsync($"{appId}/method/{path}", body, cancel);
        var text = await answer.Content.ReadAsStringAsync(cancel);
        return new Answer((int)answer.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement);
    }

    public Task<Answer> PostAsync(string appId, string path, object body, CancellationToken cancel) =>
        PostAsync(appId, path, JsonContent.Create(body), cancel);

    /// <summary>The status of what is asked for.</summary>
    public async Task<int> GetAsync(string appId, string path, CancellationToken cancel)
    {
        using var answer = await _entrance.GetAsync($"{appId}/method/{path}", cancel);
        return (int)answer.StatusCode;
    }

    public async Task<IReadOnlyList<Replica>> ReplicasAsync(string appId, CancellationToken cancel) =>
        [.. (await faults.ListAsync(cancel)).Where(r => r.AppId == appId)];

    public async Task<IReadOnlyList<Replica>> AwakeAsync(CancellationToken cancel) =>
        [.. (await faults.ListAsync(cancel)).Where(r => r.AppId != "user-api" && r.Pid > 0)];

    /// <summary>What a replica tells about itself, asked without sidecars between.</summary>
    public async Task<JsonElement> StateAsync(Replica replica, CancellationToken cancel) =>
        await _direct.GetFromJsonAsync<JsonElement>($"http://127.0.0.1:{replica.AppPort}/_/functions", cancel);

    /// <summary>Takes away what a promise rests on, in all replicas of a function.</summary>
    public async Task SwitchAsync(string appId, object faults, CancellationToken cancel)
    {
        foreach (var replica in await ReplicasAsync(appId, cancel))
        {
            using var answer = await _direct.PutAsJsonAsync($"http://127.0.0.1:{replica.AppPort}/faults", faults, cancel);
            answer.EnsureSuccessStatusCode();
        }
    }

    /// <summary>True where it became so in time.</summary>
    public async Task<bool> WaitAsync(TimeSpan patience, Func<Task<bool>> condition, CancellationToken cancel)
    {
        for (var began = context.Time.GetTimestamp(); ; await Task.Delay(50, cancel))
        {
            if (await condition())
                return true;
            if (context.Time.GetElapsedTime(began) > patience)
                return false;
        }
    }

    public void Dispose()
    {
        _entrance.Dispose();
        _direct.Dispose();
    }

    internal sealed record Answer(int Status, JsonElement Body);
}
