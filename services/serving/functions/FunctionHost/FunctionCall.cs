using System.Text.Json;
using Microsoft.AspNetCore.Routing;

namespace Samples.FunctionHost;

/// <summary>What a function is called with.</summary>
/// <param name="Id">
/// What tells doubles apart: of an event its id, the same however often it comes; of a request the caller's <c>X-Call-Id</c> or a new one.
/// </param>
/// <param name="Data">The body of a request, the data of an event; undefined where there is none.</param>
/// <param name="Body">The same as it was sent, byte for byte.</param>
/// <param name="Route">Values in the path of a request.</param>
public sealed record FunctionCall(string Id, JsonElement Data, ReadOnlyMemory<byte> Body, RouteValueDictionary Route)
{
    /// <summary>A text member of <see cref="Data"/>; null where it is absent or something else.</summary>
    public string? Text(string member) =>
        Data.ValueKind == JsonValueKind.Object && Data.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
