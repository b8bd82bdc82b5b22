using System.Text.Json;
using System.Text.Json.Nodes;
using Dapr.Client;
using Samples.Stages;

namespace Samples.OrderSource;

/// <summary>How far a file was published.</summary>
/// <param name="Name">The name that it had first.</param>
/// <param name="Rows">So many rows are out.</param>
/// <param name="Wrong">So many of them as dead letters.</param>
/// <param name="Done">Whether these are all.</param>
public sealed record FileProgress(string Name, int Rows, int Wrong, bool Done);

/// <summary>
/// Publishes the rows of a file, and notes how far it is under the digest of the content: the same file comes once, under whatever name.
/// Who dies before it noted a batch publishes it again with the same ids, and the next stage drops it.
/// </summary>
public sealed class OrderPublisher(
    DaprClient dapr, StageSettings stage, SourceOptions options, Outbox outbox, Counts counts, TimeProvider time)
{
    private static readonly StateOptions FirstWrite = new() { Concurrency = ConcurrencyMode.FirstWrite };

    /// <summary>
    /// Publishes what is left of a file; true when all of it is out. False where the broker does not take it now, or another replica is at
    /// it: the next tick tries again.
    /// </summary>
    public async Task<bool> PublishAsync(OrderFile file, CancellationToken cancel)
    {
        var (known, etag) = await dapr.GetStateAndETagAsync<FileProgress?>(stage.StateStore, KeyOf(file), cancellationToken: cancel);
        var progress = known ?? new FileProgress(file.Name, 0, 0, false);
        if (progress.Done)
            return true;
        foreach (var batch in OrderRows.Read(file, options.Encoding).Skip(progress.Rows).Chunk(stage.Batch))
        {
            var made = batch.Select(row => ToEvent(file, row)).ToList();
            if ((await outbox.PublishAsync(made, cancel)).Count > 0)
                return false;
            made.ForEach(e => counts.Published(e.Topic));
            var wrong = batch.Count(r => r.Order is null);
            counts.Handled(batch.Length, 0, wrong);
            progress = progress with { Rows = progress.Rows + batch.Length, Wrong = progress.Wrong + wrong };
            if (await NoteAsync(file, progress, etag, cancel) is not { } noted)
                return false;
            etag = noted;
        }

        return await NoteAsync(file, progress with { Done = true }, etag, cancel) is not null;
    }

    // Null where another replica noted something meanwhile.
    private async Task<string?> NoteAsync(OrderFile file, FileProgress progress, string? etag, CancellationToken cancel)
    {
        var isFirst = string.IsNullOrEmpty(etag);
        var write = new StateTransactionRequest(
            KeyOf(file), JsonSerializer.SerializeToUtf8Bytes(progress, dapr.JsonSerializerOptions), StateOperationType.Upsert,
            isFirst ? null : etag, options: FirstWrite);
        try
        {
            await dapr.ExecuteStateTransactionAsync(stage.StateStore, [write], cancellationToken: cancel);
        }
        catch (Dapr.DaprException error) when (
            error.InnerException is Grpc.Core.RpcException rpc && rpc.Status.Detail.Contains("etag", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var (stored, next) = await dapr.GetStateAndETagAsync<FileProgress?>(stage.StateStore, KeyOf(file), cancellationToken: cancel);
        return stored == progress ? next : null;
    }

    private Outgoing ToEvent(OrderFile file, OrderRow row)
    {
        var id = DerivedIds.Row(file.Digest[..16], row.Line);
        if (row.Order is not { } order)
        {
            return DeadLetter.Of(DerivedIds.DeadLetter(stage.Name, id), file.Run, stage, new JsonObject
            {
                ["reason"] = $"line {row.Line}: {row.Problem}", ["stage"] = stage.Name, ["file"] = file.Name, ["line"] = row.Line,
            });
        }

        var envelope = JsonSerializer.SerializeToUtf8Bytes(new OrderEvent(id, file.Run, time.GetUtcNow(), order), Order.Json);
        return new Outgoing(stage.Output, envelope) { Key = order.Customer };
    }

    private static string KeyOf(OrderFile file) => $"file-{file.Digest}";

    /// <summary>A CloudEvent 1.0.</summary>
    private sealed record OrderEvent(
        string Id, string Subject, DateTimeOffset Time, Order Data, string Specversion = "1.0", string Source = "order-source",
        string Type = "order", string Datacontenttype = "application/json");
}
