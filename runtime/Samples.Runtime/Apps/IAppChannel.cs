namespace Samples.Runtime.Apps;

/// <summary>The way from a sidecar to its application: loopback, with the app token, within the concurrency limit.</summary>
public interface IAppChannel
{
    /// <summary>False where the application has no port, or does not answer now.</summary>
    bool IsAvailable { get; }

    /// <summary>True where it is available and has been asked what it wants.</summary>
    bool IsTakenUp => IsAvailable;

    /// <summary>The callbacks of an application that speaks gRPC; null for the others.</summary>
    internal GrpcApp? Grpc => null;

    /// <summary>
    /// Sends a request with a relative address (<c>/orders</c>). Adds the app token. Throws <see cref="HttpRequestException"/> where
    /// the application cannot be reached; any status is a normal answer. The caller disposes the response.
    /// </summary>
    Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, HttpCompletionOption completion, CancellationToken cancel);

    /// <summary>
    /// True where the application answers a GET with a status below 500. Outside the concurrency limit: a busy application is not a dead
    /// one.
    /// </summary>
    async Task<bool> AnswersAsync(string path, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        using var response = await SendAsync(request, HttpCompletionOption.ResponseContentRead, cancel);
        return (int)response.StatusCode < 500;
    }
}
