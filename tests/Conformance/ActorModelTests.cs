using System.Net;
using System.Net.Http.Json;
using CsCheck;
using Xunit;

namespace Samples.Conformance;

/// <summary>
/// Random sequences of calls, state operations, reminders and sidecars that restart, step by step against a model that is a few
/// dictionaries.
/// </summary>
public sealed class ActorModelTests : IAsyncDisposable
{
    private static readonly Gen<Step> Steps =
        from kind in Gen.Frequency((6, Gen.Const("add")), (3, Gen.Const("get")), (4, Gen.Const("write")), (3, Gen.Const("read")),
            (2, Gen.Const("remind")), (1, Gen.Const("forget")), (2, Gen.Const("reminder")), (1, Gen.Const("restart")))
        from actor in Gen.Int[0, 4]
        from key in Gen.Int[0, 2]
        from value in Gen.Int[1, 9]
        from sidecar in Gen.Int[0, 1]
        select new Step(kind, actor, key, value, sidecar);

    private readonly ActorMachine _machine = new();
    private readonly ITestedSidecar[] _sidecars = new ITestedSidecar[2];

    [Fact]
    public async Task Nothing_differs_from_the_model()
    {
        for (var i = 0; i < 2; i++)
            (_sidecars[i], _) = await _machine.StartAsync();
        // One after the other: a sidecar that restarts is everybody's.
        await Steps.Array[5, 40].SampleAsync(RunAsync, iter: 12, threads: 1);
    }

    private async Task RunAsync(Step[] steps)
    {
        var model = new Model();
        foreach (var step in steps)
            await RunAsync(step, model, $"{model.Name}-{step.Actor}");
    }

    private async Task RunAsync(Step step, Model model, string id)
    {
        var counter = ActorMachine.Counter(_sidecars[step.By], id);
        using var http = Machine.Http(_sidecars[step.By]);
        var path = $"/v1.0/actors/{nameof(CounterActor)}/{id}";
        switch (step.Kind)
        {
            case "add":
                model.Counts[id] = model.Counts.GetValueOrDefault(id) + step.Value;
                Assert.Equal(model.Counts[id], await counter.AddAsync(step.Value));
                break;
            case "get":
                Assert.Equal(model.Counts.GetValueOrDefault(id), await counter.GetAsync());
                break;
            case "write":
                await WriteAsync(step, model, id);
                break;
            case "read":
                using (var answer = await http.GetAsync($"{path}/state/k{step.Key}", Machine.Cancel))
                {
                    var expected = model.State.TryGetValue((id, step.Key), out var value) ? $"{value}" : "";
                    Assert.Equal(expected, await answer.Content.ReadAsStringAsync(Machine.Cancel));
                }

                break;
            case "remind":
                model.Reminders[(id, step.Key)] = step.Value;
                Assert.Equal(
                    204,
                    (
                        await Machine.AskAsync(
                            http, HttpMethod.Post, $"{path}/reminders/r{step.Key}", new { dueTime = "1h", data = step.Value })).Status);
                break;
            case "forget":
                model.Reminders.Remove((id, step.Key));
                Assert.Equal(204, (await Machine.AskAsync(http, HttpMethod.Delete, $"{path}/reminders/r{step.Key}")).Status);
                break;
            case "reminder":
                var (status, body) = await Machine.AskAsync(http, HttpMethod.Get, $"{path}/reminders/r{step.Key}");
                if (model.Reminders.TryGetValue((id, step.Key), out var data))
                    Assert.Contains($"\"data\":{data},", body, StringComparison.Ordinal);
                else
                    Assert.Equal(404, status);
                break;
            default:
                await RestartAsync(step.By);
                break;
        }
    }

    /// <summary>A transaction that writes one key and deletes the next: only the sidecar that has the actor may take it.</summary>
    private async Task WriteAsync(Step step, Model model, string id)
    {
        var next = (step.Key + 1) % 3;
        var transaction = new object[]
        {
            new { operation = "upsert", request = new { key = $"k{step.Key}", value = step.Value } },
            new { operation = "delete", request = new { key = $"k{next}" } },
        };
        var taken = 0;
        foreach (var sidecar in _sidecars)
        {
            using var http = Machine.Http(sidecar);
            using var answer = await http.PostAsJsonAsync($"/v1.0/actors/{nameof(CounterActor)}/{id}/state", transaction, Machine.Cancel);
            if (answer.StatusCode == HttpStatusCode.NoContent)
                taken++;
            else
                Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        }

        Assert.InRange(taken, 0, 1);
        if (taken == 0)
            return;
        model.State[(id, step.Key)] = step.Value;
        model.State.Remove((id, next));
    }

    private async Task RestartAsync(int which)
    {
        var old = _sidecars[which];
        await old.StopAsync();
        _sidecars[which] = await _machine.Dapr.AddAsync(
            old.Options with { HttpPort = old.HttpPort, GrpcPort = old.GrpcPort }, Machine.Cancel);
        await _sidecars[which].WaitForAppAsync(Machine.Cancel);
    }

    public ValueTask DisposeAsync() => _machine.DisposeAsync();

    private sealed record Step(string Kind, int Actor, int Key, int Value, int By);

    private sealed class Model
    {
        /// <summary>Actors of one run, and of no other.</summary>
        public string Name { get; } = Guid.NewGuid().ToString("N");

        public Dictionary<string, int> Counts { get; } = [];

        public Dictionary<(string, int), int> State { get; } = [];

        public Dictionary<(string, int), int> Reminders { get; } = [];
    }
}
