using System.Net;
using System.Runtime.InteropServices;
using System.Text.Json;
using Samples.Stages;

namespace Samples.OwnStage;

/// <summary>
/// Gives the program one event: a POST of its data, with the CloudEvent's attributes as headers (its HTTP binding, binary mode). 200 and
/// JSON is the event's new data, 204 ends it, 4xx sends it to the dead letters with what the program said; whatever else happens, it comes
/// again.
/// </summary>
public sealed class ProgramClient(ProgramOptions options) : IDisposable
{
    private const int MostReason = 500;

    private readonly HttpClient _http = new() { Timeout = options.Limit };

    /// <summary>Asks the program what becomes of an event.</summary>
    public async ValueTask<Outcome> AskAsync(StageEvent received, string output, CancellationToken cancel)
    {
        if (options.Address is not { } address)
            return Outcome.To(received.To(output));
        try
        {
            using var request = Request(address, received);
            using var answer = await _http.SendAsync(request, cancel);
            var said = await answer.Content.ReadAsStringAsync(cancel);
            return (int)answer.StatusCode switch
            {
                204 => Outcome.None,
                >= 200 and < 300 => Read(received, output, said),
                (int)HttpStatusCode.RequestTimeout or (int)HttpStatusCode.TooManyRequests => Again(answer.StatusCode),
                >= 400 and < 500 => Outcome.Dead($"The program answered {(int)answer.StatusCode}: {Short(said)}"),
                _ => Again(answer.StatusCode),
            };
        }
        catch (HttpRequestException error)
        {
            return Outcome.Again(error.Message);
        }
        catch (TaskCanceledException) when (!cancel.IsCancellationRequested)
        {
            return Outcome.Again($"The program took longer than {options.Limit.TotalSeconds:0.#} s.");
        }
    }

    private static HttpRequestMessage Request(Uri address, StageEvent received)
    {
        var data = received.Data.ValueKind == JsonValueKind.Undefined ? "null"u8 : JsonMarshal.GetRawUtf8Value(received.Data);
        var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(data.ToArray()) };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.TryAddWithoutValidation("ce-id", received.Id);
        foreach (var name in (string[])["specversion", "source", "type", "subject"])
        {
            if (received.Envelope.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String)
                request.Headers.TryAddWithoutValidation("ce-" + name, Uri.EscapeDataString(value.GetString()!));
        }

        return request;
    }

    private static Outcome Read(StageEvent received, string output, string said)
    {
        try
        {
            using var data = JsonDocument.Parse(said);
            return Outcome.To(received.With(output, data.RootElement));
        }
        catch (JsonException)
        {
            return Outcome.Dead($"The program's answer is no JSON: {Short(said)}");
        }
    }

    private static Outcome Again(HttpStatusCode status) => Outcome.Again($"The program answered {(int)status}.");

    private static string Short(string said) => said.Length <= MostReason ? said.Trim() : said[..MostReason].Trim() + " ...";

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();
}
