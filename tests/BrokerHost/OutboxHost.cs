using System.Net.Http.Json;
using Samples.Runtime;

namespace Samples.BrokerHost;

/// <summary>
/// A runtime of one sidecar without an application, for the resources of a folder. From several writers it transacts the numbers from one
/// on, until it is killed: every fifth is refused by its ETag. Prints "c N" when N was acknowledged.
/// </summary>
internal static class OutboxHost
{
    public static async Task RunAsync(string folder, int first, Action<string> print)
    {
        await using var runtime = new DaprRuntime(new RuntimeOptions());
        var sidecar = await runtime.AddSidecarAsync(new SidecarOptions("app1") { ResourcePaths = [folder], BaseDirectory = folder });
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{sidecar.HttpPort}") };
        var next = first;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            while (true)
            {
                var number = Interlocked.Increment(ref next);
                object request = number % 5 == 0
                    ? new { key = $"{number}", value = $"{number}", etag = "1" }
                    : new { key = $"{number}", value = $"{number}" };
                using var answer = await http.PostAsJsonAsync(
                    "/v1.0/state/store/transaction", new { operations = new[] { new { operation = "upsert", request } } });
                if (answer.IsSuccessStatusCode)
                    print($"c {number}");
            }
        })));
    }
}
