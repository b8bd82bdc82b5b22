using System.Text;
using Samples.ApiDocs;

namespace Samples.Experiments.Sharded;

/// <summary>Searches to ask for, and what the origin answers to them.</summary>
internal sealed class Workload
{
    // Of each text in memory, beside its characters.
    private const int Text = 24;

    private readonly Dictionary<string, string> _truth = new(StringComparer.Ordinal);

    /// <summary>The targets, each as a canonical key.</summary>
    public IReadOnlyList<string> Targets { get; private init; } = [];

    /// <summary>Draws so many different searches and asks the origin for all of them, past routers and shards.</summary>
    public static async Task<Workload> CreateAsync(ShardedView view, int count, Random random, CancellationToken cancel)
    {
        // Names of types and members: each finds something, and hardly two are the same search.
        string[] names = await Task.Run(() => Corpus.Open().Read().Where(m => m.Summary.Length > 0)
            .Select(m => m.Name.Split('(')[0].Split('.')[^1])
            .Where(n => n.Length > 3 && n.All(char.IsAsciiLetter)).Select(n => n.ToLowerInvariant())
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray(), cancel);
        random.Shuffle(names);
        var workload = new Workload { Targets = [.. names.Take(count).Select(n => $"/search?limit=3&q={n}")] };
        var answers = await ShardedView.ManyAsync(count, 8, i => view.InvokeAsync("origin", workload.Targets[i], cancel));
        foreach (var answer in answers)
            workload._truth[answer.Target] = answer.IsAnswered ? answer.Body : throw new InvalidOperationException(answer.Problem);
        return workload;
    }

    /// <summary>Whether an answer is what the origin says.</summary>
    public bool IsRight(Asked asked) => asked.IsAnswered && asked.Body == _truth[asked.Target];

    /// <summary>What a shard counts for it beside its overhead: key, what it depends on (the one word, a text), and answer.</summary>
    public int Bytes(string target) =>
        2 * (target.Length + target.Length - target.LastIndexOf('=') - 1) + Text + Encoding.UTF8.GetByteCount(_truth[target]);
}
