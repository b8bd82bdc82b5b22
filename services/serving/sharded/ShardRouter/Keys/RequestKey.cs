namespace Samples.ShardRouter.Keys;

/// <summary>
/// What a request is about: its path and the query parameters that matter, in the order of their names and escaped in one way. Requests
/// for the same thing have the same key, however they were written. What does not matter is not passed on either: an answer must not
/// depend on what is not in its key.
/// </summary>
/// <param name="parameters">Those that matter; empty: all.</param>
public sealed class RequestKey(IReadOnlyList<string> parameters)
{
    private readonly Dictionary<string, string> _known = parameters.ToDictionary(p => p, p => p, StringComparer.OrdinalIgnoreCase);

    /// <summary>The key, which is itself the path and query to ask for.</summary>
    public string Of(PathString path, IQueryCollection query)
    {
        // Names are the same in any case, as ASP.NET Core reads them; several values keep their order, which may mean something.
        var pairs = query.Select(p => (Name: NameOf(p.Key), p.Value)).Where(p => p.Name is not null)
            .OrderBy(p => p.Name, StringComparer.Ordinal)
            .SelectMany(p => p.Value, (p, value) => $"{Uri.EscapeDataString(p.Name!)}={Uri.EscapeDataString(value ?? "")}");
        var target = path.ToUriComponent();
        var asked = string.Join('&', pairs);
        return asked.Length == 0 ? target : $"{target}?{asked}";
    }

    private string? NameOf(string name) => _known.Count == 0 ? name.ToLowerInvariant() : _known.GetValueOrDefault(name);
}
