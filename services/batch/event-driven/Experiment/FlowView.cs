using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Samples.Experiments.EventDriven;

/// <summary>The flow from outside: what is in the report, how stages are, and events put in by hand.</summary>
internal sealed class FlowView : IDisposable
{
    /// <summary>The topics that the report keeps.</summary>
    public const string Ready = "orders-ready", Archived = "orders-archived", Dead = "dead-letters";

    private const int Bulk = 100;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    private readonly ExperimentContext _context;
    private readonly HttpClient _sidecar, _direct = new() { Timeout = TimeSpan.FromSeconds(2) };

    public FlowView(ExperimentContext context)
    {
        _context = context;
        _sidecar = new HttpClient
        {
            BaseAddress = new Uri($"http://127.0.0.1:{context.ReplicaOf("order-source").DaprHttpPort}/v1.0/"),
            Timeout = TimeSpan.FromSeconds(10),
        };
    }

    /// <summary>The last runs, by name.</summary>
    public Task<List<string>> RunsAsync(CancellationToken cancel) => GetAsync<List<string>>("invoke/report/method/runs", cancel);

    /// <summary>What has come of a run, by topic; nothing where the report knows nothing of it.</summary>
    public Task<Dictionary<string, PartRecord>> RunAsync(string run, CancellationToken cancel) =>
        GetAsync<Dictionary<string, PartRecord>>($"invoke/report/method/runs/{run}", cancel);

    /// <summary>The runs that a file has become: its name, and a digest of what was in it.</summary>
    public async Task<string[]> RunsOfAsync(string file, CancellationToken cancel) =>
        [.. (await RunsAsync(cancel)).Where(r => r.StartsWith(file + "-", StringComparison.Ordinal))];

    /// <summary>The sum over runs of what has come through a topic.</summary>
    public async Task<Truth> SumAsync(string topic, IEnumerable<string> runs, CancellationToken cancel) =>
        (await PartsAsync(topic, runs, cancel)).Aggregate(default(Truth), (sum, part) => sum + part.ToTruth());

    /// <summary>What the report has of runs, in one topic.</summary>
    public async Task<IReadOnlyList<PartRecord>> PartsAsync(string topic, IEnumerable<string> runs, CancellationToken cancel)
    {
        var found = new List<PartRecord>();
        foreach (var run in runs)
        {
            if ((await RunAsync(run, cancel)).TryGetValue(topic, out var part))
                found.Add(part);
        }

        return found;
    }

    /// <summary>How many of these keys each shard would get.</summary>
    public async Task<Dictionary<string, int>> SharesAsync(string[] keys, CancellationToken cancel)
    {
        using var answer = await _sidecar.PostAsJsonAsync("invoke/sharder/method/shards", keys, cancel);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<Dictionary<string, int>>(cancel))!;
    }

    /// <summary>Publishes a CloudEvent as it is.</summary>
    public async Task PublishAsync(string topic, object envelope, CancellationToken cancel)
    {
        using var content = JsonContent.Create(envelope, new MediaTypeHeaderValue("application/cloudevents+json"));
        using var answer = await _sidecar.PostAsync($"publish/orderedpubsub/{topic}", content, cancel);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Publishes orders at once, in bulks, as events of a run.</summary>
    public async Task PublishAllAsync(string topic, string run, IEnumerable<DrawnOrder> drawn, CancellationToken cancel)
    {
        foreach (var bulk in drawn.Chunk(Bulk))
        {
            var entries = bulk.Select(order => new
            {
                entryId = order.Number, contentType = "application/cloudevents+json",
                @event = new
                {
                    specversion = "1.0", id = $"{run}-{order.Number}", source = "experiment", type = "order", subject = run,
                    datacontenttype = "application/json",
                    data = new
                    {
                        order = order.Number, customer = order.Customer.Length > 0 ? order.Customer : null, country = order.Country,
                        status = order.Status, quantity = order.Quantity, amount = order.Amount,
                    },
                },
            });
            using var answer = await _sidecar.PostAsJsonAsync($"../v1.0-alpha1/publish/bulk/orderedpubsub/{topic}", entries, cancel);
            answer.EnsureSuccessStatusCode();
        }
    }

    /// <summary>An invocation that makes a stage do nothing much: what any costs.</summary>
    public async Task PingAsync(CancellationToken cancel)
    {
        using var answer = await _sidecar.GetAsync("invoke/report/method/wiring", cancel);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>What a process has done since it began; nothing where it does not answer.</summary>
    public async Task<StageCounts> CountsAsync(Replica stage, CancellationToken cancel)
    {
        try
        {
            return await _direct.GetFromJsonAsync<StageCounts>($"http://127.0.0.1:{stage.AppPort}/counts", cancel) ?? new(0, 0);
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException && !cancel.IsCancellationRequested)
        {
            return new(0, 0);
        }
    }

    /// <summary>Takes something away that the flow's promises rest on, or gives it back, in a process.</summary>
    public async Task GuaranteeAsync(Replica stage, object guarantees, CancellationToken cancel)
    {
        using var answer = await _direct.PutAsJsonAsync($"http://127.0.0.1:{stage.AppPort}/guarantees", guarantees, cancel);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Waits until a stage answers.</summary>
    public async Task WaitReadyAsync(Replica stage, CancellationToken cancel)
    {
        while (!await IsReadyAsync(stage, cancel))
            await Task.Delay(Look, _context.Time, cancel);
    }

    /// <summary>Waits until something is so; false where it was not within the time.</summary>
    public async Task<bool> WaitAsync(Func<Task<bool>> isSo, TimeSpan patience, CancellationToken cancel)
    {
        var began = Stopwatch.GetTimestamp();
        while (!await isSo())
        {
            if (Stopwatch.GetElapsedTime(began) > patience)
                return false;
            await Task.Delay(Look, _context.Time, cancel);
        }

        return true;
    }

    private async Task<bool> IsReadyAsync(Replica stage, CancellationToken cancel)
    {
        try
        {
            using var answer = await _direct.GetAsync($"http://127.0.0.1:{stage.AppPort}/readyz", cancel);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException && !cancel.IsCancellationRequested)
        {
            return false;
        }
    }

    // The report may be away for a moment: whoever asks it asks again.
    private async Task<T> GetAsync<T>(string path, CancellationToken cancel) where T : new()
    {
        while (true)
        {
            try
            {
                using var answer = await _sidecar.GetAsync(path, cancel);
                if (answer.StatusCode == System.Net.HttpStatusCode.NotFound)
                    return new T();
                if (answer.IsSuccessStatusCode)
                    return (await answer.Content.ReadFromJsonAsync<T>(cancel))!;
            }
            catch (Exception error) when (error is HttpRequestException or JsonException or IOException
                || (error is TaskCanceledException && !cancel.IsCancellationRequested))
            {
                // Again.
            }

            await Task.Delay(Look, _context.Time, cancel);
        }
    }

    public void Dispose()
    {
        _sidecar.Dispose();
        _direct.Dispose();
    }
}

/// <summary>Counts of one process of a stage.</summary>
internal sealed record StageCounts(long In, long Doubles);
