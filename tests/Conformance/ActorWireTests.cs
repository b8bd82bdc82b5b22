using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;
using Wire = Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient;

namespace Samples.Conformance;

/// <summary>
/// Actors and jobs as raw HTTP and gRPC, against what a daprd answered and sent (the expected values are recorded ones).
/// </summary>
public sealed class ActorWireTests : IAsyncDisposable
{
    private const string Invoke = "ERR_ACTOR_INVOKE_METHOD", Save = "ERR_ACTOR_STATE_TRANSACTION_SAVE";
    private readonly Machine _machine = new();
    private readonly Channel<string> _received = Channel.CreateUnbounded<string>();

    [Theory]
    [InlineData("POST", "Counter/1/method/inc", """{"by": 1}""", 200, """{"n":1}""")]
    [InlineData("GET", "Counter/1/method/inc", null, 200, """{"n":1}""")]
    [InlineData(
            "POST", "Counter/1/method/bad", null, 500,
            Invoke + """|error invoke actor method: error from actor service: (500) {"error":"actor failed"}""")]
    [InlineData(
            "POST", "Counter/1/method/absent", null, 500,
            Invoke + "|error invoke actor method: actor method not found: actors/Counter/1/method/absent")]
    [InlineData(
            "POST", "NoSuch/1/method/inc", null, 500,
            Invoke
                                + "|error invoke actor method: failed to lookup actor: api error: code = FailedPrecondition "
            + "desc = did not find address for actor 'NoSuch/1'")]
    [InlineData(
            "POST", "Counter/1/state", """[{"operation":"upsert","request":{"key":"t","value":1,"metadata":{"ttlInSeconds":"60"}}}]""",
            500,
            Save + """|error saving actor transaction state: ttlInSeconds is not supported without the "ActorStateTTL" feature enabled""")]
    [InlineData(
            "POST", "Counter/1/state",
            """[{"operation":"upsert","request":{"key":"n","value":5}},{"operation":"upsert","request":{"key":"o","value":{"a":[1]}}}]""",
            204, "")]
    [InlineData("GET", "Counter/1/state/kept", null, 200, """{"a":[1]}""")]
    [InlineData("GET", "Counter/1/state/none", null, 204, "")]
    [InlineData(
            "POST", "Counter/1/state", """[{"operation":"frob","request":{"key":"n"}}]""", 500,
            Save + "|error saving actor transaction state: operation type frob not supported")]
    [InlineData(
            "POST", "Counter/never/state", """[{"operation":"upsert","request":{"key":"n","value":5}}]""", 400,
            "ERR_ACTOR_INSTANCE_MISSING|actor instance is missing")]
    [InlineData("POST", "Counter/1/state", "{", 400, "ERR_MALFORMED_REQUEST")]
    [InlineData(
            "POST", "Counter/1/timers/t2", """{"dueTime":"banana"}""", 500,
            "ERR_ACTOR_TIMER_CREATE|error creating actor timer: error parsing timer due time: unsupported time/duration format: banana")]
    [InlineData("DELETE", "Counter/1/timers/none", null, 204, "")]
    [InlineData(
            "POST", "Counter/1/reminders/r3", """{"dueTime":"1s","period":"banana"}""", 500,
            "ERR_ACTOR_REMINDER_CREATE|error creating actor reminder: unsupported period format: banana")]
    [InlineData("GET", "Counter/1/reminders/r9", null, 404, "ERR_ACTOR_REMINDER_NOT_FOUND|actor reminder not found: r9")]
    [InlineData("DELETE", "Counter/1/reminders/r9", null, 204, "")]
    [InlineData(
            "POST", "Other/1/reminders/r", """{"dueTime":"1s"}""", 403,
            "ERR_ACTOR_REMINDER_NON_HOSTED|operations on actor reminders are only possible on hosted actor types")]
    [InlineData("POST", "Counter/a%2Fb/method/inc", null, 400, "ERR_BAD_REQUEST")]
    [InlineData("POST", "Counter/%2e%2e/method/inc", null, 404, null)]
    public async Task Answers_are_the_recorded_ones(string method, string path, string? body, int status, string? expected)
    {
        var (http, _) = await StartAsync();
        await http.PostAsync("/v1.0/actors/Counter/1/method/inc", null, Machine.Cancel);
        await http.PostAsJsonAsync(
            "/v1.0/actors/Counter/1/state",
            new[] { new { operation = "upsert", request = new { key = "kept", value = new { a = new[] { 1 } } } } }, Machine.Cancel);
        var (answered, text) = await SendAsync(http, method, "/v1.0/actors/" + path, body);
        Assert.Equal(status, answered);
        AssertBody(expected, text);
    }

    [Fact]
    public async Task The_application_gets_calls_timers_and_reminders_as_recorded()
    {
        var (http, _) = await StartAsync();
        await SendAsync(http, "POST", "/v1.0/actors/Counter/1/method/inc", """{"by": 1}""");
        Assert.Equal("""PUT /actors/Counter/1/method/inc {"by": 1} true app1 default""", await NextAsync("/inc"));
        Assert.Equal(
            204,
            (
                await SendAsync(
                    http, "POST", "/v1.0/actors/Counter/1/timers/t1",
                    """{"dueTime":"0h0m0s10ms","period":"0h0m1s","callback":"onTimer","data":{"a":1}}""")).Status);
        Assert.Equal(
            """PUT /actors/Counter/1/method/timer/t1 {"data":{"a":1},"callback":"onTimer","dueTime":"0h0m0s10ms","period":"0h0m1s"}   """,
            await NextAsync("/timer/"));
        await SendAsync(http, "DELETE", "/v1.0/actors/Counter/1/timers/t1");
        // A timer may be set for an actor that is not in memory.
        Assert.Equal((204, ""), await SendAsync(http, "POST", "/v1.0/actors/Counter/never/timers/t1", """{"dueTime":"10ms"}"""));
        Assert.Equal(
            """PUT /actors/Counter/never/method/timer/t1 {"callback":"","dueTime":"10ms","period":""}   """,
            await NextAsync("/never/method/timer/"));
        await SendAsync(http, "POST", "/v1.0/actors/Counter/1/reminders/r1", """{"dueTime":"10ms","period":"1s","data":"d"}""");
        Assert.Equal("""PUT /actors/Counter/1/method/remind/r1 {"data":"d","dueTime":"","period":""}   """, await NextAsync("/remind/"));
        AssertJson("""{"actorID":"1","actorType":"Counter","data":"d","dueTime":"10ms","period":"@every 1s"}""",
            (await SendAsync(http, "GET", "/v1.0/actors/Counter/1/reminders/r1")).Body);
        await SendAsync(http, "DELETE", "/v1.0/actors/Counter/1/reminders/r1");
        await SendAsync(http, "POST", "/v1.0/actors/Counter/1/reminders/r2", """{"dueTime":"0s","period":"R2/PT1S","data":null}""");
        for (var i = 0; i < 2; i++)
            Assert.Equal(
                """PUT /actors/Counter/1/method/remind/r2 {"data":null,"dueTime":"","period":""}   """, await NextAsync("/remind/r2"));
        var metadata = (await SendAsync(http, "GET", "/v1.0/metadata")).Body;
        const string runtime = "\"actorRuntime\":";
        Assert.Contains(
            runtime + """{"runtimeStatus":"RUNNING","activeActors":[{"type":"Counter","count":2}],"hostReady":true,"""
            + "\"placement\":\"placement: connected\"}",
            metadata,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Over_grpc_it_is_the_same()
    {
        var (_, grpc) = await StartAsync();
        var invoked = await grpc.InvokeActorAsync(
            new InvokeActorRequest { ActorType = "Counter", ActorId = "1", Method = "inc", Data = ByteString.CopyFromUtf8("{}") },
            cancellationToken: Machine.Cancel);
        Assert.Equal("""{"n":1}""", invoked.Data.ToStringUtf8());
        await FailsAsync(StatusCode.Internal, "error invoke actor method: error from actor service: (500) {\"error\":\"actor failed\"}",
            grpc.InvokeActorAsync(
                new InvokeActorRequest { ActorType = "Counter", ActorId = "1", Method = "bad" }, cancellationToken: Machine.Cancel));
        await FailsAsync(
            StatusCode.FailedPrecondition,
            "failed to lookup actor: api error: code = FailedPrecondition desc = did not find address for actor 'NoSuch/1'",
            grpc.InvokeActorAsync(
                new InvokeActorRequest { ActorType = "NoSuch", ActorId = "1", Method = "m" }, cancellationToken: Machine.Cancel));
        var value = Any.Pack(new StringValue { Value = "hi" });
        await grpc.ExecuteActorStateTransactionAsync(new ExecuteActorStateTransactionRequest
        {
            ActorType = "Counter", ActorId = "1",
            Operations = { new TransactionalActorStateOperation { OperationType = "upsert", Key = "n", Value = value } },
        }, cancellationToken: Machine.Cancel);
        Assert.Equal(
            value.Value,
            (
                await grpc.GetActorStateAsync(
                    new GetActorStateRequest { ActorType = "Counter", ActorId = "1", Key = "n" },
                    cancellationToken: Machine.Cancel)).Data);
        Assert.True(
            (
                await grpc.GetActorStateAsync(
                    new GetActorStateRequest { ActorType = "Counter", ActorId = "never", Key = "n" },
                    cancellationToken: Machine.Cancel)).Data.IsEmpty);
        await grpc.RegisterActorTimerAsync(
            new RegisterActorTimerRequest
            {
                ActorType = "Counter",
                ActorId = "1",
                Name = "t1",
                DueTime = "10ms",
                Callback = "cb",
                Data = ByteString.CopyFromUtf8("{\"a\": 1}"),
            },
            cancellationToken: Machine.Cancel);
        Assert.Equal(
            """PUT /actors/Counter/1/method/timer/t1 {"data":"eyJhIjogMX0=","callback":"cb","dueTime":"10ms","period":""}   """,
            await NextAsync("/timer/"));
        await FailsAsync(
            StatusCode.Internal, "error creating actor timer: error parsing timer due time: unsupported time/duration format: banana",
            grpc.RegisterActorTimerAsync(
                new RegisterActorTimerRequest { ActorType = "Counter", ActorId = "1", Name = "t1", DueTime = "banana" },
                cancellationToken: Machine.Cancel));
        await grpc.UnregisterActorTimerAsync(
            new UnregisterActorTimerRequest { ActorType = "Counter", ActorId = "1", Name = "zz" }, cancellationToken: Machine.Cancel);
        await grpc.RegisterActorReminderAsync(
            new RegisterActorReminderRequest
            {
                ActorType = "Counter",
                ActorId = "1",
                Name = "r1",
                DueTime = "10ms",
                Period = "1h",
                Data = ByteString.CopyFromUtf8("d"),
            },
            cancellationToken: Machine.Cancel);
        Assert.Equal(
            """PUT /actors/Counter/1/method/remind/r1 {"data":"ZA==","dueTime":"","period":""}   """, await NextAsync("/remind/"));
        var kept = await grpc.GetActorReminderAsync(
            new GetActorReminderRequest { ActorType = "Counter", ActorId = "1", Name = "r1" }, cancellationToken: Machine.Cancel);
        Assert.Equal(
            ("10ms", "@every 1h0m0s", "\"ZA==\""), (kept.DueTime, kept.Period, kept.Data.Unpack<BytesValue>().Value.ToStringUtf8()));
        await FailsAsync(StatusCode.AlreadyExists, "actor reminder already exists: r1",
            grpc.RegisterActorReminderAsync(
                new RegisterActorReminderRequest { ActorType = "Counter", ActorId = "1", Name = "r1", DueTime = "1s", Overwrite = false },
                cancellationToken: Machine.Cancel));
        Assert.Equal(
            "r1",
            Assert.Single(
                (
                    await grpc.ListActorRemindersAsync(
                        new ListActorRemindersRequest { ActorType = "Counter" }, cancellationToken: Machine.Cancel)).Reminders).Name);
        await grpc.UnregisterActorRemindersByTypeAsync(
            new UnregisterActorRemindersByTypeRequest { ActorType = "Counter" }, cancellationToken: Machine.Cancel);
        await FailsAsync(
            StatusCode.NotFound, "actor reminder not found: r1",
            grpc.GetActorReminderAsync(
                new GetActorReminderRequest { ActorType = "Counter", ActorId = "1", Name = "r1" }, cancellationToken: Machine.Cancel));
    }

    [Theory, InlineData("v1.0"), InlineData("v1.0-alpha1")]
    public async Task Jobs_are_the_recorded_ones(string version)
    {
        var (http, _) = await StartAsync();
        var jobs = $"/{version}/jobs/";
        Assert.Equal((204, ""), await SendAsync(http, "POST", jobs + "j1", """{"schedule":"@every 1s","repeats":2,"data":{"a":1}}"""));
        Assert.Equal("""POST /job/j1 {"a":1}   """, await NextAsync("/job/j1"));
        AssertJson(
            """
            {"name":"j1","schedule":"@every 1s","repeats":2,"failurePolicy":{"constant":{"interval":"1s","maxRetries":3}},
             "data":{"@type":"type.googleapis.com/google.protobuf.Value","value":{"a":1}}}
            """,
            (await SendAsync(http, "GET", jobs + "j1")).Body);
        var details = "\"details\":[" + """{"@type":"type.googleapis.com/google.rpc.ErrorInfo","domain":"dapr.io","""
            + "\"metadata\":{\"appID\":\"app1\",\"namespace\":\"default\"},\"reason\":";
        var (status, body) = await SendAsync(http, "POST", jobs + "j1", """{"schedule":"@every 1h"}""");
        Assert.Equal(409, status);
        AssertBody(
            "DAPR_SCHEDULER_SCHEDULE_JOB|failed to schedule job due to: rpc error: code = AlreadyExists "
            + "desc = job already exists: 'app||default||app1||j1'",
            body);
        Assert.Contains(details + "\"DAPR_SCHEDULER_SCHEDULE_JOB\"", body, StringComparison.Ordinal);
        Assert.Equal("""POST /job/j1 {"a":1}   """, await NextAsync("/job/j1"));
        Assert.Equal((204, ""), await SendAsync(http, "DELETE", jobs + "j1"));
        (status, body) = await SendAsync(http, "GET", jobs + "j1");
        Assert.Equal(500, status);
        AssertBody("DAPR_SCHEDULER_GET_JOB|failed to get job due to: rpc error: code = NotFound desc = job not found: j1", body);
        Assert.Equal(204, (await SendAsync(http, "POST", jobs + "j2", """{"dueTime":"10ms","data":"text"}""")).Status);
        Assert.Equal("""POST /job/j2 "text"   """, await NextAsync("/job/j2"));
        (status, body) = await SendAsync(http, "POST", jobs + "j3", """{"data":1}""");
        Assert.Equal(400, status);
        AssertBody("DAPR_SCHEDULER_SCHEDULE_EMPTY|Schedule is empty", body);
        (status, body) = await SendAsync(http, "POST", jobs + "j3", """{"schedule":"banana"}""");
        Assert.Equal(500, status);
        AssertBody(
            "DAPR_SCHEDULER_SCHEDULE_JOB|failed to schedule job due to: rpc error: code = Unknown "
            + "desc = job failed validation: expected exactly 6 fields, found 1: [banana]",
            body);
        string[] unreadable =
            ["{", "[]", "null", """{"schedule":1}""", """{"schedule":"@daily","schedule":"@hourly"}""", """{"repeats":-1}"""];
        foreach (var bad in unreadable)
            Assert.Equal(400, (await SendAsync(http, "POST", jobs + "j3", bad)).Status);
    }

    [Fact]
    public async Task Jobs_over_grpc_are_the_recorded_ones()
    {
        var (_, grpc) = await StartAsync();
        await grpc.ScheduleJobAsync(
            new ScheduleJobRequest { Job = new Job { Name = "g1", Schedule = "@every 1h" } }, cancellationToken: Machine.Cancel);
        await FailsAsync(
            StatusCode.AlreadyExists,
            "failed to schedule job due to: rpc error: code = AlreadyExists desc = job already exists: 'app||default||app1||g1'",
            grpc.ScheduleJobAsync(
                new ScheduleJobRequest { Job = new Job { Name = "g1", Schedule = "@every 1h" } }, cancellationToken: Machine.Cancel));
        await grpc.ScheduleJobAsync(
            new ScheduleJobRequest { Job = new Job { Name = "g1", Schedule = "@every 2h" }, Overwrite = true },
            cancellationToken: Machine.Cancel);
        var job = (await grpc.GetJobAsync(new GetJobRequest { Name = "g1" }, cancellationToken: Machine.Cancel)).Job;
        Assert.Equal(
            ("@every 2h", 3u, 1), (job.Schedule, job.FailurePolicy.Constant.MaxRetries, (int)job.FailurePolicy.Constant.Interval.Seconds));
        Assert.Equal("g1", Assert.Single((await grpc.ListJobsAsync(new ListJobsRequest(), cancellationToken: Machine.Cancel)).Jobs).Name);
        await grpc.DeleteJobAsync(new DeleteJobRequest { Name = "g1" }, cancellationToken: Machine.Cancel);
        await grpc.DeleteJobAsync(new DeleteJobRequest { Name = "g1" }, cancellationToken: Machine.Cancel);
        await FailsAsync(
            StatusCode.Internal, "failed to get job due to: rpc error: code = NotFound desc = job not found: g1",
            grpc.GetJobAsync(new GetJobRequest { Name = "g1" }, cancellationToken: Machine.Cancel));
        await FailsAsync(
            StatusCode.InvalidArgument, "Schedule is empty",
            grpc.ScheduleJobAsync(new ScheduleJobRequest { Job = new Job { Name = "g1" } }, cancellationToken: Machine.Cancel));
        await FailsAsync(
            StatusCode.InvalidArgument, "Name is empty",
            grpc.ScheduleJobAsync(new ScheduleJobRequest { Job = new Job { Schedule = "@every 1h" } }, cancellationToken: Machine.Cancel));
        await FailsAsync(
            StatusCode.Internal,
            "failed to schedule job due to: rpc error: code = Unknown "
            + "desc = job failed validation: expected exactly 6 fields, found 1: [banana]",
            grpc.ScheduleJobAsync(
                new ScheduleJobRequest { Job = new Job { Name = "g2", Schedule = "banana" } }, cancellationToken: Machine.Cancel));
        var data = Any.Pack(new BytesValue { Value = ByteString.CopyFromUtf8("x") });
        await grpc.ScheduleJobAsync(
            new ScheduleJobRequest { Job = new Job { Name = "g3", DueTime = "1ms", Data = data } }, cancellationToken: Machine.Cancel);
        Assert.StartsWith("POST /job/g3", await NextAsync("/job/g3"));
    }

    [Fact]
    public async Task A_job_that_fails_is_tried_again_as_its_policy_says_and_one_that_the_application_does_not_know_is_not()
    {
        var (http, _) = await StartAsync();
        await SendAsync(
            http, "POST", "/v1.0/jobs/fails", """{"dueTime":"1ms","failurePolicy":{"constant":{"interval":"0.01s","maxRetries":2}}}""");
        for (var i = 0; i < 3; i++)
            await NextAsync("/job/fails");
        await SendAsync(http, "POST", "/v1.0/jobs/fails-once", """{"dueTime":"1ms","failurePolicy":{"drop":{}}}""");
        await NextAsync("/job/fails-once");
        await SendAsync(http, "POST", "/v1.0/jobs/missing", """{"dueTime":"1ms"}""");
        await NextAsync("/job/missing");
        await SendAsync(http, "POST", "/v1.0/jobs/last", """{"dueTime":"2s"}""");
        await NextAsync("/job/last");
        Assert.False(_received.Reader.TryRead(out _));
    }

    private async Task<(HttpClient Http, Wire Grpc)> StartAsync()
    {
        var port = await _machine.StartAppAsync(app =>
        {
            app.MapGet("/dapr/config", () => Results.Text("""{"entities":["Counter"]}""", "application/json"));
            app.MapGet("/healthz", () => "");
            app.MapFallback(async (HttpContext http) =>
            {
                using var body = new StreamReader(http.Request.Body);
                var headers = http.Request.Headers;
                var caller = $"{headers["dapr-api-call"]} {headers["dapr-caller-app-id"]} {headers["dapr-caller-namespace"]}";
                await _received.Writer.WriteAsync($"{http.Request.Method} {http.Request.Path} {await body.ReadToEndAsync()} {caller}");
                return http.Request.Path.Value!.Split('/')[^1] switch
                {
                    "bad" => Results.Text("""{"error":"actor failed"}""", "application/json", Encoding.UTF8, 500),
                    "absent" or "missing" => Results.NotFound(),
                    "fails" or "fails-once" => Results.StatusCode(500),
                    _ => Results.Text("""{"n":1}""", "application/json"),
                };
            });
        });
        var sidecar = await _machine.StartAsync(Machine.Component("statestore", "state.in-memory", ("actorStateStore", "true")), port);
        return (Machine.Http(sidecar), new Wire(GrpcChannel.ForAddress($"http://127.0.0.1:{sidecar.GrpcPort}")));
    }

    /// <summary>The next request to the application whose path has that part; others before it are other tests' business.</summary>
    private async Task<string> NextAsync(string part)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Machine.Cancel);
        patience.CancelAfter(TimeSpan.FromSeconds(30));
        while (true)
        {
            var received = await _received.Reader.ReadAsync(patience.Token);
            if (received.Split(' ')[1].Contains(part, StringComparison.Ordinal))
                return received;
        }
    }

    private static async Task<(int Status, string Body)> SendAsync(HttpClient http, string method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await http.SendAsync(request, Machine.Cancel);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(Machine.Cancel));
    }

    // Daprd's own spaces and line ends differ from build to build.
    private static void AssertJson(string expected, string body) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(body)), body);

    private static void AssertBody(string? expected, string body)
    {
        if (expected is null)
            return;
        if (!expected.StartsWith("ERR_", StringComparison.Ordinal) && !expected.StartsWith("DAPR_", StringComparison.Ordinal))
        {
            Assert.Equal(expected, body);
            return;
        }

        var error = JsonDocument.Parse(body).RootElement;
        var parts = expected.Split('|', 2);
        Assert.Equal(parts[0], error.GetProperty("errorCode").GetString());
        if (parts.Length > 1)
            Assert.Equal(parts[1], error.GetProperty("message").GetString());
    }

    private static async Task FailsAsync<T>(StatusCode status, string detail, AsyncUnaryCall<T> call)
    {
        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
        Assert.Equal((status, detail), (error.StatusCode, error.Status.Detail));
    }

    public ValueTask DisposeAsync() => _machine.DisposeAsync();
}
