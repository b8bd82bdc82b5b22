using System.Security.Cryptography;

namespace Samples.ExperimentAmbassador;

/// <summary>Says which client a request comes from.</summary>
public sealed class ClientIdentity(ExperimentOptions options)
{
    private const int Longest = 128;

    /// <summary>The client's name. In cookie mode, one without a usable cookie gets a new one with its answer.</summary>
    public string Of(HttpContext http)
    {
        switch (options.ClientBy)
        {
            case ClientBy.Cookie:
                if (http.Request.Cookies[options.ClientName] is { Length: > 0 and <= Longest } known)
                    return known;
                var fresh = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
                // When the answer starts, not now: an answer of the experiment that is given up takes its headers with it.
                http.Response.OnStarting(() =>
                {
                    http.Response.Cookies.Append(options.ClientName, fresh, new CookieOptions
                    {
                        HttpOnly = true,
                        SameSite = SameSiteMode.Lax,
                        MaxAge = TimeSpan.FromDays(90),
                        IsEssential = true,
                    });
                    return Task.CompletedTask;
                });
                return fresh;
            case ClientBy.Header when http.Request.Headers[options.ClientName] is [{ Length: > 0 and <= Longest } named]:
                return named;
            default:
                return http.Connection.RemoteIpAddress?.ToString() ?? "";
        }
    }
}
