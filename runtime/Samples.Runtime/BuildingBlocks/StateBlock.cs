using Grpc.Core;
using Samples.Runtime.Components;
using Samples.Runtime.Errors;
using Samples.Runtime.Resilience;
using Samples.Runtime.Resources;

namespace Samples.Runtime.BuildingBlocks;

/// <summary>State management of one application: key prefixes, TTL, and daprd's words for what fails.</summary>
internal sealed class StateBlock(SidecarContext context, Outbox? outbox = null)
{
    private const string Separator = "||";

    /// <summary>Null where the key is absent.</summary>
    public async Task<StateItem?> GetAsync(string storeName, string key, CancellationToken cancel)
    {
        var store = Find(storeName);
        var full = store.FullKey(key);
        return await CountedAsync(store, "get", GovernedAsync(store, "ERR_STATE_GET", $"fail to get {key} from state store {storeName}",
            async stop => await store.Engine.GetAsync(full, stop), cancel));
    }

    /// <summary>The items in the order of the keys; null for an absent one.</summary>
    public async Task<IReadOnlyList<StateItem?>> GetManyAsync(string storeName, IReadOnlyList<string> keys, CancellationToken cancel)
    {
        var store = Find(storeName);
        IReadOnlyList<string> full = [.. keys.Select(store.FullKey)];
        return await CountedAsync(
            store, "bulk_get", GovernedAsync(store, "ERR_STATE_BULK_GET", $"fail to get keys from state store {storeName}",
            async stop => await store.Engine.GetManyAsync(full, stop), cancel));
    }

    /// <summary>Saves items one by one, as Dapr does: an item that fails does not undo the ones before it.</summary>
    public async Task SaveAsync(string storeName, IReadOnlyList<StateWrite> writes, CancellationToken cancel)
    {
        var store = Find(storeName);
        var prefixed = writes.Select(store.Prefixed).ToList();
        try
        {
            await CountedAsync(
                store, "set",
                Task.WhenAll(
                    prefixed.Select(
                        w => WriteAsync(store, [w], "ERR_STATE_SAVE", $"failed saving state in state store {storeName}", cancel))));
        }
        catch (Exception error) when (error is ETagMismatchException or InvalidETagException or EngineRequestException)
        {
            throw Failed(error, "ERR_STATE_SAVE", $"failed saving state in state store {storeName}");
        }
    }

    /// <summary>Deletes one key.</summary>
    public async Task DeleteAsync(string storeName, StateWrite.Delete delete, CancellationToken cancel)
    {
        var store = Find(storeName);
        try
        {
            await CountedAsync(
                store, "delete",
                WriteAsync(store, [store.Prefixed(delete)], "ERR_STATE_DELETE", $"failed deleting state with key {delete.Key}", cancel));
        }
        catch (Exception error) when (error is ETagMismatchException or InvalidETagException or EngineRequestException)
        {
            throw Failed(error, "ERR_STATE_DELETE", $"failed deleting state with key {delete.Key}");
        }
    }

    /// <summary>All writes or none; with their events, where the store has an outbox.</summary>
    public async Task TransactAsync(string storeName, IReadOnlyList<TransactionWrite> writes, EventTrace trace, CancellationToken cancel)
    {
        var store = Find(storeName);
        if (writes.Count == 0)
            return;
        try
        {
            Task CommitAsync(IReadOnlyList<StateWrite> all) =>
                WriteAsync(store, all, "ERR_STATE_TRANSACTION", "error while executing state transaction", cancel);
            await CountedAsync(
                store, "transaction",
                outbox is null
                    ? CommitAsync([.. writes.Select(w => store.Prefixed(w.Write))])
                    : outbox.CommitAsync(storeName, writes, trace, store.FullKey, CommitAsync));
        }
        catch (Exception error) when (error is ETagMismatchException or InvalidETagException or EngineRequestException)
        {
            // daprd answers 500 here, not the 409 of a plain save.
            throw new ApiException(500, "ERR_STATE_TRANSACTION", StatusCode.Internal,
                $"error while executing state transaction: {Reason(error)}");
        }
    }

    private Task WriteAsync(Store store, IReadOnlyList<StateWrite> writes, string code, string what, CancellationToken cancel) =>
        // Without a policy the engine's own task is enough: saves are the hot path.
        context.Policies.Outbound(store.Name, ComponentKind.Statestore) is null
            ? store.Engine.WriteAsync(writes, cancel)
            : GovernedAsync(store, code, what, async stop =>
        {
            await store.Engine.WriteAsync(writes, stop);
            return true;
        }, cancel);

    private async Task<T> CountedAsync<T>(Store store, string operation, Task<T> asked)
    {
        await CountedAsync(store, operation, (Task)asked);
        return await asked;
    }

    private async Task CountedAsync(Store store, string operation, Task asked)
    {
        var succeeded = false;
        try
        {
            await asked;
            succeeded = true;
        }
        finally
        {
            context.Metrics.State(store.Name, operation, succeeded);
        }
    }

    private async Task<T> GovernedAsync<T>(
        Store store, string code, string what, Func<CancellationToken, ValueTask<T>> call, CancellationToken cancel)
    {
        try
        {
            return await context.Policies.Outbound(store.Name, ComponentKind.Statestore).RunAsync(call, cancel);
        }
        catch (Exception error) when (Failure.Explain(error) is { } why)
        {
            throw new ApiException(500, code, StatusCode.Internal, $"{what}: {why}");
        }
        catch (EngineRequestException error)
        {
            throw new ApiException(500, code, StatusCode.Internal, $"{what}: {error.Message}");
        }
    }

    /// <summary>The TTL of a write's metadata: null where it has none, zero where it asks for none.</summary>
    public static TimeSpan? Ttl(string storeName, IReadOnlyDictionary<string, string> metadata)
    {
        if (!metadata.TryGetValue("ttlInSeconds", out var text))
            return null;
        if (!int.TryParse(text, out var seconds))
        {
            throw new ApiException(500, "ERR_STATE_SAVE", StatusCode.Internal,
                $"failed saving state in state store {storeName}: strconv.Atoi: parsing \"{text}\": invalid syntax");
        }

        return TimeSpan.FromSeconds(Math.Max(seconds, 0));
    }

    private static ApiException Failed(Exception error, string code, string what) => error switch
    {
        ETagMismatchException => new ApiException(409, code, StatusCode.Aborted, $"{what}: {Reason(error)}"),
        InvalidETagException => new ApiException(400, code, StatusCode.InvalidArgument, $"{what}: {Reason(error)}"),
        _ => new ApiException(500, code, StatusCode.Internal, $"{what}: {error.Message}"),
    };

    private static string Reason(Exception error) => error switch
    {
        ETagMismatchException => $"possible etag mismatch. error from state store: {error.Message}",
        InvalidETagException => $"invalid etag value: {error.Message}",
        _ => error.Message,
    };

    /// <summary>The error for a store that this application does not see; daprd tells "none at all" from "none of that name".</summary>
    internal static ApiException NotFound(SidecarContext context, string name)
    {
        var (status, code, grpc, what, reason) = context.Components.All.Any(c => c.Engine is IStateStore)
            ? (400, "ERR_STATE_STORE_NOT_FOUND", StatusCode.InvalidArgument, "found", "DAPR_STATE_NOT_FOUND")
            : (500, "ERR_STATE_STORE_NOT_CONFIGURED", StatusCode.FailedPrecondition, "configured", "DAPR_STATE_NOT_CONFIGURED");
        return new ApiException(status, code, grpc, $"state store {name} is not {what}")
        {
            Details = new ErrorDetails(reason) { Metadata = new Dictionary<string, string> { ["appID"] = context.AppId } },
        };
    }

    private Store Find(string name)
    {
        var engine = context.Components.Find<IStateStore>(name)
            ?? throw NotFound(context, name);
        var component = context.Components.All.First(c => c.Component.Name == name).Component;
        return new Store(name, engine, Prefix(component, context.AppId, context.Namespace));
    }

    /// <summary>What an application's keys begin with in a store.</summary>
    internal static string Prefix(Component component, string appId, string @namespace) =>
        component.Metadata.GetValueOrDefault("keyPrefix", "appid") switch
        {
            "none" => "",
            "appid" => appId + Separator,
            "name" => component.Name + Separator,
            "namespace" => $"{@namespace}.{appId}{Separator}",
            var other => other + Separator,
        };

    private readonly record struct Store(string Name, IStateStore Engine, string Prefix)
    {
        public string FullKey(string key) => key.Contains(Separator, StringComparison.Ordinal) ? throw Illegal(key) : Prefix + key;

        public StateWrite Prefixed(StateWrite write) => write with { Key = FullKey(write.Key) };

        private ApiException Illegal(string key)
        {
            var plain = $"input key/keyPrefix '{key}' can't contain '||'";
            var message = $"api error: code = InvalidArgument desc = {plain}";
            return new ApiException(400, "ERR_MALFORMED_REQUEST", StatusCode.InvalidArgument, message)
            {
                GrpcMessage = plain,
                Details = new ErrorDetails("DAPR_STATE_ILLEGAL_KEY") { Resource = ("state", Name, ""), Violation = (key, message) },
            };
        }
    }
}
