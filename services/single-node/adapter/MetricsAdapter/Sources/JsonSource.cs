using System.Text.Json;

namespace Samples.MetricsAdapter.Sources;

/// <summary>A page of statistics in JSON, read over HTTP, directly or through the sidecar.</summary>
internal sealed class JsonSource(string name, HttpClient http, Uri address, JsonMapping mapping, int mostBytes) : ISource
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    public string Name => name;

    public async Task<Reading> ReadAsync(CancellationToken cancel)
    {
        using var answer = await http.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, cancel);
        if (!answer.IsSuccessStatusCode)
            throw new SourceException("status", $"It answered {(int)answer.StatusCode}.");
        try
        {
            // Larger than allowed is found out while it comes, not when it is all here.
            await answer.Content.LoadIntoBufferAsync(mostBytes, cancel);
        }
        catch (HttpRequestException error) when (error.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            throw new SourceException("too-large", $"At most {mostBytes} bytes are read.");
        }

        return Read(await answer.Content.ReadAsByteArrayAsync(cancel), mapping);
    }

    /// <summary>Values of a page.</summary>
    public static Reading Read(byte[] page, JsonMapping mapping)
    {
        if (page.AsSpan().IndexOfAnyExcept(" \t\r\n"u8) < 0)
            throw new SourceException("empty", "The answer is empty.");
        try
        {
            using var document = JsonDocument.Parse(page, Strict);
            return mapping.Read(document.RootElement);
        }
        catch (JsonException)
        {
            throw new SourceException("format", "JSON in which no field stands twice is expected.");
        }
    }
}
