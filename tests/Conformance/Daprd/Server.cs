using System.Diagnostics;

namespace Samples.Conformance.Daprd;

/// <summary>An executable that serves until it is ended; what it wrote is kept for the message of a failure.</summary>
internal sealed class Server : IAsyncDisposable
{
    private const int Kept = 60;
    private static readonly HttpClient Http = new();
    private readonly Process _process;
    private readonly Queue<string> _lines = [];

    public Server(string path, string folder, IEnumerable<string> arguments, params (string Name, string? Value)[] environment)
    {
        var start = new ProcessStartInfo(path, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Exited = _process.WaitForExitAsync(CancellationToken.None);
    }

    public Task Exited { get; }

    /// <summary>The end of its log.</summary>
    public string Log
    {
        get
        {
            lock (_lines)
                return string.Join('\n', _lines);
        }
    }

    /// <summary>Completes when <paramref name="address"/> answers with a success; ends the process when it does not.</summary>
    /// <exception cref="ServerEndedException">The process ended first, or did not answer for a minute.</exception>
    public async Task WaitForAsync(string address, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        try
        {
            while (!Exited.IsCompleted)
            {
                if (await AnswersAsync(address, limit.Token))
                    return;
                await Task.Delay(50, limit.Token);
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            // The minute is over.
        }
        catch
        {
            await DisposeAsync();
            throw;
        }

        await DisposeAsync();
        throw new ServerEndedException($"{_process.StartInfo.FileName} does not serve. Its log ends:\n{Log}");
    }

    private static async Task<bool> AnswersAsync(string address, CancellationToken cancel)
    {
        try
        {
            using var answer = await Http.GetAsync(new Uri(address), cancel);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        lock (_lines)
        {
            _lines.Enqueue(line);
            if (_lines.Count > Kept)
                _lines.Dequeue();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!Exited.IsCompleted)
            _process.Kill();
        await Exited;
        _process.Dispose();
    }
}

/// <summary>A process ended instead of serving; the message has the end of its log.</summary>
internal sealed class ServerEndedException(string message) : Exception(message);
