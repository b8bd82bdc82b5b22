using System.Net;
using System.Net.Http.Headers;
using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Samples.Runtime.Apps;
using Samples.Runtime.BuildingBlocks.Actors;
using Samples.Runtime.BuildingBlocks.Scheduling;

namespace Samples.Runtime.BuildingBlocks;

/// <summary>Brings what is due to a replica of the application, or to the actor, wherever they are now.</summary>
internal sealed class JobDelivery(NameTable names, ActorSystem actors, ILogger log, Action<AppDelivery>? delivered = null)
{
    public async Task<Outcome> DeliverAsync(JobAppointment due, CancellationToken cancel)
    {
        var (owner, id, name) = due.Target;
        var outcome = id is null
            ? await PostAsync(owner, name, due.Job, cancel)
            : await RemindAsync(new ActorId(owner, id), name, due.Job, cancel);
        delivered?.Invoke(id is null
            ? new AppDelivery(DeliveryKind.Job, owner, "", name, Body(due.Job), outcome.ToResult())
            : new AppDelivery(DeliveryKind.Reminder, $"{owner}/{id}", "", name, Payload(due.Job) ?? default, outcome.ToResult()));
        return outcome;
    }

    private Task<Outcome> RemindAsync(ActorId actor, string name, Job job, CancellationToken cancel)
    {
        // What the actor gets says nothing of due time and period: daprd's reminders do not, either.
        var body = TimerAppointment.Body(Payload(job), null, null, null);
        return TimerAppointment.CallAsync(actors.Router, actor, "remind/" + Uri.EscapeDataString(name), body, log, cancel);
    }

    private static ReadOnlyMemory<byte>? Payload(Job job) => job.Data?.Unpack<BytesValue>().Value.Memory;

    private async Task<Outcome> PostAsync(string app, string name, Job job, CancellationToken cancel)
    {
        foreach (var replica in names.Resolve(app).Where(r => r.IsAvailable))
        {
            if (replica.Grpc is { } grpc)
            {
                switch (await grpc.RunJobAsync(name, job.Data, cancel))
                {
                    case StatusCode.OK or StatusCode.NotFound:
                        return Outcome.Done;
                    case StatusCode.Unavailable:
                        continue;
                    default:
                        return Outcome.Failed;
                }
            }

            try
            {
                using var request = new HttpRequestMessage(
                    HttpMethod.Post, "/job/" + Uri.EscapeDataString(name))
                { Content = new ReadOnlyMemoryContent(Body(job)) };
                request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
                using var response = await replica.SendAsync(request, HttpCompletionOption.ResponseContentRead, cancel);
                if (response.IsSuccessStatusCode)
                    return Outcome.Done;
                log.LogWarning("'{App}' answered {Status} to the job '{Job}'", app, (int)response.StatusCode, name);
                // An application that does not know the job will not know it in a second: daprd gives up at once, too.
                return response.StatusCode == HttpStatusCode.NotFound ? Outcome.Done : Outcome.Failed;
            }
            catch (HttpRequestException error) when (error.HttpRequestError == HttpRequestError.ConnectionError)
            {
                // Nothing was sent: another replica may have it.
            }
            catch (HttpRequestException error)
            {
                log.LogWarning("'{App}' broke the connection during the job '{Job}': {Problem}", app, name, error.Message);
                return Outcome.Failed;
            }
        }

        return Outcome.Undeliverable;
    }

    // JSON that came over HTTP is that JSON again; whatever came over gRPC is the bytes.
    private static ReadOnlyMemory<byte> Body(Job job) => job.Data switch
    {
        null => default,
        var any when any.Is(Value.Descriptor) => System.Text.Encoding.UTF8.GetBytes(JobJson.Compact(any.Unpack<Value>())),
        var any => any.Value.Memory,
    };
}
