using Dapr;
using Dapr.AspNetCore;
using Grpc.Core;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Samples.LogStore;

/// <summary>The counts as they are told.</summary>
public sealed record CountReport(
    long Events, long Duplicates, long Bytes, IReadOnlyDictionary<string, long> ByStatus, IReadOnlyDictionary<string, long> ByPath);

/// <summary>The topic, and the counts over HTTP.</summary>
public static class LogEndpoints
{
    private const int MostAtOnce = 500, LongestWait = 50;

    /// <summary>Maps them.</summary>
    public static void MapLogs(this IEndpointRouteBuilder routes, StoreOptions options)
    {
        routes.MapPost("/events/logs", TakeAsync).WithTopic(options.PubSub, options.Topic).ExcludeFromDescription()
            .WithBulkSubscribe(new BulkSubscribeTopicOptions
            {
                TopicName = options.Topic,
                MaxMessagesCount = MostAtOnce,
                MaxAwaitDurationMs = LongestWait,
            });
        routes.MapGet(
            "/counts", async (CountBook book, CancellationToken cancel, string? path = null) => Report(await book.ReadAsync(cancel), path))
            .WithSummary("How many lines, by status and path; ?path= tells of one path.");
    }

    // One that can never be counted is dropped: delivered again, it would be the same.
    private static async Task<Ok<BulkSubscribeAppResponse>> TakeAsync(
        BulkSubscribeMessage<BulkMessageModel<LogEvent>> message, EventQueue queue, ILogger<EventQueue> log, CancellationToken cancel)
    {
        var readable = message.Entries.Where(e => e.Event?.Data is { Problem: null }).ToList();
        foreach (var entry in message.Entries.Except(readable))
            log.LogWarning("event {Entry} is dropped: {Problem}", entry.EntryId, entry.Event?.Data?.Problem ?? "it has no data");
        var status = BulkSubscribeAppResponseStatus.SUCCESS;
        try
        {
            if (readable.Count > 0)
                await queue.CountAsync([.. readable.Select(e => e.Event.Data!)], cancel);
        }
        catch (Exception error) when (error is DaprException or RpcException or HttpRequestException or InvalidOperationException)
        {
            log.LogWarning("{Count} events wait for the state store: {Problem}", readable.Count, error.GetBaseException().Message);
            status = BulkSubscribeAppResponseStatus.RETRY;
        }

        return TypedResults.Ok(new BulkSubscribeAppResponse([.. message.Entries.Select(e => new BulkSubscribeAppResponseEntry(
            e.EntryId, readable.Contains(e) ? status : BulkSubscribeAppResponseStatus.DROP))]));
    }

    private static Ok<CountReport> Report(Counts counts, string? path) => TypedResults.Ok(new CountReport(
        counts.Events,
        counts.Duplicates,
        counts.Bytes,
        counts.ByStatus,
        path is null ? counts.ByPath : counts.ByPath.Where(p => p.Key == path).ToDictionary()));
}
