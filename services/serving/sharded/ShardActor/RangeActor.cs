using System.Runtime.Serialization;
using Dapr.Actors;
using Dapr.Actors.Runtime;
using Samples.ShardMemory;

namespace Samples.ShardActor;

/// <summary>An answer on its way between actors.</summary>
[DataContract]
public sealed record RangeAnswer(
    [property: DataMember] int Status,
    [property: DataMember] string ContentType,
    [property: DataMember] byte[] Body,
    [property: DataMember] string How,
    [property: DataMember] string Replica);

/// <summary>The keys of one range, wherever they live.</summary>
public interface IRange : IActor
{
    /// <summary>The answer to a request of this range; null where neither memory nor source has one.</summary>
    Task<RangeAnswer?> GetAsync(string target, CancellationToken cancel);
}

/// <summary>
/// One key range as a virtual actor. There is at most one of it, on a replica that Dapr's placement chooses; when that replica dies, the
/// next call brings the range to life on another one, with nothing in memory. It takes one request at a time: while the source is asked for
/// one key, the others of its range wait.
/// </summary>
public sealed class RangeActor(ActorHost host, ShardOptions options, KeyRanges ranges, LivingRanges living, ChangeFeed feed, ISource source)
    : Actor(host), IRange, IDisposable
{
    private ReadThrough? _read;

    /// <inheritdoc/>
    protected override Task OnActivateAsync()
    {
        // Its part of what this process may take, if all ranges were here.
        _read = new ReadThrough(new AnswerMemory(options.Bytes / ranges.Count), feed, source);
        living.Add(Id.GetId());
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    protected override Task OnDeactivateAsync()
    {
        living.Remove(Id.GetId());
        Dispose();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Dispose() => _read?.Dispose();

    /// <inheritdoc/>
    public async Task<RangeAnswer?> GetAsync(string target, CancellationToken cancel)
    {
        try
        {
            var (answer, how) = await _read!.GetAsync(target, from: null, cancel);
            return new RangeAnswer(answer.Status, answer.ContentType, answer.Body, how, options.Replica);
        }
        catch (Exception error) when (Callees.IsFailure(error))
        {
            return null;
        }
    }
}
