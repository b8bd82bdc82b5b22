using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;

namespace Samples.Benchmarks.Runtime;

/// <summary>The loads, each the same for whatever it is put on.</summary>
internal sealed class Measurement(TimeSpan duration, CancellationToken cancel)
{
    private const int Callers = 16, Savers = 64;

    // Until the hot paths are compiled for good: what the compiler takes belongs to no number.
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(5);

    /// <summary>A small GET from 16 connections, and the processor time that each took in the processes given.</summary>
    public async Task<(LoadResult Load, double Microseconds)> CallAsync(HttpClient http, string path, Func<TimeSpan> processor)
    {
        Task Request(int client, CancellationToken stop) => GetAsync(http, path, stop);
        await Load.LoopAsync(Callers, WarmUp, Request, cancel);
        var before = processor();
        var load = await Load.LoopAsync(Callers, duration, Request, cancel);
        return (load, (processor() - before).TotalMicroseconds / load.Requests);
    }

    /// <summary>A save of 100 bytes from 64 connections.</summary>
    public Task<LoadResult> SaveAsync(HttpClient http, string store) =>
        Load.RunAsync(
            Savers,
            duration,
            (client, stop) => PostAsync(
                http,
                "/v1.0/state/" + store,
                [.. "[{\"key\":\""u8, .. Encoding.UTF8.GetBytes(Key(client)), .. "\",\"value\":"u8, .. Value(), .. "}]"u8],
                stop),
            cancel);

    /// <summary>A get from 64 connections.</summary>
    public Task<LoadResult> GetAsync(HttpClient http, string store) =>
        Load.RunAsync(Savers, duration, (client, stop) => GetAsync(http, $"/v1.0/state/{store}/{Key(client)}", stop), cancel);

    /// <summary>The same saves without anything between.</summary>
    public Task<LoadResult> SaveAsync(RawSqlite raw) =>
        Load.RunAsync(Savers, duration, (client, _) => Run(() => raw.Save(Key(client), Value())), cancel);

    /// <summary>The same gets without anything between.</summary>
    public Task<LoadResult> GetAsync(RawSqlite raw) =>
        Load.RunAsync(Savers, duration, (client, _) => Run(() => raw.Get(Key(client))), cancel);

    /// <summary>Events from 16 connections until the last one has arrived in the application: the rate of arrival.</summary>
    public Task<LoadResult> FloodAsync(HttpClient http, string path, HttpClient app) => SendEventsAsync(Callers, http, path, app);

    /// <summary>Events from one connection, so that none waits behind others: how long each was under way.</summary>
    public Task<LoadResult> TrickleAsync(HttpClient http, string path, HttpClient app) => SendEventsAsync(1, http, path, app);

    private async Task<LoadResult> SendEventsAsync(int clients, HttpClient http, string path, HttpClient app)
    {
        Task Publish(int client, CancellationToken stop) =>
            PostAsync(
                http,
                path,
                Encoding.UTF8.GetBytes(
                    string.Create(CultureInfo.InvariantCulture, $"{{\"sent\":{Stopwatch.GetTimestamp()},\"order\":{client}}}")),
                stop);
        var warm = await Load.LoopAsync(clients, WarmUp, Publish, cancel);
        await ArrivedAsync(app, warm.Requests);
        await TakeAsync(app);
        var began = Stopwatch.GetTimestamp();
        var sent = await Load.LoopAsync(clients, duration, Publish, cancel);
        await ArrivedAsync(app, sent.Requests);
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var milliseconds = await TakeAsync(app);
        Array.Sort(milliseconds);
        return new LoadResult(milliseconds, seconds);
    }

    private async Task ArrivedAsync(HttpClient app, int count)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        while (await app.GetFromJsonAsync<int>("/deliveries/count", limit.Token) < count)
            await Task.Delay(2, limit.Token);
    }

    private async Task<double[]> TakeAsync(HttpClient app) => (await app.DeleteFromJsonAsync<double[]>("/deliveries", cancel))!;

    private static Task Run(Action act)
    {
        act();
        return Task.CompletedTask;
    }

    // A few thousand keys: not one hot page, not a database that outgrows its cache.
    private static string Key(int client) => string.Create(CultureInfo.InvariantCulture, $"k{client}-{Random.Shared.Next(64)}");

    // Never the same twice: SQLite writes nothing where nothing changes.
    private static byte[] Value() =>
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\"{Random.Shared.NextInt64():D20}{new string('x', 80)}\""));

    private static async Task GetAsync(HttpClient http, string path, CancellationToken stop)
    {
        using var answer = await http.GetAsync(path, stop);
        answer.EnsureSuccessStatusCode();
    }

    private static async Task PostAsync(HttpClient http, string path, byte[] json, CancellationToken stop)
    {
        using var body = new ByteArrayContent(json);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var answer = await http.PostAsync(path, body, stop);
        answer.EnsureSuccessStatusCode();
    }
}
