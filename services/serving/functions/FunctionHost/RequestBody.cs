using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Samples.FunctionHost;

/// <summary>Reads what was sent, and refuses what cannot be read.</summary>
internal static class RequestBody
{
    // Of a member that stands there twice, readers take the first or the last: nobody knows what the next one will.
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    public static async Task<(JsonElement Data, byte[] Body)> ReadAsync(HttpRequest request, bool isEvent, CancellationToken cancel)
    {
        if (request.ContentLength > FunctionOptions.LargestBody)
            throw new BadHttpRequestException("The body is larger than 1 MB.", StatusCodes.Status413PayloadTooLarge);
        using var buffer = new MemoryStream();
        var chunk = new byte[16 * 1024];
        for (int read; (read = await request.Body.ReadAsync(chunk, cancel)) > 0; buffer.Write(chunk, 0, read))
        {
            if (buffer.Length + read > FunctionOptions.LargestBody)
                throw new BadHttpRequestException("The body is larger than 1 MB.", StatusCodes.Status413PayloadTooLarge);
        }

        var body = buffer.ToArray();
        if (body.Length == 0)
            return (default, body);
        if (!isEvent && !request.HasJsonContentType())
            throw new BadHttpRequestException("Send application/json.", StatusCodes.Status415UnsupportedMediaType);
        try
        {
            return (JsonDocument.Parse(body, Strict).RootElement, body);
        }
        catch (JsonException error)
        {
            throw new BadHttpRequestException("The body is no JSON.", StatusCodes.Status400BadRequest, error);
        }
    }
}
