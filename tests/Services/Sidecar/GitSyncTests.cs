using System.Collections.Concurrent;
using System.Net;
using LibGit2Sharp;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Samples.Defaults;
using Samples.Experiments.Sidecar;
using Samples.GitSyncSidecar;
using Samples.Pod;
using Xunit;

namespace Samples.Services.SidecarPattern;

public sealed class GitSyncTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("samples-git-").FullName;

    private string Source => Path.Combine(_folder, "site.git");

    private string Mark => File.ReadAllText(Path.Combine(_folder, "www", "current", "mark.txt"));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_commit_is_published_and_old_ones_go_after_a_while()
    {
        var sync = Sync();
        foreach (var mark in new[] { "one", "two", "three", "four", "five" })
        {
            var commit = SitePages.Publish(Source, mark);
            await sync.TryOnceAsync(Cancel);
            Assert.Equal((mark, commit, null), (Mark, sync.State.Commit, sync.State.Problem));
        }

        Assert.Equal(3, new DirectoryInfo(Path.Combine(_folder, "www")).EnumerateDirectories().Count(d => d.LinkTarget is null));
    }

    [Fact]
    public async Task Lock_files_of_a_git_that_was_killed_are_no_obstacle()
    {
        var sync = Sync();
        SitePages.Publish(Source, "one");
        await sync.TryOnceAsync(Cancel);
        foreach (var name in new[] { "config.lock", "packed-refs.lock", "refs/remotes/origin/main.lock" })
            await File.WriteAllTextAsync(Path.Combine(_folder, "git", name), "", Cancel);
        SitePages.Publish(Source, "two");
        await Sync().TryOnceAsync(Cancel);
        Assert.Equal("two", Mark);
    }

    [Fact]
    public async Task History_that_was_rewritten_is_followed()
    {
        var sync = Sync();
        SitePages.Publish(Source, "one");
        await sync.TryOnceAsync(Cancel);
        Directory.Delete(Source, recursive: true);
        SitePages.Publish(Source, "another history");
        await sync.TryOnceAsync(Cancel);
        Assert.Equal("another history", Mark);
    }

    [Fact]
    public async Task A_branch_that_is_gone_leaves_what_is_published_and_may_come_back()
    {
        var sync = Sync();
        var commit = SitePages.Publish(Source, "one");
        await sync.TryOnceAsync(Cancel);
        using (var repository = new Repository(Source))
            repository.Refs.Remove("refs/heads/main");
        await sync.TryOnceAsync(Cancel);
        Assert.Equal(("one", "there is no branch 'main'"), (Mark, sync.State.Problem));
        using (var repository = new Repository(Source))
            repository.Refs.Add("refs/heads/main", new ObjectId(commit));
        SitePages.Publish(Source, "two");
        await sync.TryOnceAsync(Cancel);
        Assert.Equal(("two", null), (Mark, sync.State.Problem));
    }

    [Fact]
    public async Task A_repository_and_a_copy_that_are_broken_are_recovered_from()
    {
        var sync = Sync();
        SitePages.Publish(Source, "one");
        await sync.TryOnceAsync(Cancel);
        SitePages.Break(Source);
        await sync.TryOnceAsync(Cancel);
        Assert.Equal("one", Mark);
        Assert.NotNull(sync.State.Problem);
        await File.WriteAllTextAsync(Path.Combine(_folder, "git", "HEAD"), "nonsense", Cancel);
        Directory.Delete(Source, recursive: true);
        SitePages.Publish(Source, "two");
        await sync.TryOnceAsync(Cancel);
        Assert.Equal("two", Mark);
    }

    [Fact]
    public async Task A_token_is_never_in_a_log_an_argument_or_an_error()
    {
        Assert.DoesNotContain(
            "s3cret",
            Assert.Throws<WrongSettingException>(() => Options(("GIT_REPOSITORY", "https://git:s3cret@example.com/x.git"))).Message,
            StringComparison.Ordinal);
        // A server that tells what it was given, in what it answers.
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        await using var server = builder.Build();
        var asked = new ConcurrentQueue<string>();
        server.Run(http =>
        {
            asked.Enqueue(http.Request.Headers.Authorization.ToString());
            http.Response.StatusCode = http.Request.Headers.Authorization.Count == 0 ? 401 : 500;
            http.Response.Headers.WWWAuthenticate = "Basic realm=\"s3cret\"";
            return http.Response.WriteAsync("s3cret");
        });
        await server.StartAsync(Cancel);
        var sync = Sync(("GIT_REPOSITORY", server.Urls.Single() + "/x.git"), ("GIT_TOKEN_SECRET", "token"));
        await sync.TryOnceAsync(Cancel);
        Assert.NotNull(sync.State.Problem);
        // It was used, in the header where it belongs.
        Assert.Contains(asked, a => a.StartsWith("Basic ", StringComparison.Ordinal));
        Assert.DoesNotContain("s3cret", sync.State.Problem, StringComparison.Ordinal);
    }

    private GitSync Sync(params (string, string)[] settings)
    {
        var options = Options(settings);
        return new GitSync(
            options,
            new RepositoryAccess((_, _) => Task.FromResult<string?>("s3cret"), options),
            new RepositoryCopy(options, NullLogger<RepositoryCopy>.Instance),
            new PublishedFolder(options),
            new AppProcess(Path.Combine(_folder, "none.pid"), null), new Readiness(), TimeProvider.System, NullLogger<GitSync>.Instance);
    }

    private GitOptions Options(params (string Name, string Value)[] settings)
    {
        var values = settings.Append((Name: "SAMPLES_DATA", Value: _folder)).Select(s => KeyValuePair.Create(s.Name, (string?)s.Value));
        return GitOptions.From(new ConfigurationBuilder().AddInMemoryCollection(values).Build());
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
