using Samples.ShardMemory;

namespace Samples.ShardRouter.Routing;

/// <summary>
/// What is no read goes to the origin, once: a write may have been done although its answer was lost. The origin tells the shards.
/// </summary>
public sealed class OriginPassage(Callees callees, RouterOptions options)
{
    /// <summary>The origin's answer. Throws what <see cref="Callees.IsFailure"/> knows where there is none.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpRequest asked, string target, byte[] body, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(new HttpMethod(asked.Method), target) { Content = new ByteArrayContent(body) };
        if (asked.ContentType is { } type)
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        return await callees.SendAsync(options.Origin, request, options.OriginTimeout, cancel);
    }
}
