using System.Text.Json;
using Dapr;
using Dapr.Client;

namespace Samples.LogSidecar;

/// <summary>Publishes to a topic of Dapr's, in bulk.</summary>
public sealed class DaprPublisher(DaprClient dapr, LogOptions options, LineExport export) : ILinePublisher
{
    /// <inheritdoc/>
    public async Task PublishAsync(IReadOnlyList<LogLine> lines, CancellationToken cancel)
    {
        var answer = await dapr.BulkPublishEventAsync(options.PubSub, options.Topic, lines, cancellationToken: cancel);
        if (answer.FailedEntries.Count > 0)
            throw new DaprException(
                $"{answer.FailedEntries.Count} of {lines.Count} lines were not taken: {answer.FailedEntries[0].ErrorMessage}");
        export.Export(lines);
    }
}

/// <summary>Keeps the checkpoint in Dapr state. There is one log-sidecar for a file: nobody else writes it.</summary>
public sealed class DaprCheckpoints(DaprClient dapr, LogOptions options) : ICheckpoints
{
    /// <inheritdoc/>
    public async Task<Checkpoint?> ReadAsync(CancellationToken cancel)
    {
        var kept = await dapr.GetStateAsync<JsonElement?>(options.Store, options.Key, cancellationToken: cancel);
        return kept is { ValueKind: not JsonValueKind.Null } json ? json.Deserialize<Checkpoint>(JsonSerializerOptions.Web) : null;
    }

    /// <inheritdoc/>
    public Task WriteAsync(Checkpoint checkpoint, CancellationToken cancel) =>
        dapr.SaveStateAsync(options.Store, options.Key, checkpoint, cancellationToken: cancel);
}

/// <summary>Hands lines on as OpenTelemetry log records, where somebody collects them.</summary>
public sealed class LineExport(ILoggerFactory loggers)
{
    /// <summary>The records' category.</summary>
    public const string Category = "Samples.LogSidecar.Lines";

    private readonly ILogger _log = loggers.CreateLogger(Category);

    /// <summary>Hands them on, with the attributes of OpenTelemetry's semantic conventions for HTTP.</summary>
    public void Export(IEnumerable<LogLine> lines)
    {
        if (!_log.IsEnabled(LogLevel.Information))
            return;
        foreach (var line in lines)
        {
            List<KeyValuePair<string, object?>> fields = [new("log.record.uid", line.Id), new("log.record.original", line.Text)];
            if (line.Access is { } access)
            {
                fields.AddRange(
                [
                    new("http.request.method", access.Method),
                    new("url.path", access.Path),
                    new("http.response.status_code", access.Status),
                    new("http.response.body.size", access.Bytes),
                    new("client.address", access.Host),
                    new("log.time", access.Time.ToString("O")),
                ]);
            }

            _log.Log(line.Access?.Status >= 500 ? LogLevel.Error : LogLevel.Information, default, fields, null, (_, _) => line.Text);
        }
    }
}
