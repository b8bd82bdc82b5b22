using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Samples.Runtime.BuildingBlocks;
using Samples.Runtime.Errors;

namespace Samples.Runtime.Api.Http;

/// <summary>Reads the JSON of a request.</summary>
internal static class JsonBody
{
    /// <summary>The list; throws 400 where an item is null.</summary>
    public static Array WithoutNulls(Array list, string prefix) =>
        list.Cast<object?>().Contains(null) ? throw ApiException.Malformed($"{prefix}an item is null") : list;

    /// <summary>
    /// Throws 400 with <paramref name="prefix"/> before the reason where the body is not JSON, or other JSON than expected.
    /// </summary>
    public static async Task<T> ReadAsync<T>(HttpContext http, string prefix)
    {
        try
        {
            var body = await JsonSerializer.DeserializeAsync<T>(http.Request.Body, JsonTexts.Compact, http.RequestAborted)
                ?? throw ApiException.Malformed($"{prefix}the body is null");
            return body is Array list ? (T)(object)WithoutNulls(list, prefix) : body;
        }
        catch (JsonException error)
        {
            // The parser's own words would name types of this program.
            var place = $"{error.Path ?? "$"} (line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1})";
            throw ApiException.Malformed($"{prefix}not the expected JSON at {place}");
        }
    }
}
