namespace Samples.Runtime.Apps;

/// <summary>The way from a sidecar to its application: loopback, with the app token, within the concurrency limit.</summary>
public interface IAppChannel
{
    /// <summary>False where the application has no port, or does not answer now.</summary>
    bool IsAvailable { get; }

    /// <summary>
    /// Sends a request with a relative address (<c>/orders</c>). Adds the app token. Throws <see cref="HttpRequestException"/> where
    /// the application cannot be reached; any status is a normal answer. The caller disposes the response.
    /// </summary>
    Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, HttpCompletionOption completion, CancellationToken cancel);
}
