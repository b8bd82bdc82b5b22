using System.Net.Http.Json;
using Samples.Cli.Daprd;
using Samples.Cli.Sidecars;
using Xunit;
using static Samples.Cli.Tests.Checkout;

namespace Samples.Cli.Tests;

/// <summary><c>--runtime daprd</c>: the same patterns beside real sidecars.</summary>
public sealed class DaprdTests
{
    private const int SigInt = 2;
    private static readonly HttpClient Http = new();

    [Fact]
    public async Task Replicas_run_beside_real_sidecars_that_can_be_restarted()
    {
        Assert.SkipUnless(
            DaprPrograms.AreComplete,
            "daprd, placement and scheduler are not installed: `dapr init --slim`, or name their folder with DAPR_RUNTIME_PATH.");
        await using var checkout = new Checkout();
        const string Resources = "resourcesPaths: [\"./resources\"]";
        var folder = checkout.Add(
            "tiny",
            Template(Entry("web", "appPort: 1", Resources), Entry("web", "appPort: 2", Resources), Entry("client", "appPort: 3")));
        Directory.CreateDirectory(Path.Combine(folder, "resources"));
        await File.WriteAllTextAsync(Path.Combine(folder, "resources", "statestore.yaml"),
            "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: statestore\n"
            + "spec:\n  type: state.in-memory\n  version: v1\n  metadata: []\n",
            Cancel);
        var run = await checkout.RunUntilReadyAsync("tiny", "--free-ports", "--runtime", "daprd");

        var client = await run.ReplicaAsync("client");
        var sidecar = $"http://127.0.0.1:{client.DaprHttpPort}/v1.0";
        Assert.Equal("web", await Http.GetStringAsync($"{sidecar}/invoke/web/method/env/APP_ID", Cancel));
        using (var version = System.Text.Json.JsonDocument.Parse(await Http.GetStringAsync($"{sidecar}/metadata", Cancel)))
            Assert.StartsWith("1.", version.RootElement.GetProperty("runtimeVersion").GetString());

        var web = await run.ReplicaAsync("web-1");
        var state = $"http://127.0.0.1:{web.DaprHttpPort}/v1.0/state/statestore";
        using (var saved = await Http.PostAsJsonAsync(state, new[] { new { key = "k", value = 1 } }, Cancel))
            Assert.True(saved.IsSuccessStatusCode);
        await run.Control.RestartSidecarAsync("web-1", Cancel);
        // A new process at the same place: what its memory held is gone.
        Assert.Equal("", await Http.GetStringAsync($"{state}/k", Cancel));
        Assert.Equal(web.Pid, (await run.ReplicaAsync("web-1")).Pid);

        run.Signal(SigInt);
        Assert.Equal(0, (await run.EndAsync()).Code);
        await checkout.HasNoProcessLeftAsync();
    }

    [Fact]
    public async Task A_sidecar_that_cannot_start_is_told_with_its_own_words()
    {
        Assert.SkipUnless(
            DaprPrograms.AreComplete,
            "daprd, placement and scheduler are not installed: `dapr init --slim`, or name their folder with DAPR_RUNTIME_PATH.");
        await using var checkout = new Checkout();
        var folder = checkout.Add("tiny", Template(Entry("web", "appPort: 1", "resourcesPaths: [\"./resources\"]")));
        Directory.CreateDirectory(Path.Combine(folder, "resources"));
        await File.WriteAllTextAsync(Path.Combine(folder, "resources", "statestore.yaml"),
            "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: statestore\n"
            + "spec:\n  type: state.nope\n  version: v1\n  metadata: []\n",
            Cancel);
        var ended = await checkout.RunAsync("run", "tiny", "--free-ports", "--runtime", "daprd");
        Assert.Equal(1, ended.Code);
        Assert.Contains("daprd of 'web' ended before it answered.", ended.Errors);
        Assert.Contains("state.nope", ended.Errors);
        await checkout.HasNoProcessLeftAsync();
    }

    [Fact]
    public async Task Without_dapr_the_message_says_how_to_get_it()
    {
        Assert.SkipWhen(DaprPrograms.Locate("daprd") is not null, "daprd is installed here.");
        await using var checkout = new Checkout();
        checkout.Add("tiny", Template(Entry("web", "appPort: 1")));
        var ended = await checkout.RunAsync("run", "tiny", "--free-ports", "--runtime", "daprd");
        Assert.Equal(1, ended.Code);
        Assert.Contains("`dapr init --slim`", ended.Errors);
        await checkout.HasNoProcessLeftAsync();
    }

    [Fact]
    public void A_copy_of_a_component_names_the_redis_of_the_run()
    {
        var folder = Directory.CreateTempSubdirectory("samples-copies-");
        try
        {
            var source = folder.CreateSubdirectory("source").FullName;
            File.WriteAllText(Path.Combine(source, "statestore.yaml"), """
                apiVersion: dapr.io/v1alpha1
                kind: Component
                metadata:
                  name: statestore
                spec:
                  type: state.redis
                  version: v1
                  metadata:
                  - name: redisHost
                    value: localhost:6379
                  - name: actorStateStore
                    value: "true"
                """);
            File.WriteAllText(
                Path.Combine(source, "secretstore.yaml"),
                "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: secretstore\n"
                + "spec:\n  type: secretstores.local.env\n  metadata: []\n");
            File.WriteAllText(
                Path.Combine(source, "files.yaml"),
                "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: files\n"
                + "spec:\n  type: bindings.localstorage\n  metadata:\n  - name: rootPath\n    value: '{dataDir}/orders'\n");

            Assert.True(ResourceCopies.NeedRedis([source]));
            Assert.False(ResourceCopies.NeedRedis([Path.Combine(source, "secretstore.yaml")]));
            var copies = new ResourceCopies(folder.CreateSubdirectory("copies").FullName);
            var copy = copies.Of(source, "/data", ("127.0.0.1:7000", 3));
            Assert.Equal(copy, copies.Of(source, "/data", ("127.0.0.1:7000", 3)));
            var text = File.ReadAllText(Path.Combine(copy, "statestore.yaml"));
            Assert.DoesNotContain("localhost:6379", text);
            Assert.Contains("127.0.0.1:7000", text);
            Assert.Matches("name: redisDB\\s+value: \"3\"", text);
            Assert.Matches("name: actorStateStore\\s+value: \"true\"", text);
            Assert.Matches("value: '?/data/orders'?", File.ReadAllText(Path.Combine(copy, "files.yaml")));
            // Where nothing needs Redis, too.
            Assert.Matches("value: '?/other/orders'?", File.ReadAllText(Path.Combine(copies.Of(source, "/other", null), "files.yaml")));
            Assert.Contains("secretstores.local.env", File.ReadAllText(Path.Combine(copy, "secretstore.yaml")));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("""{"level":"error","msg":"no way","time":"2026-01-01T00:00:00Z"}""", "fail: no way")]
    [InlineData("""{"level":"fatal","msg":"the end"}""", "crit: the end")]
    [InlineData("not JSON at all", "not JSON at all")]
    [InlineData("[1]", "[1]")]
    public void Lines_of_dapr_read_like_all_others(string line, string expected) => Assert.Equal(expected, DaprLogLine.Read(line));

    [Fact]
    public void Only_auto_looks_at_the_machine()
    {
        Assert.Equal(RuntimeKind.Embedded, RuntimeChoice.Resolve("embedded"));
        Assert.Equal(RuntimeKind.Daprd, RuntimeChoice.Resolve("daprd"));
        Assert.Equal(
            DaprPrograms.AreComplete && RedisServer.Missing is null ? RuntimeKind.Daprd : RuntimeKind.Embedded,
            RuntimeChoice.Resolve("auto"));
    }
}
