using Grpc.Core;
using Samples.Runtime.Components;
using Samples.Runtime.Errors;

namespace Samples.Runtime.BuildingBlocks.Actors;

/// <summary>
/// The state of the actors of one application, in the state store with <c>actorStateStore: "true"</c>. Only the replica that has an
/// actor may write it: what a replica still believes to have, but lost, is refused.
/// </summary>
internal sealed class ActorStates(SidecarContext context, ActorHosting hosting)
{
    private const string TtlFeature = "ActorStateTTL";

    /// <summary>Null where the key is absent.</summary>
    public Task<StateItem?> GetAsync(ActorId id, string key, CancellationToken cancel) => Store().GetAsync(Key(id, key), cancel);

    /// <summary>All writes or none.</summary>
    public async Task WriteAsync(ActorId id, IReadOnlyList<ActorWrite> writes, CancellationToken cancel)
    {
        if (hosting.Host is not { } here || context.Actors.Placement.Find(id)?.Host != here)
            throw new ApiException(400, "ERR_ACTOR_INSTANCE_MISSING", StatusCode.Internal, "actor instance is missing");
        var operations = writes.Select(w => ToWrite(id, w)).ToList();
        if (operations.Count == 0)
            return;
        try
        {
            await Store().WriteAsync(operations, cancel);
        }
        catch (Exception error) when (error is ETagMismatchException or InvalidETagException or EngineRequestException)
        {
            throw Failed(error.Message);
        }
    }

    private StateWrite ToWrite(ActorId id, ActorWrite write)
    {
        if (write.Operation is not ("upsert" or "delete"))
            throw Failed(string.IsNullOrEmpty(write.Operation) ? "operation is empty" : $"operation type {write.Operation} not supported");
        if (string.IsNullOrEmpty(write.Key))
            throw Failed("missing key");
        var key = Key(id, write.Key);
        if (write.Operation == "delete")
            return new StateWrite.Delete(key, write.ETag);
        if (!write.Metadata.TryGetValue("ttlInSeconds", out var ttl))
            return new StateWrite.Set(key, write.Value, write.ETag);
        if (!context.Resources.Configuration.Features.Contains(TtlFeature, StringComparer.OrdinalIgnoreCase))
            throw Failed($"ttlInSeconds is not supported without the \"{TtlFeature}\" feature enabled");
        return int.TryParse(ttl, out var seconds)
            ? new StateWrite.Set(key, write.Value, write.ETag, Ttl: TimeSpan.FromSeconds(Math.Max(seconds, 0)))
            : throw Failed($"strconv.Atoi: parsing \"{ttl}\": invalid syntax");
    }

    // Dapr's layout: another runtime finds the state where this one left it.
    private string Key(ActorId id, string key) => $"{context.AppId}||{id.Type}||{id.Id}||{key}";

    private IStateStore Store() =>
        context.Components.All.FirstOrDefault(
            c => c.Engine is IStateStore && c.Component.Metadata.GetValueOrDefault("actorStateStore") == "true").Engine as IStateStore
        ?? throw new ApiException(500, "ERR_ACTOR_RUNTIME_NOT_FOUND", StatusCode.Internal,
            "the state store is not configured to use the actor runtime. "
                + "Have you set the - name: actorStateStore value: \"true\" in your state store component file?");

    private static ApiException Failed(string why) =>
        new(500, "ERR_ACTOR_STATE_TRANSACTION_SAVE", StatusCode.Internal, $"error saving actor transaction state: {why}");
}

/// <summary>One operation of an actor's state transaction, as it was asked for.</summary>
internal sealed record ActorWrite(
    string? Operation, string? Key, ReadOnlyMemory<byte> Value, string? ETag, IReadOnlyDictionary<string, string> Metadata);
