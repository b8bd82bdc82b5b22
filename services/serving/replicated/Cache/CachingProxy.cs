using Microsoft.AspNetCore.Http.Features;
using Samples.Cache.Http;
using Samples.Cache.Storage;

namespace Samples.Cache;

/// <summary>Answers from memory what may be answered from memory, and asks the origin for the rest.</summary>
public sealed class CachingProxy(
    CacheStore store,
    Fetch fetch,
    Collapsing collapsing,
    Passage passage,
    Answers answers,
    Origin origin,
    CacheStats stats,
    TimeProvider time)
{
    /// <summary>Answers a request.</summary>
    public Task AnswerAsync(HttpContext http)
    {
        var request = http.Request;
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
            return passage.PassAsync(http, invalidates: !HttpMethods.IsOptions(request.Method) && !HttpMethods.IsTrace(request.Method));
        if (Conditions.OfOrigin.Any(request.Headers.ContainsKey)
            || http.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true })
            return passage.PassAsync(http, invalidates: false);
        return LookAsync(http, Key(request), CacheControl.Parse(request.Headers.CacheControl));
    }

    /// <summary>Host and target as they came: another order of a query's parameters is another address, as for the origin.</summary>
    public static string Key(HttpRequest request) => request.Host.Value + " " + Target(request);

    /// <summary>Path and query, encoded as they came.</summary>
    public static string Target(HttpRequest request) =>
        request.HttpContext.Features.Get<IHttpRequestFeature>()?.RawTarget is ['/', ..] raw
            ? raw
            : request.Path.ToUriComponent() + request.QueryString;

    private async Task LookAsync(HttpContext http, string key, CacheControl asked)
    {
        var stored = store.Find(key, http.Request.Headers);
        if (stored is not null && await ServeIfGoodAsync(http, key, asked, stored, "hit"))
            return;
        if (asked.Has("only-if-cached"))
        {
            await Answers.ProblemAsync(
                http, StatusCodes.Status504GatewayTimeout, "not-cached", "There is no stored answer that may be used.");
            return;
        }

        // A part, or the header alone, of what is not here: that is no answer for others.
        if (stored is null && (HttpMethods.IsHead(http.Request.Method) || http.Request.Headers.Range.Count > 0))
        {
            stats.CountMiss();
            await passage.PassAsync(http, invalidates: false);
            return;
        }

        var land = static (bool _) => { };
        if (MayWait(http.Request, asked))
        {
            if (collapsing.Join(key, out land) is { } landing)
                await landing.WaitAsync(http.RequestAborted);
            // Somebody's answer may have come since this request looked.
            var brought = store.Find(key, http.Request.Headers);
            if (brought is not null && brought != stored && Freshness.Judge(brought, asked, time.GetUtcNow()) != Use.Revalidate)
            {
                land(true);
                await ServeIfGoodAsync(http, key, asked, brought, "hit; collapsed");
                return;
            }
        }

        await AskAsync(http, key, asked, stored, land);
    }

    private async Task<bool> ServeIfGoodAsync(HttpContext http, string key, CacheControl asked, StoredResponse stored, string how)
    {
        var use = Freshness.Judge(stored, asked, time.GetUtcNow());
        if (use == Use.Revalidate)
            return false;
        if (use == Use.ServeAndRevalidate)
            RevalidateMeanwhile(http, key, stored);
        stats.CountHit();
        await answers.SendAsync(http, stored, how);
        return true;
    }

    private async Task AskAsync(HttpContext http, string key, CacheControl asked, StoredResponse? stored, Action<bool> land)
    {
        stats.CountMiss();
        var question = AskAndLandAsync(key, http.Request, stored, land);
        fetch.Own(question);
        Fetched fetched;
        try
        {
            fetched = await question.WaitAsync(http.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            // The client is gone; what comes is for others, and what is for nobody is let go.
            _ = question.ContinueWith(done => done.Result.Passing?.Dispose(), CancellationToken.None,
                TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            return;
        }
        catch (OriginException problem)
        {
            if (stored is not null && Freshness.MayServeOnError(stored, asked, time.GetUtcNow()))
                await answers.SendAsync(http, stored, "hit; origin failed");
            else
                await Answers.ProblemAsync(http, problem.IsTimeout ? 504 : 502, "origin-failed", problem.Message);
            return;
        }

        var status = fetched.Answer?.Status ?? (int)fetched.Passing!.StatusCode;
        if (status is 500 or 502 or 503 or 504 && stored is not null && Freshness.MayServeOnError(stored, asked, time.GetUtcNow()))
        {
            fetched.Passing?.Dispose();
            await answers.SendAsync(http, stored, "hit; origin failed");
        }
        else if (fetched.Answer is { } answer)
            await answers.SendAsync(http, answer, answer.Body.Equals(stored?.Body) ? "hit; revalidated" : "fwd=miss; stored");
        else
            await Answers.PassAsync(http, fetched);
    }

    private async Task<Fetched> AskAndLandAsync(string key, HttpRequest asked, StoredResponse? stored, Action<bool> land)
    {
        var isStored = false;
        try
        {
            // All that is needed of the request is taken now: it is gone when its client is.
            using var request = RequestFor(asked);
            var fetched = await fetch.AskAsync(key, CopyOf(asked.Headers), request, stored);
            isStored = fetched.IsStored;
            return fetched;
        }
        catch (OriginException)
        {
            // Nothing is known of the address: those who waited may wait for one another again.
            isStored = true;
            throw;
        }
        finally
        {
            land(isStored);
        }
    }

    private void RevalidateMeanwhile(HttpContext http, string key, StoredResponse stored)
    {
        // Without collapsing, every client that gets a stale answer would send the origin a question.
        if (collapsing.Join(key, out var land) is not null)
            return;
        // It may have been renewed since this request looked.
        if (store.Find(key, http.Request.Headers) != stored)
        {
            land(true);
            return;
        }

        fetch.Own(DiscardAsync(AskAndLandAsync(key, http.Request, stored, land)));
    }

    private static async Task DiscardAsync(Task<Fetched> question)
    {
        try
        {
            (await question).Passing?.Dispose();
        }
        catch (OriginException)
        {
            // The stale answer goes on serving for as long as it may.
        }
    }

    private HttpRequestMessage RequestFor(HttpRequest asked)
    {
        var request = origin.RequestFor(asked, Target(asked));
        request.Method = HttpMethod.Get;
        // The whole, always: what the client has already, or wants a part of, is decided here from what comes.
        foreach (var name in (string[])[.. Conditions.Answerable, "Range", "If-Range"])
            request.Headers.Remove(name);
        return request;
    }

    private static HeaderDictionary CopyOf(IHeaderDictionary headers) => new(headers.ToDictionary(StringComparer.OrdinalIgnoreCase));

    // What is asked for with credentials, or not to be stored, is not to be shared either.
    private static bool MayWait(HttpRequest request, CacheControl asked) =>
        !request.Headers.ContainsKey("Authorization") && !asked.Has("no-store") && !asked.Has("no-cache");
}
