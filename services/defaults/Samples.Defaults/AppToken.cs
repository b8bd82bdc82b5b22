using System.Security.Cryptography;
using System.Text;
using Dapr;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace Samples.Defaults;

/// <summary>
/// Where <c>APP_API_TOKEN</c> is set, a request must show it as <c>dapr-api-token</c>, as its own sidecar does: nobody gets past the
/// sidecar and what it allows. Probes need no token. A front door (<c>FRONT_DOOR=true</c>) takes everybody's requests, but not those that
/// only Dapr sends.
/// </summary>
internal sealed class AppToken(RequestDelegate next, IConfiguration configuration, IProblemDetailsService problems, bool isFrontDoor)
{
    private static readonly PathString[] Probes = ["/healthz", "/readyz"], OfDapr = ["/dapr", "/actors", "/job"];

    private readonly byte[]? _token = configuration["APP_API_TOKEN"] is { Length: > 0 } token ? Encoding.UTF8.GetBytes(token) : null;

    /// <summary>Reads <c>FRONT_DOOR</c>. Throws <see cref="WrongSettingException"/>.</summary>
    public static bool IsFrontDoor(IConfiguration configuration) => configuration["FRONT_DOOR"] switch
    {
        null or "" or "false" => false,
        "true" => true,
        var other => throw new WrongSettingException($"FRONT_DOOR is '{other}'; give true or false."),
    };

    public Task InvokeAsync(HttpContext http)
    {
        if (_token is null || !NeedsToken(http)
            || CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(http.Request.Headers["dapr-api-token"].ToString()), _token))
            return next(http);
        http.Response.StatusCode = StatusCodes.Status401Unauthorized;
        return problems.WriteAsync(new ProblemDetailsContext
        {
            HttpContext = http,
            ProblemDetails =
            {
                Type = "no-token",
                Title = "The request does not come from the service's sidecar.",
                Detail = "Call the service through Dapr, or through a front door.",
                Status = StatusCodes.Status401Unauthorized,
            },
        }).AsTask();
    }

    private bool NeedsToken(HttpContext http) => isFrontDoor ? ComesAsDapr(http) : !Probes.Contains(http.Request.Path);

    private static bool ComesAsDapr(HttpContext http) =>
        OfDapr.Any(path => http.Request.Path.StartsWithSegments(path))
        || http.GetEndpoint()?.Metadata.GetMetadata<ITopicMetadata>() is not null;
}
