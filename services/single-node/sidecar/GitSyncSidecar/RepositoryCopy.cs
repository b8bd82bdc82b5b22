using LibGit2Sharp;

namespace Samples.GitSyncSidecar;

/// <summary>
/// A bare copy of the repository that holds the branch and nothing else. It is a cache: what is wrong with it (lock files of a process that
/// was killed, half-written objects) is cured by removing it.
/// </summary>
public sealed class RepositoryCopy(GitOptions options, ILogger<RepositoryCopy> log)
{
    private const string Tracked = "refs/remotes/origin/";

    private string? _known;

    /// <summary>
    /// Fetches the branch if it has moved, and opens its commit. Null where the branch is not there, which is no error: it may come back.
    /// Throws <see cref="LibGit2SharpException"/> where the repository cannot be had.
    /// </summary>
    public Commit? Fetch(string? token, CancellationToken cancel, out Repository? opened)
    {
        opened = null;
        var credentials = new FetchOptions
        {
            CredentialsProvider = token is null ? null : (_, _, _) =>
                new UsernamePasswordCredentials { Username = options.User, Password = token },
            OnTransferProgress = _ => !cancel.IsCancellationRequested,
            Prune = false,
            TagFetchMode = TagFetchMode.None,
        };
        var repository = Open();
        try
        {
            repository.Network.Remotes.Update("origin", remote => remote.Url = options.Repository);
            var remote = repository.Network.Remotes["origin"];
            var name = $"refs/heads/{options.Branch}";
            var heads = token is null
                ? repository.Network.ListReferences(remote)
                : repository.Network.ListReferences(remote, credentials.CredentialsProvider);
            if (heads.FirstOrDefault(r => r.CanonicalName == name)?.TargetIdentifier is not { } target)
                return null;
            // The plus: also where history was rewritten.
            if (_known != target || repository.Lookup<Commit>(target) is null)
                Commands.Fetch(repository, "origin", [$"+{name}:{Tracked}{options.Branch}"], credentials, null);
            var commit = repository.Lookup<Commit>(target)
                ?? throw new LibGit2SharpException($"The repository names the commit {target} and does not have it.");
            _known = target;
            opened = repository;
            repository = null;
            return commit;
        }
        finally
        {
            repository?.Dispose();
        }
    }

    /// <summary>Begins anew: the next fetch gets everything.</summary>
    public void Discard()
    {
        _known = null;
        if (Directory.Exists(options.Copy))
            Directory.Delete(options.Copy, recursive: true);
    }

    private Repository Open()
    {
        if (Repository.IsValid(options.Copy))
        {
            // Nobody but this process works here, and it has nothing under way: a lock is left from one that was killed.
            foreach (var left in Directory.EnumerateFiles(options.Copy, "*.lock", SearchOption.AllDirectories))
            {
                log.LogInformation("a lock that was left behind is removed: {File}", Path.GetFileName(left));
                File.Delete(left);
            }

            try
            {
                return new Repository(options.Copy);
            }
            catch (LibGit2SharpException error)
            {
                log.LogWarning("the copy of the repository is broken and made again: {Problem}", error.Message);
            }
        }

        Discard();
        Repository.Init(options.Copy, isBare: true);
        var repository = new Repository(options.Copy);
        repository.Network.Remotes.Add("origin", options.Repository, $"+refs/heads/{options.Branch}:{Tracked}{options.Branch}");
        return repository;
    }
}
