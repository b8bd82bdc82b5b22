using System.Text;
using Samples.Origin;
using Samples.ShardMemory;

namespace Samples.Services.Sharded;

/// <summary>A source in this process: values by target, with the real log of changes and leases.</summary>
internal sealed class LocalSource(TimeProvider time) : ISource
{
    private readonly Dictionary<string, string> _values = [];

    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(2);

    public ChangeLog Log { get; } = new(Lease, time);

    public List<string> Asked { get; } = [];

    /// <summary>What other shards have in memory.</summary>
    public Dictionary<string, ReadThrough> Shards { get; } = [];

    /// <summary>What happens between the look at the store and the answer.</summary>
    public Func<Task> Slowness { get; set; } = () => Task.CompletedTask;

    public bool IsDown { get; set; }

    public async Task<Answer> GetAsync(string target, CancellationToken cancel)
    {
        Fail();
        Asked.Add(target);
        var (value, now) = (_values.GetValueOrDefault(target, "first"), Log.Now);
        await Slowness();
        return new Answer(200, "text/plain", Encoding.UTF8.GetBytes(value), target, now);
    }

    public Task<Answer?> PeekAsync(string shard, string target, CancellationToken cancel) => Task.FromResult(Shards[shard].Peek(target));

    public Task<ChangePage> GetChangesAsync(string holder, SourceTime since, TimeSpan wait, CancellationToken cancel)
    {
        Fail();
        // Nobody waits in a test.
        return Log.ReadAsync(holder, since, TimeSpan.Zero, cancel);
    }

    /// <summary>Writes; the task ends when the write is acknowledged.</summary>
    public Task WriteAsync(string target, string value)
    {
        _values[target] = value;
        return Log.WaitAppliedAsync(Log.Append([[target]]).Sequence, Machine.Cancel);
    }

    private void Fail()
    {
        if (IsDown)
            throw new HttpRequestException("The source is down.");
    }
}
