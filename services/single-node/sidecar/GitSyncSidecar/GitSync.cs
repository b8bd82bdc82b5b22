using Dapr;
using LibGit2Sharp;
using Samples.Defaults;
using Samples.Pod;

namespace Samples.GitSyncSidecar;

/// <summary>How following stands.</summary>
/// <param name="Commit">What is published; null for nothing yet.</param>
/// <param name="Published">How many commits were published since the start.</param>
/// <param name="Problem">Why nothing newer is; null where all is well.</param>
public sealed record SyncState(string? Commit, int Published, string? Problem);

/// <summary>
/// Asks the repository again and again. Whatever is wrong with it, what is published stays until there is something better.
/// </summary>
public sealed class GitSync(
    GitOptions options, RepositoryAccess access, RepositoryCopy copy, PublishedFolder folder, AppProcess application, Readiness readiness,
    TimeProvider time, ILogger<GitSync> log)
    : BackgroundService
{
    private const int FailuresBeforeANewCopy = 3;

    private volatile SyncState _state = new(folder.Current, 0, null);
    private int _failures;

    /// <summary>How it stands.</summary>
    public SyncState State => _state;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        // Whether there is something to publish is the repository's affair: an application without pages is one all the same.
        readiness.WaitFor("The repository was not asked yet.");
        while (!stoppingToken.IsCancellationRequested)
        {
            await TryOnceAsync(stoppingToken);
            readiness.Ready();
            await Task.Delay(options.Period, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>One round; nothing that can go wrong leaves it.</summary>
    public async Task TryOnceAsync(CancellationToken cancel)
    {
        try
        {
            var token = await access.TokenAsync(cancel);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(options.Timeout);
            // The library blocks its thread; it ends at the limit where it transfers, and the connection's own limit ends the rest.
            await Task.Run(() => Sync(token, limit.Token), cancel);
            _failures = 0;
        }
        catch (Exception error) when (
            error is LibGit2SharpException or IOException or UnauthorizedAccessException or DaprException or AggregateException
            && !cancel.IsCancellationRequested)
        {
            Tell(access.Hide(error.GetBaseException().Message));
            if (++_failures % FailuresBeforeANewCopy == 0 && error is LibGit2SharpException)
                copy.Discard();
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // It shuts down.
        }
    }

    private void Sync(string? token, CancellationToken cancel)
    {
        var commit = copy.Fetch(token, cancel, out var repository);
        using (repository)
        {
            if (commit is null)
            {
                Tell($"there is no branch '{options.Branch}'");
                return;
            }

            if (folder.Current != commit.Sha)
            {
                folder.Publish(commit);
                var isThere = application.Reload();
                _state = _state with { Published = _state.Published + 1 };
                log.LogInformation("commit {Commit} is published{Told}", commit.Sha, isThere ? "" : "; the application is not running");
            }

            _state = _state with { Commit = commit.Sha, Problem = null };
        }
    }

    private void Tell(string problem)
    {
        if (_state.Problem != problem)
            log.LogWarning("the published version stays as it is: {Problem}", problem);
        _state = _state with { Problem = problem };
    }
}
