using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Samples.Cli.Processes;
using Samples.Runtime.Resources;

namespace Samples.Cli.Daprd;

/// <summary>One process beside the replicas: daprd, a server of Dapr's, or Redis. It ends with the command.</summary>
internal sealed class DaprProcess : IAsyncDisposable
{
    /// <summary>How long a server may take to answer; a busy machine is slow.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(15);
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(5) };

    private readonly Child _child;

    private DaprProcess(string name, Child child) => (Name, _child) = (name, child);

    public string Name { get; }

    /// <summary>Completes when the process is gone.</summary>
    public Task Ended => _child.Ended;

    /// <summary>What it said last.</summary>
    public IReadOnlyList<string> LastLines => [.. _child.LastLines.Select(DaprLogLine.Read)];

    /// <summary>Starts a program; each line that it says goes to <paramref name="log"/>.</summary>
    public static async Task<DaprProcess> StartAsync(
        Launcher launcher,
        string name,
        IReadOnlyList<string> command,
        string directory,
        IReadOnlyDictionary<string, string> environment,
        Action<string> log) =>
        new(name, await Child.StartAsync(launcher, command, directory, environment, line => log(DaprLogLine.Read(line))));

    /// <summary>
    /// Waits until a path answers with success. Throws <see cref="ResourceException"/> where the process ends or takes too long.
    /// </summary>
    public Task AnswersAsync(string url, CancellationToken cancel) => UntilAsync(async limit =>
    {
        using var answer = await Http.GetAsync(url, limit);
        return answer.IsSuccessStatusCode;
    }, cancel);

    /// <summary>Waits until a port of loopback is open. Throws as <see cref="AnswersAsync"/> does.</summary>
    public Task ListensAsync(int port, CancellationToken cancel) => UntilAsync(async limit =>
    {
        using var probe = new TcpClient();
        await probe.ConnectAsync(IPAddress.Loopback, port, limit);
        return true;
    }, cancel);

    private async Task UntilAsync(Func<CancellationToken, Task<bool>> isThere, CancellationToken cancel)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                if (await isThere(cancel))
                    return;
            }
            catch (Exception error) when (
                error is HttpRequestException or SocketException || (error is TaskCanceledException && !cancel.IsCancellationRequested))
            {
                // Not yet.
            }

            if (Ended.IsCompleted)
                throw Failed("ended before it answered.");
            if (Stopwatch.GetElapsedTime(began) > Patience)
                throw Failed($"did not answer within {Patience.TotalSeconds:0} s.");
            await Task.Delay(50, cancel);
        }
    }

    private ResourceException Failed(string what) => new(Origin.Code, $"{Name} {what}",
        LastLines is { Count: > 0 } lines
            ? $"It said:\n  {string.Join("\n  ", lines)}"
            : "It said nothing; its log level can be raised with 'logLevel' in the template.");

    /// <summary>Asks it to end, and after a while no longer asks.</summary>
    public async ValueTask DisposeAsync() => await _child.EndAsync(Farewell);
}
