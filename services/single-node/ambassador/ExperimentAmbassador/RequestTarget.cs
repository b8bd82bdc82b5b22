namespace Samples.ExperimentAmbassador;

/// <summary>The path and query that an arm gets.</summary>
public static class RequestTarget
{
    private static readonly char[] Separators = ['/', '\\'];

    /// <summary>The path and query, encoded.</summary>
    public static string Of(HttpRequest request) => request.Path.ToUriComponent() + request.QueryString.ToUriComponent();

    /// <summary>
    /// False for a path with <c>.</c> or <c>..</c> in it, however encoded. Behind the path of an invocation, they would lead to other parts
    /// of the sidecar's API: to secrets, to state.
    /// </summary>
    public static bool IsSafe(HttpRequest request) =>
        !Uri.UnescapeDataString(request.Path.Value ?? "").Split(Separators).Any(segment => segment is "." or "..");
}
