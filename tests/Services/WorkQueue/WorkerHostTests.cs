using System.Text.Json;
using Xunit;

namespace Samples.Services.WorkQueue;

/// <summary>The whole chain with a worker host and worker programs of all kinds.</summary>
public sealed class WorkerHostTests : IAsyncDisposable
{
    private readonly Machine _machine = new();

    public WorkerHostTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "The workers of these tests are shell scripts.");

    [Fact]
    public async Task An_item_that_vanished_before_it_was_fetched_is_a_dead_letter_that_says_so()
    {
        var manager = await StartAsync(maxFailures: 2);
        Write("a.txt");
        await WaitAsync(manager, "queued", 1);
        File.Delete(Path.Combine(_machine.Folder, "pictures", "a.txt"));
        await StartHostAsync("exit 0");
        await WaitAsync(manager, "dead", 1);
        var item = await ItemAsync(manager, "a.txt");
        Assert.Contains("cannot be fetched", item.GetProperty("failure").GetString(), StringComparison.Ordinal);
        Assert.Equal(2, item.GetProperty("attempts").GetInt32());
    }

    [Fact]
    public async Task The_longest_name_that_a_file_system_takes_is_an_item_like_all_others()
    {
        var manager = await StartAsync(maxFailures: 1);
        Write(new string('a', 251) + ".txt", new string('日', 83) + ".txt");
        await StartHostAsync("cp \"$WORK_ITEM_FILE\" \"$WORK_OUTPUT.part\" && mv \"$WORK_OUTPUT.part\" \"$WORK_OUTPUT.thumbnail.png\"");
        await WaitAsync(manager, "done", 2);
    }

    [Fact]
    public async Task A_worker_that_hangs_on_one_item_is_stopped_and_the_others_go_through()
    {
        var manager = await StartAsync(maxFailures: 1);
        Write("a-hangs.txt", "b.txt", "c.txt");
        await StartHostAsync(
            "case $WORK_ITEM_ID in a-hangs.txt) sleep 300;; esac; cp $WORK_ITEM_FILE $WORK_OUTPUT", ("WORKER_TIMEOUT_SECONDS", "1"));
        await WaitAsync(manager, "done", 2);
        await WaitAsync(manager, "dead", 1);
        Assert.Equal("The worker took longer than 1 s.", (await ItemAsync(manager, "a-hangs.txt")).GetProperty("failure").GetString());
    }

    [Fact]
    public async Task An_item_outlasts_many_leases_while_its_worker_is_alive()
    {
        var manager = await StartAsync(maxFailures: 1, leaseSeconds: 0.6);
        Write("long.txt");
        await StartHostAsync("sleep 2");
        await WaitAsync(manager, "done", 1);
        Assert.Equal(1, (await ItemAsync(manager, "long.txt")).GetProperty("attempts").GetInt32());
    }

    [Fact]
    public async Task A_host_that_is_asked_to_stop_finishes_a_short_item()
    {
        var manager = await StartAsync(maxFailures: 1);
        Write("a.txt");
        var host = await StartHostAsync($"touch {_machine.Folder}/begun; sleep 1");
        await BegunAsync();
        host.Signal("TERM");
        Assert.Equal(0, await host.WaitForExitAsync(TimeSpan.FromSeconds(10), Machine.Cancel));
        Assert.Equal("done", (await ItemAsync(manager, "a.txt")).GetProperty("state").GetString());
    }

    [Fact]
    public async Task And_hands_a_long_one_back_at_once()
    {
        // A lease of a minute: were it not handed back, nobody would have it in time.
        var manager = await StartAsync(maxFailures: 3, leaseSeconds: 60);
        Write("a.txt");
        var host = await StartHostAsync($"touch {_machine.Folder}/begun; sleep 300", ("DRAIN_SECONDS", "1"));
        await BegunAsync();
        host.Signal("TERM");
        Assert.Equal(0, await host.WaitForExitAsync(TimeSpan.FromSeconds(10), Machine.Cancel));
        var item = await ItemAsync(manager, "a.txt");
        Assert.Equal(
            ("queued", "The worker was stopped and handed it back."),
            (item.GetProperty("state").GetString(), item.GetProperty("failure").GetString()));
    }

    [Fact]
    public async Task A_host_that_is_killed_leaves_no_worker_behind_and_its_item_to_another()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/setpriv"), "setpriv (util-linux) ties the worker to its host.");
        var manager = await StartAsync(maxFailures: 3, leaseSeconds: 1);
        Write("a.txt");
        var host = await StartHostAsync($"echo $$ > {_machine.Folder}/begun; exec sleep 300");
        await BegunAsync();
        host.Signal("KILL");
        var stat = $"/proc/{(await File.ReadAllTextAsync(Path.Combine(_machine.Folder, "begun"), Machine.Cancel)).Trim()}/stat";
        await _machine.WaitAsync("the worker is gone",
            async () =>
                !File.Exists(stat) || (await File.ReadAllTextAsync(stat, Machine.Cancel)).Contains(") Z", StringComparison.Ordinal));
        await WaitAsync(manager, "queued", 1);
        Assert.Equal("The worker fell silent.", (await ItemAsync(manager, "a.txt")).GetProperty("failure").GetString());
        await StartHostAsync("exit 0");
        await WaitAsync(manager, "done", 1);
        Assert.Equal(1, (await ItemAsync(manager, "a.txt")).GetProperty("completions").GetInt32());
    }

    [Fact]
    public async Task Without_a_worker_program_it_does_not_start_and_says_what_to_set()
    {
        var port = Service.FreePort();
        await using var host = Service.Start("Samples.WorkerHost", port, null, [("WORKER_COMMAND", "/no/such/program")]);
        Assert.NotEqual(0, await host.WaitForExitAsync(TimeSpan.FromSeconds(20), Machine.Cancel));
        Assert.Contains("WORKER_COMMAND names '/no/such/program', which is no program here", host.Log, StringComparison.Ordinal);
    }

    private async Task<Service> StartAsync(int maxFailures, double leaseSeconds = 5)
    {
        await _machine.StartAsync("Samples.SourceFiles", "source-files", ("SOURCE_SETTLED_MS", "0"));
        return await _machine.StartAsync("Samples.QueueManager", "queue-manager", ("PERIOD_SECONDS", "0.1"), ("BACKOFF_SECONDS", "0.1"),
            ("MAX_FAILURES", $"{maxFailures}"), ("LEASE_SECONDS", $"{leaseSeconds}"));
    }

    private async Task<Service> StartHostAsync(string script, params (string, string)[] settings)
    {
        var file = Path.Combine(_machine.Folder, "worker.sh");
        await File.WriteAllTextAsync(file, script, Machine.Cancel);
        return await _machine.StartAsync("Samples.WorkerHost", "worker-host", [("WORKER_COMMAND", $"sh {file}"), .. settings]);
    }

    private void Write(params string[] names)
    {
        Directory.CreateDirectory(Path.Combine(_machine.Folder, "pictures"));
        foreach (var name in names)
            File.WriteAllText(Path.Combine(_machine.Folder, "pictures", name), name);
    }

    private Task BegunAsync() =>
        _machine.WaitAsync("a worker program", () => Task.FromResult(new FileInfo(Path.Combine(_machine.Folder, "begun")).Exists));

    private static async Task<JsonElement> ItemAsync(Service manager, string id) =>
        (await manager.AskAsync(HttpMethod.Get, "/items/" + id)).Body;

    private Task WaitAsync(Service manager, string state, int count) => _machine.WaitAsync($"{count} {state}",
        async () => (await manager.AskAsync(HttpMethod.Get, "/stats")).Body.GetProperty(state).GetInt32() == count);

    public ValueTask DisposeAsync() => _machine.DisposeAsync();
}
