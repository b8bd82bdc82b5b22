using Samples.Defaults;
using Samples.Parameters;
using Samples.Pod;

namespace Samples.GitSyncSidecar;

/// <summary>What is followed and where it goes; <see cref="Usage"/> tells each setting.</summary>
public sealed record GitOptions
{
    /// <summary>Everything that can be set.</summary>
    public static Usage Usage { get; } = new(
        "git-sync-sidecar", "publishes each new commit of a branch as the folder that the application serves.",
    [
        new("GIT_REPOSITORY", "site.git in SAMPLES_DATA", "The repository: a folder, or an address that git knows. No password in it."),
        new("GIT_BRANCH", "main", "The branch."),
        new("GIT_USER", "git", "The user's name at the repository, beside the token."),
        new("GIT_TOKEN_SECRET", "none", "The name of the token, or password, in the secret store; it is asked for at each fetch."),
        new("SECRET_STORE", "secretstore", "The Dapr secret store."),
        new("GIT_PERIOD_SECONDS", "1", "How often the repository is asked."),
        new("GIT_TIMEOUT_SECONDS", "60", "How long it may take to answer."),
        new(
            "PUBLISH_FOLDER",
            "www in SAMPLES_DATA",
            "Where versions go, a folder a commit; the link 'current' leads to the one that is published."),
        new("KEEP_VERSIONS", "2", "How many earlier versions stay: requests under way still read them."),
        .. AppProcess.Settings,
        new("APP_PORT", "5406", "The port of GET /sync, /healthz and /readyz."),
        PodFiles.FolderSetting,
    ]);

    /// <summary>The repository.</summary>
    public required string Repository { get; init; }

    /// <summary>The branch.</summary>
    public required string Branch { get; init; }

    /// <summary>The user's name.</summary>
    public required string User { get; init; }

    /// <summary>The token's name; null for none.</summary>
    public required string? TokenSecret { get; init; }

    /// <summary>The secret store's name.</summary>
    public required string SecretStore { get; init; }

    /// <summary>Between two fetches.</summary>
    public required TimeSpan Period { get; init; }

    /// <summary>Of one fetch.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>Where versions go.</summary>
    public required string Published { get; init; }

    /// <summary>Where the copy of the repository is.</summary>
    public required string Copy { get; init; }

    /// <summary>Earlier versions that stay.</summary>
    public required int Keep { get; init; }

    /// <summary>Reads and checks the settings.</summary>
    public static GitOptions From(IConfiguration configuration)
    {
        var files = PodFiles.From(configuration);
        var repository = configuration["GIT_REPOSITORY"] is { Length: > 0 } address ? address : Path.Combine(files.Folder, "site.git");
        if (Uri.TryCreate(repository, UriKind.Absolute, out var uri) && uri.UserInfo.Contains(':'))
            throw new WrongSettingException(
                "GIT_REPOSITORY has a password in it, and environments are read by many; name a secret in GIT_TOKEN_SECRET instead.");
        var branch = configuration["GIT_BRANCH"] is { Length: > 0 } name ? name : "main";
        if (!LibGit2Sharp.Reference.IsValidName($"refs/heads/{branch}"))
            throw new WrongSettingException($"GIT_BRANCH is '{branch}', which no branch can be called.");
        return new GitOptions
        {
            Repository = repository,
            Branch = branch,
            User = configuration["GIT_USER"] ?? "git",
            TokenSecret = configuration["GIT_TOKEN_SECRET"] is { Length: > 0 } secret ? secret : null,
            SecretStore = configuration["SECRET_STORE"] ?? "secretstore",
            Period = configuration.Seconds("GIT_PERIOD_SECONDS", 1, 0.05, 86_400),
            Timeout = configuration.Seconds("GIT_TIMEOUT_SECONDS", 60, 1, 3600),
            Published = Path.GetFullPath(configuration["PUBLISH_FOLDER"] is { Length: > 0 } folder ? folder : files.Published),
            Copy = Path.Combine(files.Folder, "git"),
            Keep = configuration.Whole("KEEP_VERSIONS", 2, 0, 1000),
        };
    }
}
