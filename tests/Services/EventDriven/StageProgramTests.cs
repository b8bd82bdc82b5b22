using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Samples.Runtime.Testing;
using Xunit;

namespace Samples.Services.EventDriven;

/// <summary>Stages as programs beside a sidecar: what comes in, what goes out, and what happens when they die in between.</summary>
public sealed class StageProgramTests : IAsyncDisposable
{
    private const string Broker = "orderedpubsub";
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(10);

    private readonly TestDapr _dapr = new TestDapr()
        .WithComponent("statestore", "state.in-memory")
        .WithComponent("memory", "state.in-memory")
        .WithComponent(Broker, "pubsub.sqlite", ("connectionString", "{dataDir}/events.db"), ("concurrency", "1"));

    [Fact]
    public async Task What_a_stage_published_before_it_died_comes_again_under_the_same_ids_and_is_dropped_there()
    {
        (string, string)[] wiring = [("INPUTS", "in"), ("OUTPUTS", "a, b"), ("STATE_STORE", "memory")];
        var copier = await StartAsync("Samples.Copier", wiring);
        await StartAsync("Samples.Merger", ("INPUTS", "a, b"), ("OUTPUTS", "end"));
        await PublishAsync("in", Event("1"));
        Assert.Equal(["1.1", "1.2"], (await IdsAsync("end", 2)).Order());
        string[] before = [.. await IdsAsync("a", 1), .. await IdsAsync("b", 1)];
        Assert.Equal(["1.1", "1.2"], before);

        // The broker has what it made of the event, but the stage cannot note that before it dies.
        using (var stuck = _dapr.Break("memory", Fault.Slow(Long)))
        {
            await PublishAsync("in", Event("2"));
            Assert.Equal(["2.1", "2.2"], [.. await IdsAsync("a", 1), .. await IdsAsync("b", 1)]);
            await stuck.WhenHitAsync();
            await copier.StopAsync();
        }

        await StartAsync("Samples.Copier", wiring);
        Assert.Equal(["2.1", "2.2"], [.. await IdsAsync("a", 1), .. await IdsAsync("b", 1)]);
        await PublishAsync("in", Event("3"));
        // What comes after tells that nothing came between.
        Assert.Equal(["2.1", "2.2", "3.1", "3.2"], (await IdsAsync("end", 4)).Order());
        await PublishAsync("in", Event("4"));
        Assert.Equal(["4.1", "4.2"], (await IdsAsync("end", 2)).Order());
    }

    [Fact]
    public async Task The_same_event_again_brings_nothing_new()
    {
        var merger = await StartAsync("Samples.Merger", ("INPUTS", "in"), ("OUTPUTS", "out"));
        await PublishAsync("in", Event("1"), Event("1"));
        await PublishAsync("in", Event("1"));
        await PublishAsync("in", Event("2"));
        Assert.Equal(["1", "2"], await IdsAsync("out", 2));
        // When this one is through, the batches before it are counted.
        await PublishAsync("in", Event("3"));
        Assert.Equal(["3"], await IdsAsync("out", 1));
        var counts = await merger.Http.GetFromJsonAsync<JsonElement>("/counts", Cancel);
        Assert.Equal(2, counts.GetProperty("doubles").GetInt32());
    }

    [Fact]
    public async Task Of_a_batch_that_one_that_fails_comes_again_and_what_follows_it_under_its_key_waits()
    {
        var asked = new List<string>();
        var program = await _dapr.StartAsync("program", app => app.MapPost("/", (HttpRequest request) =>
        {
            var id = request.Headers["ce-id"].ToString();
            lock (asked)
                asked.Add(id);
            return id == "2" && asked.Count(a => a == id) < 3 ? Results.StatusCode(503) : Results.Json(new { seen = id });
        }), cancel: Cancel);
        await StartAsync(
            "Samples.OwnStage", ("INPUTS", "in"), ("OUTPUTS", "out"), ("KEY", "event.data.key"), ("WAIT_MS", "200"),
            ("PROGRAM_URL", $"http://127.0.0.1:{program.AppPort}/"));
        await PublishAsync("in", Event("1", "a"), Event("2", "b"), Event("3", "b"), Event("4", "c"));
        var ids = await IdsAsync("out", 4);
        Assert.Equal(["1", "2", "3", "4"], ids.Order());
        Assert.True(Array.IndexOf(ids, "2") < Array.IndexOf(ids, "3"));
        Assert.Equal(3, asked.Count(a => a == "2"));
        Assert.All(["1", "3", "4"], id => Assert.Single(asked, a => a == id));
    }

    [Fact]
    public async Task One_poisonous_event_among_10000_over_5_keys_goes_to_the_dead_letters_and_the_others_pass_in_order()
    {
        const int count = 10_000, poison = 5_003;
        await StartAsync(
            "Samples.Splitter", ("INPUTS", "in"), ("OUTPUTS", "home, abroad"), ("KEY", "event.data.key"), ("BATCH", "500"),
            ("ROUTES", "home: event.data.country == 'DE'\nabroad: true"));
        foreach (var bulk in Enumerable.Range(0, count).Chunk(500))
        {
            await PublishAsync("in", [.. bulk.Select(n =>
                n == poison ? Event($"{n}", $"key-{n % 5}") : Event($"{n}", $"key-{n % 5}", country: n % 2 == 0 ? "DE" : "FR"))]);
        }

        var dead = await _dapr.PublishedAsync(Broker, "dead-letters", Cancel);
        Assert.Equal($"{poison}", dead.Data<JsonElement>().GetProperty("event").GetProperty("id").GetString());
        Assert.Contains("country", dead.Data<JsonElement>().GetProperty("reason").GetString(), StringComparison.Ordinal);
        foreach (var (topic, parity) in new[] { ("home", 0), ("abroad", 1) })
        {
            var due = Enumerable.Range(0, count).Where(n => n != poison && n % 2 == parity).ToList();
            var numbers = (await IdsAsync(topic, due.Count)).Select(int.Parse).ToList();
            Assert.Equal(due, numbers.Order());
            Assert.All(numbers.GroupBy(n => n % 5), key => Assert.Equal(key.Order(), key));
        }
    }

    [Fact]
    public async Task An_event_without_a_key_takes_the_way_that_is_said_and_without_one_is_a_dead_letter()
    {
        (string, string)[] wiring = [("OUTPUTS", "s1, s2"), ("KEY", "event.data.key")];
        var sharder = await StartAsync("Samples.Sharder", [.. wiring, ("INPUTS", "first"), ("WITHOUT_KEY", "guests")]);
        await PublishAsync("first", Event("1"));
        Assert.Equal(["1"], await IdsAsync("guests", 1));
        await sharder.StopAsync();
        await StartAsync("Samples.Sharder", [.. wiring, ("INPUTS", "second")]);
        await PublishAsync("second", Event("2"));
        Assert.Equal(["2.sharder"], await IdsAsync("dead-letters", 1));
    }

    [Theory]
    [InlineData("python3", "python3", "tax.py", 11.9)]
    [InlineData("socat", "sh", "domestic.sh", 10.0)]
    public async Task A_stage_of_ones_own_is_a_program_that_answers_one_event(string needs, string shell, string file, double amount)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The programs are written for Unix.");
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        Assert.SkipUnless(folders.Any(f => File.Exists(Path.Combine(f, needs))), $"{needs} is not installed (package {needs}).");
        var program = Path.Combine(Checkout.Root, "services/batch/event-driven/own", file);
        await StartAsync("Samples.OwnStage", ("INPUTS", "in"), ("OUTPUTS", "out"), ("PROGRAM", $"{shell} {program}"));
        await PublishAsync("in", Event("1", country: "DE", amount: 10), Event("2", country: "DE", amount: 10));
        for (var n = 1; n <= 2; n++)
        {
            var made = await _dapr.PublishedAsync(Broker, "out", Cancel);
            Assert.Equal(amount, made.Data<JsonElement>().GetProperty("amount").GetDouble());
            Assert.Equal($"{n}", IdOf(made));
        }
    }

    [Fact]
    public async Task A_flow_is_drawn_from_what_its_stages_say_and_a_stage_that_is_away_is_named()
    {
        var merger = await StartAsync(
            "Samples.Merger", ("INPUTS", "a, b"), ("OUTPUTS", "c"), ("FLOW", "merger, filter, gone"));
        await StartAsync("Samples.Filter", ("INPUTS", "c"), ("OUTPUTS", "d"), ("KEEP", "event.data.paid"));
        var drawing = await merger.Http.GetStringAsync("/flow", Cancel);
        string[] lines = ["topic-b --> stage-merger", "stage-merger --> topic-c", "topic-c --> stage-filter", "gone (no answer)"];
        foreach (var line in lines)
            Assert.Contains(line, drawing, StringComparison.Ordinal);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Task<TestApp> StartAsync(string project, params (string Name, string Value)[] environment)
    {
        var info = new ProcessStartInfo("dotnet", [Checkout.Assembly(project)]);
        foreach (var (name, value) in environment)
            info.Environment[name] = value;
        var appId = project switch { "Samples.OwnStage" => "own-stage", _ => project["Samples.".Length..].ToLowerInvariant() };
        info.Environment["APP_ID"] = appId;
        return _dapr.StartAsync(appId, info, Cancel);
    }

    private static object Event(string id, string? key = null, string? country = null, int amount = 1)
    {
        var data = new Dictionary<string, object> { ["number"] = id, ["amount"] = amount };
        if (key is not null)
            data["key"] = key;
        if (country is not null)
            data["country"] = country;
        return new { specversion = "1.0", id, source = "test", type = "order", datacontenttype = "application/json", data };
    }

    private async Task PublishAsync(string topic, params object[] events)
    {
        _client ??= await _dapr.AddSidecarAsync("client", Cancel);
        var entries = events.Select((e, at) => new { entryId = $"{at}", contentType = "application/cloudevents+json", @event = e });
        using var answer = await _client.SidecarHttp.PostAsJsonAsync($"/v1.0/publish/bulk/{Broker}/{topic}", entries, Cancel);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Cancel));
    }

    private TestApp? _client;

    private async Task<string[]> IdsAsync(string topic, int count)
    {
        var ids = new string[count];
        for (var n = 0; n < count; n++)
            ids[n] = IdOf(await _dapr.PublishedAsync(Broker, topic, Cancel));
        return ids;
    }

    private static string IdOf(PublishedEvent made)
    {
        using var envelope = JsonDocument.Parse(made.Body);
        return envelope.RootElement.GetProperty("id").GetString()!;
    }

    public ValueTask DisposeAsync() => _dapr.DisposeAsync();
}
