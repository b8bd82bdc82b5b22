using System.Text;
using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Samples.Runtime.BuildingBlocks.Scheduling;
using Samples.Runtime.Errors;
using Samples.Runtime.Resilience;

namespace Samples.Runtime.BuildingBlocks.Actors;

/// <summary>
/// Actors as one application sees them: calls to any, timers and reminders for those that it has, with daprd's words for what fails.
/// </summary>
internal sealed class ActorBlock(SidecarContext context, ActorHosting hosting)
{
    private const string ErrorHeader = "X-Daprerrorresponseheader";

    /// <summary>Calls an actor, wherever it is.</summary>
    public async Task<ActorResponse> InvokeAsync(ActorId id, ActorRequest request, CancellationToken cancel)
    {
        CheckName(id.Type);
        CheckName(id.Id);
        ActorResponse response;
        try
        {
            response = await context.Policies.Actor(id.Type, id.Id).RunAsync(
                async stop => await context.Actors.Router.CallAsync(id, request.From(context.AppId), patient: false, stop), cancel);
        }
        catch (NoHostException error)
        {
            var message = $"failed to lookup actor: {error.Message}";
            throw new ApiException(
                500, "ERR_ACTOR_INVOKE_METHOD", StatusCode.FailedPrecondition,
                $"error invoke actor method: {message}")
            { GrpcMessage = message };
        }
        catch (StackDepthException error)
        {
            throw new ApiException(500, "ERR_ACTOR_STACK_DEPTH", StatusCode.ResourceExhausted, error.Message);
        }
        catch (Exception error) when (error is ActorStalledException or ActorLostException)
        {
            throw Failed(error.Message);
        }

        return (int)response.Status switch
        {
            200 => response,
            404 => throw Failed($"actor method not found: actors/{id}/method/{Uri.UnescapeDataString(request.Path)}"),
            var status => throw Failed($"error from actor service: ({status}) {Encoding.UTF8.GetString(response.Body.Span)}"),
        };
    }

    /// <summary>True where the actor answered with an exception of its own, which its proxy knows to read.</summary>
    public static bool IsActorError(ActorResponse response) => response.Has(ErrorHeader);

    /// <summary>Sets a timer, or sets it anew.</summary>
    public async Task SetTimerAsync(ActorId id, string name, TimerRequest request, CancellationToken cancel)
    {
        CheckName(name);
        try
        {
            if (!Hosts(id.Type))
                throw new FormatException($"can't create timer for actor {id.Type}||{id.Id}: actor type not registered");
            await context.Actors.Timers.AddAsync(
                TimerAppointment.Create(id, name, request, context.Time.GetUtcNow()), overwrite: true, cancel);
        }
        catch (FormatException error)
        {
            throw new ApiException(500, "ERR_ACTOR_TIMER_CREATE", StatusCode.Internal, $"error creating actor timer: {error.Message}");
        }
    }

    /// <summary>Stops a timer; one that does not exist is no error.</summary>
    public Task RemoveTimerAsync(ActorId id, string name, CancellationToken cancel) =>
        context.Actors.Timers.RemoveAsync([TimerAppointment.Prefix(id) + name], cancel);

    /// <summary>Sets a reminder, which survives the application and the runtime.</summary>
    public async Task SetReminderAsync(
        ActorId id, string name, TimerRequest request, bool overwrite, JobFailurePolicy? failure, CancellationToken cancel)
    {
        CheckName(name);
        CheckHosted(id.Type);
        bool added;
        try
        {
            var job = ToJob(request, failure);
            job.Name = name;
            added = await context.Jobs.AddAsync(
                JobAppointment.Create(new JobTarget(id.Type, id.Id, name), job, context.Time.GetUtcNow(), context.Time.LocalTimeZone),
                overwrite, cancel);
        }
        catch (FormatException error)
        {
            throw new ApiException(
                500, "ERR_ACTOR_REMINDER_CREATE", StatusCode.Internal, $"error creating actor reminder: {error.Message}");
        }

        if (!added)
            throw new ApiException(
                409, "ERR_ACTOR_REMINDER_ALREADY_EXISTS", StatusCode.AlreadyExists, $"actor reminder already exists: {name}");
    }

    /// <summary>The reminder as it is kept.</summary>
    public Job GetReminder(ActorId id, string name)
    {
        CheckHosted(id.Type);
        return (context.Jobs.Find(new JobTarget(id.Type, id.Id, name).Key) as JobAppointment)?.Job
            ?? throw new ApiException(404, "ERR_ACTOR_REMINDER_NOT_FOUND", StatusCode.NotFound, $"actor reminder not found: {name}");
    }

    /// <summary>All reminders of a type, or of one actor.</summary>
    public IReadOnlyList<JobAppointment> ListReminders(string type, string? id)
    {
        CheckHosted(type);
        var prefix = id is null ? $"actorreminder||{context.Namespace}||{type}||" : JobTarget.Prefix(type, id);
        return [.. context.Jobs.List(prefix).Cast<JobAppointment>()
            .Where(j => j.Target.Owner == type && (id is null || j.Target.ActorId == id))];
    }

    /// <summary>Removes reminders; one that does not exist is no error.</summary>
    public Task RemoveRemindersAsync(string type, IEnumerable<string> keys, CancellationToken cancel)
    {
        CheckHosted(type);
        return context.Jobs.RemoveAsync([.. keys], cancel);
    }

    private bool Hosts(string type) => hosting.Host?.Types.ContainsKey(type) == true;

    private void CheckHosted(string type)
    {
        if (!Hosts(type))
        {
            throw new ApiException(403, "ERR_ACTOR_REMINDER_NON_HOSTED", StatusCode.PermissionDenied,
                "operations on actor reminders are only possible on hosted actor types");
        }
    }

    private static Job ToJob(TimerRequest request, JobFailurePolicy? failure)
    {
        var job = new Job();
        if (!string.IsNullOrEmpty(request.DueTime))
            job.DueTime = request.DueTime;
        if (!string.IsNullOrEmpty(request.Ttl))
            job.Ttl = request.Ttl;
        if (request.Data is { } data)
            job.Data = Any.Pack(new BytesValue { Value = ByteString.CopyFrom(data.Span) });
        if (failure is not null)
            job.FailurePolicy = failure;
        if (string.IsNullOrEmpty(request.Period))
            return job;
        Period period;
        try
        {
            period = TimeNotation.ParsePeriod(request.Period);
        }
        catch (FormatException)
        {
            throw new FormatException($"unsupported period format: {request.Period}");
        }

        // Dapr's scheduler counts hours and below only.
        if ((period.Years, period.Months, period.Days) != (0, 0, 0))
            throw new FormatException($"unsupported period format: {request.Period}");
        if (period.IsZero)
            return job;
        job.Schedule = "@every " + TimeNotation.ToGo(period.Time);
        if (period.Repeats > 0)
            job.Repeats = (uint)period.Repeats;
        return job;
    }

    /// <summary>Names stand in paths: what would lead elsewhere is refused.</summary>
    private static void CheckName(string name)
    {
        var why = name switch
        {
            "" => "name is empty",
            "." or ".." => $"name is a path traversal sequence: \"{name}\"",
            _ when name.AsSpan().ContainsAny("#?\0/\\") || name.Contains("%2f", StringComparison.OrdinalIgnoreCase) =>
                $"name contains forbidden character: \"{name}\"",
            _ when name.Any(char.IsControl) => "name contains control character",
            _ => null,
        };
        if (why is not null)
            throw new ApiException(400, "ERR_BAD_REQUEST", StatusCode.InvalidArgument, $"invalid request: {why}");
    }

    private static ApiException Failed(string why) =>
        new(500, "ERR_ACTOR_INVOKE_METHOD", StatusCode.Internal, $"error invoke actor method: {why}");
}
