using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Samples.Runtime.Api.Http;
using Samples.Runtime.BuildingBlocks.Actors;
using Samples.Runtime.BuildingBlocks.Scheduling;
using Samples.Runtime.Errors;

namespace Samples.Runtime.Api.Grpc;

/// <summary>Actors over gRPC.</summary>
internal static class ActorGrpc
{
    public static void Bind(GrpcMethods methods, ActorBlock block, ActorStates states)
    {
        methods.Unary<InvokeActorRequest, InvokeActorResponse>("InvokeActor", async (request, call) =>
        {
            var asked = new ActorRequest(
                ActorPaths.Method(request.Method), request.Data.Memory,
                [.. request.Metadata.Where(h => !ActorHttp.Withheld.Contains(h.Key))]);
            var answer = await block.InvokeAsync(new(request.ActorType, request.ActorId), asked, call.CancellationToken);
            return new InvokeActorResponse { Data = ByteString.CopyFrom(answer.Body.Span) };
        });
        BindState(methods, states);
        BindTimers(methods, block);
        BindReminders(methods, block);
    }

    private static void BindState(GrpcMethods methods, ActorStates states)
    {
        methods.Unary<GetActorStateRequest, GetActorStateResponse>("GetActorState", async (request, call) =>
        {
            var response = new GetActorStateResponse();
            if (await states.GetAsync(new(request.ActorType, request.ActorId), request.Key, call.CancellationToken) is not { } item)
                return response;
            response.Data = ByteString.CopyFrom(item.Data.Span);
            if (item.Expires is { } end)
                response.Metadata["ttlExpireTime"] = StateHttp.Rfc3339(end);
            return response;
        });
        methods.Unary<ExecuteActorStateTransactionRequest, Empty>("ExecuteActorStateTransaction", async (request, call) =>
        {
            var unknown = request.Operations.FirstOrDefault(o => o.OperationType is not ("upsert" or "delete"));
            if (unknown is not null)
                throw new ApiException(
                    500, "ERR_NOT_SUPPORTED_STATE_OPERATION", StatusCode.Unimplemented,
                    $"operation type {unknown.OperationType} not supported");
            await states.WriteAsync(new(request.ActorType, request.ActorId),
                [
                    .. request.Operations.Select(
                        o => new ActorWrite(o.OperationType, o.Key, o.Value?.Value.Memory ?? default, null, o.Metadata))
                ],
                call.CancellationToken);
            return new Empty();
        });
    }

    private static void BindTimers(GrpcMethods methods, ActorBlock block)
    {
        methods.Unary<RegisterActorTimerRequest, Empty>("RegisterActorTimer", async (request, call) =>
        {
            var timer = new TimerRequest(request.DueTime, request.Period, request.Ttl, request.Callback, Base64(request.Data));
            await block.SetTimerAsync(new(request.ActorType, request.ActorId), request.Name, timer, call.CancellationToken);
            return new Empty();
        });
        methods.Unary<UnregisterActorTimerRequest, Empty>("UnregisterActorTimer", async (request, call) =>
        {
            await block.RemoveTimerAsync(new(request.ActorType, request.ActorId), request.Name, call.CancellationToken);
            return new Empty();
        });
    }

    private static void BindReminders(GrpcMethods methods, ActorBlock block)
    {
        methods.Unary<RegisterActorReminderRequest, Empty>("RegisterActorReminder", async (request, call) =>
        {
            var reminder = new TimerRequest(request.DueTime, request.Period, request.Ttl, null, Base64(request.Data));
            await block.SetReminderAsync(new(request.ActorType, request.ActorId), request.Name, reminder,
                !request.HasOverwrite || request.Overwrite, request.FailurePolicy, call.CancellationToken);
            return new Empty();
        });
        methods.Unary<UnregisterActorReminderRequest, Empty>("UnregisterActorReminder", async (request, call) =>
        {
            await block.RemoveRemindersAsync(
                request.ActorType, [new JobTarget(request.ActorType, request.ActorId, request.Name).Key], call.CancellationToken);
            return new Empty();
        });
        methods.Unary<GetActorReminderRequest, GetActorReminderResponse>("GetActorReminder", (request, _) =>
        {
            var job = block.GetReminder(new(request.ActorType, request.ActorId), request.Name);
            var response = new GetActorReminderResponse { ActorType = request.ActorType, ActorId = request.ActorId, Data = job.Data };
            if (job.HasDueTime)
                response.DueTime = job.DueTime;
            if (job.HasSchedule)
                response.Period = job.Schedule;
            if (job.HasTtl)
                response.Ttl = job.Ttl;
            return Task.FromResult(response);
        });
        methods.Unary<ListActorRemindersRequest, ListActorRemindersResponse>(
            "ListActorReminders", (request, _) => Task.FromResult(new ListActorRemindersResponse
            {
                Reminders = { block.ListReminders(request.ActorType, request.HasActorId ? request.ActorId : null).Select(ToNamed) },
            }));
        methods.Unary<UnregisterActorRemindersByTypeRequest, UnregisterActorRemindersByTypeResponse>(
            "UnregisterActorRemindersByType", async (request, call) =>
        {
            var all = block.ListReminders(request.ActorType, request.HasActorId ? request.ActorId : null);
            await block.RemoveRemindersAsync(request.ActorType, all.Select(r => r.Key), call.CancellationToken);
            return new UnregisterActorRemindersByTypeResponse();
        });
    }

    private static NamedActorReminder ToNamed(JobAppointment kept)
    {
        var reminder = new ActorReminder { ActorType = kept.Target.Owner, ActorId = kept.Target.ActorId, Data = kept.Job.Data };
        if (kept.Job.HasDueTime)
            reminder.DueTime = kept.Job.DueTime;
        if (kept.Job.HasSchedule)
            reminder.Period = kept.Job.Schedule;
        return new NamedActorReminder { Name = kept.Target.Name, Reminder = reminder };
    }

    // Bytes reach the actor as JSON, so they are base64 in it.
    private static ReadOnlyMemory<byte>? Base64(ByteString data)
    {
        if (data.IsEmpty)
            return null;
        return JsonSerializer.SerializeToUtf8Bytes(data.ToByteArray());
    }
}
