namespace Samples.TlsSidecar;

/// <summary>
/// Where a request ends. One that can be read in two ways is how requests are smuggled past a proxy (RFC 9112, section 11.2): Kestrel
/// refuses most of them by itself, and what it leaves to its applications is refused here.
/// </summary>
internal static class Framing
{
    // Kestrel believes the chunks where a request has both, and hands the length on under this name.
    private const string PassedOver = "X-Content-Length";

    /// <summary>Has to come before the first connection: a line ends with CR and LF, and with nothing less.</summary>
    public static void DemandWholeLineEnds() =>
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", true);

    /// <summary>True for chunks beside a length, in another coding, or in a version of HTTP that has none.</summary>
    public static bool IsAmbiguous(HttpRequest request)
    {
        var codings = request.Headers.TransferEncoding;
        return codings.Count > 0 && (codings.Count > 1 || !"chunked".Equals(codings[0], StringComparison.OrdinalIgnoreCase)
            || !HttpProtocol.IsHttp11(request.Protocol) || request.Headers.ContainsKey(PassedOver));
    }
}
