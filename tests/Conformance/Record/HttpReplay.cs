using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Samples.Conformance.Record;

/// <summary>Sends a case of the HTTP record to the sidecar it names, and gives the answer in the record's form.</summary>
internal sealed class HttpReplay(RecordedMachine machine, Likeness likeness) : IDisposable
{
    // The headers that say something; the others are the server's own.
    private static readonly string[] Telling = ["content-type", "etag", "metadata.ttlexpiretime", "x-app"];
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };

    public async Task<JsonObject> AskAsync(RecordedCase recorded, CancellationToken cancel)
    {
        await PrepareAsync(recorded);
        using var request = Build(recorded);
        using var response = await _http.SendAsync(request, cancel);
        var body = await response.Content.ReadAsStringAsync(cancel);
        var headers = new JsonObject();
        foreach (var (name, values) in response.Headers.Concat(response.Content.Headers).OrderBy(h => h.Key, StringComparer.Ordinal))
        {
            if (Telling.Contains(name.ToLowerInvariant()))
                headers[name.ToLowerInvariant()] = string.Join(", ", values);
        }

        return new JsonObject { ["status"] = (int)response.StatusCode, ["headers"] = headers, ["body"] = Likeness.ParseOrText(body) };
    }

    private async Task PrepareAsync(RecordedCase recorded)
    {
        if (recorded is { Block: "configuration", Name: "get two and an absent" })
            await machine.ConfigureAsync(("colour", "blue", "v1"), ("plainval", "green", ""));
        if (recorded is { Block: "configuration", Name: "change delivered" })
            await machine.ChangeAsync("colour", "red", "v2");
    }

    private HttpRequestMessage Build(RecordedCase recorded)
    {
        var path = likeness.Translate(recorded.Request!["path"]!.GetValue<string>());
        var address = new Uri(
            $"http://127.0.0.1:{machine[AppId(recorded)].HttpPort}{path}",
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        var request = new HttpRequestMessage(new HttpMethod(recorded.Request["method"]!.GetValue<string>()), address);
        if (recorded.Request.TryGetPropertyValue("body", out var body))
        {
            var text = body is JsonValue value && value.TryGetValue<string>(out var plain) ? plain : Spaced(body!);
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(likeness.Translate(text)));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        foreach (var (name, value) in recorded.Request["headers"] as JsonObject ?? [])
        {
            if (name.Equals("content-type", StringComparison.OrdinalIgnoreCase))
                request.Content!.Headers.ContentType = MediaTypeHeaderValue.Parse(value!.GetValue<string>());
            else
                request.Headers.TryAddWithoutValidation(name, likeness.Translate(value!.GetValue<string>()));
        }

        return request;
    }

    // The client of the recording wrote its JSON with spaces, which a raw payload shows.
    private static string Spaced(JsonNode node) => node switch
    {
        JsonObject map => $"{{{string.Join(", ", map.Select(m => $"\"{m.Key}\": {(m.Value is null ? "null" : Spaced(m.Value))}"))}}}",
        JsonArray list => $"[{string.Join(", ", list.Select(i => i is null ? "null" : Spaced(i)))}]",
        _ => node.ToJsonString(),
    };

    private static string AppId(RecordedCase recorded) => recorded switch
    {
        { Block: "token" } or { Block: "invoke", Name: "self without app port" } => "app2",
        { Block: "invoke", Name: "namespace in the id" } => "caller",
        { Block: "invoke" } when recorded.Name.StartsWith("other app", StringComparison.Ordinal)
            || recorded.Name.EndsWith("from another", StringComparison.Ordinal) => "caller",
        _ => "app1",
    };

    public void Dispose() => _http.Dispose();
}
