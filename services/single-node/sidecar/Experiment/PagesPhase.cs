namespace Samples.Experiments.Sidecar;

/// <summary>Commits become pages; a repository that breaks takes nothing away; what HTTPS answers is what the site answers.</summary>
internal sealed class PagesPhase(ExperimentContext context, SiteView site)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private string Repository => Path.Combine(context.DataDirectory, "site.git");

    private sealed record SyncReport(string? Commit, string? Problem);

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel)
    {
        SitePages.Publish(Repository, "one");
        var first = await SiteView.WaitAsync(async () => await MarkAsync(cancel) == "one", Patience, cancel);
        var commit = SitePages.Publish(Repository, "two");
        var second = await SiteView.WaitAsync(async () => await MarkAsync(cancel) == "two", Patience, cancel);
        SitePages.Break(Repository);
        var noticed = await SiteView.WaitAsync(
            async () => (await site.AskAsync<SyncReport>("git-sync-sidecar", "sync", cancel)).Problem is not null, Patience, cancel);
        var kept = 0;
        for (var i = 0; i < 50; i++)
            kept += await MarkAsync(cancel) == "two" ? 1 : 0;
        SitePages.Publish(Repository + ".again", "three");
        Directory.Delete(Repository, recursive: true);
        Directory.Move(Repository + ".again", Repository);
        var third = await SiteView.WaitAsync(async () => await MarkAsync(cancel) == "three", Patience, cancel);
        context.Observe(new Observation("published after s", second?.TotalSeconds ?? double.NaN, $"commit {commit[..7]} is published"));
        return
        [
            new(
                "each commit of the branch becomes the site's pages",
                "2 of 2",
                $"{(first is null ? 0 : 1) + (second is null ? 0 : 1)} of 2",
                first is not null && second is not null),
            new(
                "the repository breaks, and comes back with another history: "
                + "pages that were wrong meanwhile, and whether the new ones come",
                "0 of 50, they come",
                $"{50 - kept} of 50, {(third is null ? "they do not come" : "they come")}{(noticed is null ? ", and nobody noticed" : "")}",
                kept == 50 && third is not null && noticed is not null),
            await SameAsync(cancel),
        ];
    }

    private async Task<string> MarkAsync(CancellationToken cancel)
    {
        using var answer = await site.Plain.GetAsync("mark.txt", cancel);
        return answer.IsSuccessStatusCode ? await answer.Content.ReadAsStringAsync(cancel) : "";
    }

    // Status, body and what says how to read the body; HEAD too, and a part of a file where the site can give one.
    private async Task<Claim> SameAsync(CancellationToken cancel)
    {
        var (same, different) = (0, new List<string>());
        foreach (var path in SitePages.Paths)
        {
            foreach (var (method, range) in new[] { (HttpMethod.Get, false), (HttpMethod.Head, false), (HttpMethod.Get, true) })
            {
                var one = await TellAsync(site.Plain, method, path, range, cancel);
                var other = await TellAsync(site.Https, method, path, range, cancel);
                if (one == other)
                    same++;
                else
                    different.Add($"{method} /{path}: {one} by HTTP, {other} by HTTPS");
            }
        }

        var all = SitePages.Paths.Length * 3;
        return new Claim(
            "HTTPS answers byte for byte what the site answers",
            $"{all} of {all}",
            $"{same} of {all}",
            same == all,
            different.FirstOrDefault());
    }

    private static async Task<string> TellAsync(HttpClient client, HttpMethod method, string path, bool range, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, path);
        if (range)
            request.Headers.Range = new System.Net.Http.Headers.RangeHeaderValue(10, 99);
        using var answer = await client.SendAsync(request, cancel);
        var body = await answer.Content.ReadAsByteArrayAsync(cancel);
        var content = answer.Content.Headers;
        return $"{(int)answer.StatusCode} {content.ContentType} {content.ContentLength} {answer.Headers.CacheControl} "
            + Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(body))[..12];
    }
}
