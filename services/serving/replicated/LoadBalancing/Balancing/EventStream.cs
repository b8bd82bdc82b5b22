namespace Samples.LoadBalancing.Balancing;

/// <summary>
/// Server-sent events (HTML, 9.2): an answer that may be silent for as long as nothing happens. YARP's limit on silence counts for all of
/// an answer, so that this one is passed on here: its header at once, each event when it comes, until one of both sides ends it.
/// </summary>
public static class EventStream
{
    /// <summary>Whether the answer whose header has been copied is one.</summary>
    public static bool IsBegunIn(HttpContext http) =>
        http.Response.ContentType?.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>Passes its events on. Ends when the stream does; one that breaks off breaks off for the client, too.</summary>
    public static async Task PassAsync(HttpContext http, HttpResponseMessage answer)
    {
        try
        {
            await http.Response.Body.FlushAsync(http.RequestAborted);
            await answer.Content.CopyToAsync(http.Response.Body, http.RequestAborted);
        }
        catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException)
        {
            http.Abort();
        }
    }
}
