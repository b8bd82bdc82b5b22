using System.Globalization;
using System.Net;

namespace Samples.FrontDoor.Clients;

/// <summary>How often each client may ask.</summary>
public static class LimitServices
{
    private static readonly PathString[] Unlimited = ["/healthz", "/readyz", "/replicas"];

    /// <summary>Adds the limits.</summary>
    public static IServiceCollection AddLimits(this IServiceCollection services, FrontDoorOptions options) => services.AddSingleton(
        provider => new ClientLimits(options.RateLimit, options.LimitWindow, provider.GetRequiredService<TimeProvider>()));

    /// <summary>Limits what a client may ask. Call it when the client's address is known, before anything else is mapped.</summary>
    public static void UseLimits(this WebApplication app, FrontDoorOptions options)
    {
        if (options.RateLimit > 0)
            app.Use(next => http => IsUnlimited(http.Request) ? next(http) : LimitAsync(http, next, options));
    }

    private static bool IsUnlimited(HttpRequest request) => Unlimited.Any(own => request.Path.StartsWithSegments(own));

    private static Task LimitAsync(HttpContext http, RequestDelegate next, FrontDoorOptions options)
    {
        var allowance = http.RequestServices.GetRequiredService<ClientLimits>().Take(ClientOf(http.Connection.RemoteIpAddress));
        // When the answer starts: one that was given up for another replica's takes its headers with it.
        http.Response.OnStarting(() =>
        {
            http.Response.Headers["X-RateLimit-Limit"] = options.RateLimit.ToString(CultureInfo.InvariantCulture);
            http.Response.Headers["X-RateLimit-Remaining"] = allowance.Remaining.ToString(CultureInfo.InvariantCulture);
            return Task.CompletedTask;
        });
        if (allowance.IsAllowed)
            return next(http);
        // Rounded up: who comes back after that time is let in.
        var seconds = Math.Max(1, (int)Math.Ceiling(allowance.Reset.TotalSeconds));
        http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return Results.Problem(
            statusCode: 429, type: "rate-limited",
            title: $"At most {options.RateLimit} requests in {options.LimitWindow.TotalSeconds:0.#} s.",
            detail: $"Come back in {seconds} s.").ExecuteAsync(http);
    }

    // A network of IPv6 gives each of its hosts 2^64 addresses: the network is the client.
    private static string ClientOf(IPAddress? address)
    {
        if (address is null)
            return "";
        if (address.IsIPv4MappedToIPv6 || address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork)
            return address.MapToIPv4().ToString();
        return Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8));
    }
}
