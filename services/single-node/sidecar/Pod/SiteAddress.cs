using System.Net;
using Samples.Parameters;

namespace Samples.Pod;

/// <summary>Where the application of the pod listens: agreed in <c>SITE</c>, or told by a file that it writes when it starts.</summary>
public sealed class SiteAddress(string? agreed, string file)
{
    private readonly Uri? _agreed = Uri.TryCreate(agreed, UriKind.Absolute, out var address) ? address : null;
    private (DateTime Written, Uri? Address) _told;

    /// <summary>The setting.</summary>
    public static Setting Setting { get; } =
        new("SITE", "what the file site.address in SAMPLES_DATA says", "Where the application listens, as http://127.0.0.1:8080.");

    /// <summary>The address; null where nobody has told it yet.</summary>
    public Uri? Find()
    {
        if (agreed is { Length: > 0 })
            return _agreed;
        try
        {
            // It changes only when the application starts somewhere else.
            var written = File.GetLastWriteTimeUtc(file);
            if (_told.Address is null || _told.Written != written)
                _told = (written, IPEndPoint.TryParse(File.ReadAllText(file).Trim(), out var point) ? new Uri($"http://{point}") : null);
            return _told.Address;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
