using Samples.ApiDocs;
using Samples.Defaults;

namespace Samples.SearchLeaf;

/// <summary>
/// Loads the index at start, and builds it first where nobody has. Leaves on one machine share the files: whoever gets the lock builds
/// all partitions in one pass over the corpus, the others wait. The leaf is not ready until then.
/// </summary>
public sealed class IndexLoader(
    LeafIndex index, LeafOptions options, Readiness readiness, TimeProvider time, ILogger<IndexLoader> log) : BackgroundService
{
    // Another layout of the files, or another idea of words, gets another folder.
    private const int Format = 2;
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(100);

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        readiness.WaitFor("The index is being loaded.");
        return base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        var began = time.GetTimestamp();
        var corpus = Corpus.Open(options.Documents);
        foreach (var file in corpus.Unreadable)
            log.LogWarning("{File} may not be read by this service and is not in the index; give its user the right to", file);
        var folder = Path.Combine(options.Data, $"index-{Format}-{options.Partitions}-{corpus.Fingerprint}");
        if (!Directory.Exists(folder))
            await BuildAsync(corpus, folder, stoppingToken);
        index.Load(folder);
        readiness.Ready();
        log.LogInformation("leaf {Leaf} is ready after {Seconds:0.0} s", options.Leaf, time.GetElapsedTime(began).TotalSeconds);
    }

    private async Task BuildAsync(Corpus corpus, string folder, CancellationToken stopping)
    {
        Directory.CreateDirectory(options.Data);
        await using var held = await LockAsync(Path.Combine(options.Data, "index.lock"), stopping);
        if (Directory.Exists(folder))
            return;
        log.LogInformation("builds the index for all leaves");
        var draft = folder + ".draft";
        // Left behind by a builder that was killed.
        if (Directory.Exists(draft))
            Directory.Delete(draft, recursive: true);
        Directory.CreateDirectory(draft);
        PartitionWriter.Write(draft, corpus.Read(), options.Partitions);
        // Complete or not there at all.
        Directory.Move(draft, folder);
    }

    // The kernel lets go of it when its holder dies, however it dies.
    private async Task<FileStream> LockAsync(string file, CancellationToken stopping)
    {
        while (true)
        {
            try
            {
                return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                await Task.Delay(LookAgain, time, stopping);
            }
        }
    }
}
