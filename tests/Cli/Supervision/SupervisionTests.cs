using System.Diagnostics;
using CsCheck;
using Samples.Lab;
using Xunit;

namespace Samples.Cli.Tests.Supervision;

/// <summary>
/// Random operations of several clients at once, on real processes. Each client has an application of its own, of which it knows what
/// must be true after every answer, and all break one together. A seed that failed is tried again with <c>SUPERVISION_SEED</c>.
/// </summary>
public sealed class SupervisionTests(ITestOutputHelper output)
{
    private const int Sessions = 5, OperationsOfAClient = 130, MostReplicas = 3;

    // What the control interface promises.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    private static readonly Gen<Operation[]> Operations = Gen.Select(
        Gen.Frequency((3, Gen.Const(false)), (1, Gen.Const(true))),
        Gen.Enum<Kind>(),
        Gen.Int[0, MostReplicas],
        (isShared, kind, number) => new Operation(isShared, kind, number)).Array[OperationsOfAClient];

    private enum Kind
    {
        Kill,
        Freeze,
        Resume,
        Start,
        Terminate,
        RestartSidecar,
        Scale,
    }

    [Fact]
    public async Task Every_wish_is_answered_and_has_its_end_whatever_the_programs_do()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "What is left behind is looked up in /proc.");
        var chosen = Environment.GetEnvironmentVariable("SUPERVISION_SEED");
        for (var session = 0; session < (chosen is null ? Sessions : 1); session++)
        {
            var seed = chosen ?? PCG.ThreadPCG.ToString();
            output.WriteLine($"SUPERVISION_SEED={seed}");
            var random = PCG.Parse(seed);
            var began = Stopwatch.GetTimestamp();
            await RunAsync([.. Patient.All.Select(_ => Operations.Generate(random, null, out var _))], (int)random.Next(1 << 30));
            var took = Stopwatch.GetElapsedTime(began);
            output.WriteLine($"{Patient.All.Length * OperationsOfAClient} operations in {took.TotalSeconds:0.0} s");
        }
    }

    [Fact]
    public async Task What_takes_too_long_is_answered_with_what_it_waits_for_and_goes_on()
    {
        var stubborn = Patient.All.Single(p => p.AppId == "ignores-sigterm");
        await using var session = await Session.StartAsync(
            1, [stubborn], farewell: TimeSpan.FromSeconds(2), limit: TimeSpan.FromMilliseconds(200));
        using var control = session.Connect();
        var before = Assert.Single(await control.ListAsync(Checkout.Cancel));
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => control.TerminateAsync(before.Name, Checkout.Cancel));
        Assert.Contains("504", refused.Message);
        Assert.Contains(
            $"It waits for process {before.Pid} of 'ignores-sigterm' to end",
            refused.Message.Replace("\\u0027", "'", StringComparison.Ordinal));
        // A kill does not wait behind it.
        await control.KillAsync(before.Name, Checkout.Cancel);
        Assert.Equal(
            ("stopped", 0), Assert.Single(await control.ListAsync(Checkout.Cancel)) is var after ? (after.State, after.Pid) : default);
        await session.CloseAsync();
        await session.IsGoneAsync(Limit);
    }

    private static async Task RunAsync(Operation[][] operations, int seed)
    {
        await using var session = await Session.StartAsync(seed, [.. Patient.All, Patient.Shared]);
        // The first that fails says enough.
        await foreach (var client in Task.WhenEach(operations.Select((mine, i) => new Client(session, Patient.All[i]).RunAsync(mine))))
            await client;
        // In the middle of something.
        using var last = session.Connect();
        Task unanswered = last.ScaleAsync(Patient.Shared.AppId, MostReplicas, Checkout.Cancel);
        await Within(session.CloseAsync(), "close");
        await session.IsGoneAsync(Limit);
        await unanswered.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static async Task Within(Task answer, string what)
    {
        try
        {
            await answer.WaitAsync(Limit, Checkout.Cancel);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"{what}: no answer within {Limit.TotalSeconds:0} s");
        }
    }

    private sealed record Operation(bool IsShared, Kind Kind, int Number);

    private sealed class Client(Session session, Patient own) : IDisposable
    {
        private readonly ControlClient _control = session.Connect();

        public async Task RunAsync(Operation[] operations)
        {
            foreach (var (operation, i) in operations.Select((o, i) => (o, i)))
                await RunAsync(operation, $"operation {i} of the client of '{own.AppId}', {operation}");
        }

        private async Task RunAsync(Operation operation, string what)
        {
            var app = operation.IsShared ? Patient.Shared.AppId : own.AppId;
            if (operation.Kind == Kind.Scale)
            {
                await Within(_control.ScaleAsync(app, operation.Number, Checkout.Cancel), what);
                Assert.True(operation.IsShared || (await ListAsync()).Count == operation.Number, what);
                return;
            }

            if (await ListAsync(app) is not { Count: > 0 } replicas)
                return;
            var before = replicas[operation.Number % replicas.Count];
            try
            {
                await Within(AskAsync(operation.Kind, before.Name), what);
            }
            catch (InvalidOperationException refused) when (IsLegitimate(refused.Message, operation.IsShared))
            {
                // Another client has taken it away; or the sidecar of this test wanted it so.
            }

            if (!operation.IsShared)
                await CheckAsync(operation.Kind, before, what);
        }

        private static bool IsLegitimate(string refusal, bool isShared) =>
            (isShared && refusal.Contains("404", StringComparison.Ordinal))
            || refusal.Contains("did not come back", StringComparison.Ordinal);

        private Task AskAsync(Kind kind, string replica) => kind switch
        {
            Kind.Kill => _control.KillAsync(replica, Checkout.Cancel),
            Kind.Freeze => _control.FreezeAsync(replica, Checkout.Cancel),
            Kind.Resume => _control.ResumeAsync(replica, Checkout.Cancel),
            Kind.Start => _control.StartAsync(replica, Checkout.Cancel),
            Kind.Terminate => _control.TerminateAsync(replica, Checkout.Cancel),
            _ => _control.RestartSidecarAsync(replica, Checkout.Cancel),
        };

        // Nobody else has touched it.
        private async Task CheckAsync(Kind kind, Replica before, string what)
        {
            var after = Assert.Single(await ListAsync(), r => r.Name == before.Name);
            what = $"{what}\nbefore: {before}\nafter:  {after}";
            switch (kind)
            {
                case Kind.Kill:
                    Assert.True(before.Pid == 0 || after.Pid != before.Pid, what);
                    Assert.True(before.Pid == 0 || !own.Lives || after.State is "restarting" or "running", what);
                    break;
                case Kind.Terminate:
                    Assert.True(after is { State: "stopped", Pid: 0 }, what);
                    break;
                case Kind.Freeze when own.Lives && before.State is "running" or "frozen":
                    Assert.True(after.State == "frozen" && after.Pid == before.Pid, what);
                    break;
                case Kind.Resume when own.Lives && before.State is "running" or "frozen":
                    Assert.True(after.State == "running" && after.Pid == before.Pid, what);
                    break;
                case Kind.Start when own.Lives && before.State != "frozen":
                    Assert.True(after.State == "running" && after.Pid > 0, what);
                    break;
            }
        }

        private async Task<List<Replica>> ListAsync(string? app = null)
        {
            var answer = _control.ListAsync(Checkout.Cancel);
            await Within(answer, "list");
            return [.. (await answer).Where(r => r.AppId == (app ?? own.AppId))];
        }

        public void Dispose() => _control.Dispose();
    }
}
