using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Configuration;

namespace Samples.Stages;

/// <summary>
/// Publishes in bulk. A broker that takes the events of a bulk side by side would mix up those of one key: they go in as many bulks as the
/// busiest key has events, each key once in each.
/// </summary>
public sealed class Outbox : IDisposable
{
    // daprd takes 4 MB a call.
    private const int MostBytes = 2 << 20;

    private readonly GrpcChannel _channel;
    private readonly Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient _dapr;
    private readonly Metadata _headers = [];
    private readonly StageSettings _settings;

    /// <summary>Publishes through the sidecar that the environment names.</summary>
    public Outbox(IConfiguration configuration, StageSettings settings)
    {
        var address = configuration["DAPR_GRPC_ENDPOINT"] is { Length: > 0 } endpoint
            ? endpoint
            : $"http://127.0.0.1:{configuration["DAPR_GRPC_PORT"] ?? "50001"}";
        _channel = GrpcChannel.ForAddress(address);
        _dapr = new(_channel);
        _settings = settings;
        if (configuration["DAPR_API_TOKEN"] is { Length: > 0 } token)
            _headers.Add("dapr-api-token", token);
    }

    /// <summary>
    /// Publishes all; the result are those that the broker did not take. What is behind one of these under its key did not go.
    /// </summary>
    public async Task<IReadOnlySet<Outgoing>> PublishAsync(IEnumerable<Outgoing> events, CancellationToken cancel)
    {
        var failed = await Task.WhenAll(events.GroupBy(e => e.Topic).Select(topic => PublishToAsync(topic.Key, [.. topic], cancel)));
        return failed.SelectMany(f => f).ToHashSet<Outgoing>(ReferenceEqualityComparer.Instance);
    }

    /// <summary>The events in bulks: in order, no key twice in one.</summary>
    internal static IEnumerable<IReadOnlyList<Outgoing>> Bulks(IReadOnlyList<Outgoing> events)
    {
        var waves = new List<List<Outgoing>>();
        var ofKey = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var one in events)
        {
            var wave = one.Key is null ? 0 : ofKey.GetValueOrDefault(one.Key);
            if (one.Key is not null)
                ofKey[one.Key] = wave + 1;
            if (wave == waves.Count)
                waves.Add([]);
            waves[wave].Add(one);
        }

        return waves.SelectMany(BySize);
    }

    private async Task<IReadOnlyList<Outgoing>> PublishToAsync(string topic, IReadOnlyList<Outgoing> events, CancellationToken cancel)
    {
        var failed = new List<Outgoing>();
        var held = new HashSet<string>(StringComparer.Ordinal);
        foreach (var bulk in Bulks(events))
        {
            var free = bulk.Where(e => e.Key is null || !held.Contains(e.Key)).ToList();
            failed.AddRange(bulk.Except(free));
            foreach (var one in await TryAsync(topic, free, cancel))
            {
                failed.Add(one);
                if (one.Key is not null)
                    held.Add(one.Key);
            }
        }

        return failed;
    }

    private async Task<IEnumerable<Outgoing>> TryAsync(string topic, List<Outgoing> events, CancellationToken cancel)
    {
        if (events.Count == 0)
            return [];
        var request = new BulkPublishRequest { PubsubName = _settings.PubSub, Topic = topic };
        for (var i = 0; i < events.Count; i++)
        {
            var entry = new BulkPublishRequestEntry
            {
                EntryId = $"{i}", ContentType = "application/cloudevents+json", Event = UnsafeByteOperations.UnsafeWrap(events[i].Envelope),
            };
            // Where the broker has partitions, order is theirs.
            if (_settings.ByPartition && events[i].Key is { } key)
                entry.Metadata["partitionKey"] = key;
            request.Entries.Add(entry);
        }

        try
        {
            var answer = await _dapr.BulkPublishEventAsync(request, _headers, cancellationToken: cancel);
            return answer.FailedEntries.Select(f => events[int.Parse(f.EntryId, System.Globalization.CultureInfo.InvariantCulture)]);
        }
        catch (RpcException error) when (error.StatusCode != StatusCode.Cancelled)
        {
            return events;
        }
    }

    private static IEnumerable<IReadOnlyList<Outgoing>> BySize(List<Outgoing> wave)
    {
        var (bulk, bytes) = (new List<Outgoing>(), 0);
        foreach (var one in wave)
        {
            if (bulk.Count > 0 && bytes + one.Envelope.Length > MostBytes)
            {
                yield return bulk;
                (bulk, bytes) = ([], 0);
            }

            bulk.Add(one);
            bytes += one.Envelope.Length;
        }

        yield return bulk;
    }

    /// <inheritdoc/>
    public void Dispose() => _channel.Dispose();
}
