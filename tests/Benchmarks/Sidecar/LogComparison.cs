using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using Dapr.Client;
using Samples.Benchmarks.Ambassador;
using Samples.LogSidecar;

namespace Samples.Benchmarks.Sidecar;

/// <summary>
/// The same lines three times: followed, parsed and published by log-sidecar; published as they are by a client that has them already, in
/// the same batches through the same sidecar; and followed by rsyslog, which writes them into a file.
/// </summary>
internal sealed class LogComparison(string folder)
{
    private const int Lines = 60_000, Batch = 500, Rounds = 5, WarmUps = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2), Between = TimeSpan.FromMilliseconds(5);

    private sealed record Result(double Rate, double PerCore);

    private sealed record FollowReport(long Published);

    public async Task RunAsync(TimeSpan duration, Action<Finding> report, CancellationToken cancel)
    {
        _ = duration;
        var rsyslogd = Tool.Find("rsyslogd", "rsyslog");
        var (sidecar, ports) = await Peer.StartOwnAsync(["serve-sidecar", folder], cancel);
        await using var peer = sidecar;
        var (http, grpc) = (ports.Split(' ')[0], ports.Split(' ')[1]);
        var port = Tool.FreePort();
        var log = Path.Combine(folder, "access.log");
        await using var ours = await Tool.StartServiceAsync("Samples.LogSidecar", port, cancel,
            ("APP_PORT", $"{port}"), ("LOG_FILE", log), ("LOOK_MS", "5"), ("BATCH_LINES", $"{Batch}"),
            ("DAPR_HTTP_ENDPOINT", $"http://127.0.0.1:{http}"), ("DAPR_GRPC_ENDPOINT", $"http://127.0.0.1:{grpc}"));
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/") };
        using var dapr = new DaprClientBuilder().UseGrpcEndpoint($"http://127.0.0.1:{grpc}").UseHttpEndpoint($"http://127.0.0.1:{http}")
            .Build();
        var theirs = Path.Combine(folder, "rsyslog.log");
        await using var rsyslog = StartRsyslog(rsyslogd, theirs);

        var text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, Lines).Select(Line)));
        var batches = Batches(text);
        var (published, written) = (0L, 0L);
        async Task<Result> FollowAsync() => await MeasureAsync(log, text, () => ours.ProcessorTime, async () =>
        {
            ours.ThrowIfEnded();
            return (await client.GetFromJsonAsync<FollowReport>("follow", cancel))!.Published >= published + Lines;
        }, () => published += Lines, cancel);
        async Task<Result> WriteAsync() => await MeasureAsync(theirs, text, () => rsyslog.ProcessorTime, () =>
        {
            rsyslog.ThrowIfEnded();
            var file = new FileInfo(theirs + ".out");
            return Task.FromResult(file.Exists && file.Length >= written + text.Length);
        }, () => written += text.Length, cancel);

        for (var i = 0; i < WarmUps; i++)
        {
            await FollowAsync();
            await PublishAsync(dapr, batches, cancel);
        }

        await WriteAsync();
        var rounds = new List<(Result Ours, Result Raw, Result Theirs)>();
        for (var round = 0; round < Rounds; round++)
            rounds.Add((await FollowAsync(), await PublishAsync(dapr, batches, cancel), await WriteAsync()));

        // The round in the middle by ratio: one that a neighbour disturbed decides nothing.
        var raw = rounds.OrderBy(r => r.Ours.Rate / r.Raw.Rate).ElementAt(Rounds / 2);
        report(Finding.AtLeast(0.5, "lines a second: to publishing them in bulk, nothing else", raw.Ours.Rate, raw.Raw.Rate, "1/s"));
        report(new Finding("lines a second of processor time: to publishing alone", raw.Ours.PerCore, raw.Raw.PerCore, "1/s")
        {
            Bound = string.Create(
                CultureInfo.InvariantCulture,
                $"log-sidecar {1e6 / raw.Ours.PerCore:0.0} µs a line, of which publishing alone takes {1e6 / raw.Raw.PerCore:0.0} µs; "
                + $"the rest is reading, parsing and keeping the checkpoint"),
        });
        var file = rounds.OrderBy(r => r.Ours.PerCore / r.Theirs.PerCore).ElementAt(Rounds / 2);
        report(new Finding(
            "lines a second of processor time: to rsyslog's imfile, to a file", file.Ours.PerCore, file.Theirs.PerCore, "1/s")
        {
            Bound = string.Create(
                CultureInfo.InvariantCulture,
                $"log-sidecar {1e6 / file.Ours.PerCore:0.0} µs a line, to a broker; rsyslog {1e6 / file.Theirs.PerCore:0.0} µs, to a file"),
        });
        report(new Finding("resident memory after it: to rsyslog", ours.Memory / 1e6, rsyslog.Memory / 1e6, "MB"));
    }

    // Appends all lines at once and waits until the follower has brought them on.
    private static async Task<Result> MeasureAsync(
        string file, byte[] text, Func<TimeSpan> processor, Func<Task<bool>> isDone, Action done, CancellationToken cancel)
    {
        var (before, began) = (processor(), Stopwatch.GetTimestamp());
        await using (var stream = new FileStream(file, FileMode.Append, FileAccess.Write, FileShare.ReadWrite))
            await stream.WriteAsync(text, cancel);
        while (!await isDone())
        {
            if (Stopwatch.GetElapsedTime(began) > Patience)
                throw new InvalidOperationException($"{Lines} lines of {file} were not followed within {Patience.TotalSeconds:0} s.");
            await Task.Delay(Between, cancel);
        }

        done();
        return new Result(Lines / Stopwatch.GetElapsedTime(began).TotalSeconds, Lines / (processor() - before).TotalSeconds);
    }

    private static async Task<Result> PublishAsync(DaprClient dapr, List<LogLine[]> batches, CancellationToken cancel)
    {
        var (before, began) = (Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
        foreach (var batch in batches)
        {
            if ((await dapr.BulkPublishEventAsync("pubsub", "logs", batch, cancellationToken: cancel)).FailedEntries.Count > 0)
                throw new InvalidOperationException("Lines were not taken.");
        }

        return new Result(
            Lines / Stopwatch.GetElapsedTime(began).TotalSeconds, Lines / (Environment.CpuUsage.TotalTime - before).TotalSeconds);
    }

    private List<LogLine[]> Batches(byte[] text)
    {
        var file = Path.Combine(folder, "lines.log");
        File.WriteAllBytes(file, text);
        using var handle = File.OpenHandle(file);
        return [.. new LineReader("20260101000000-000000000000", 65_536).Read(handle, 0, Lines, isAtRest: false).Chunk(Batch)];
    }

    private static string Line(int number) => string.Create(
        CultureInfo.InvariantCulture,
        $"127.0.0.1 - - [25/Nov/2026:12:{number / 60 % 60:00}:{number % 60:00} +0000] \"GET /pages/{number % 200}.html HTTP/1.1\" 200 "
        + $"{number}\n");

    private Tool StartRsyslog(string rsyslogd, string file)
    {
        var work = Directory.CreateDirectory(Path.Combine(folder, "rsyslog")).FullName;
        var configuration = Path.Combine(work, "rsyslog.conf");
        File.WriteAllText(file, "");
        File.WriteAllText(configuration, $$"""
            global(workDirectory="{{work}}")
            module(load="imfile" mode="inotify")
            template(name="line" type="string" string="%msg%\n")
            input(type="imfile" File="{{file}}" Tag="access" ruleset="file")
            ruleset(name="file") { action(type="omfile" file="{{file}}.out" template="line") }
            """);
        return Tool.Start(rsyslogd, ["-n", "-f", configuration, "-i", Path.Combine(work, "pid")]);
    }
}
