using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Samples.Runtime.Apps;
using Samples.Runtime.BuildingBlocks;
using Samples.Runtime.Components;
using Samples.Runtime.Resilience;
using Samples.Runtime.Resources;

namespace Samples.Runtime.Api.Http;

/// <summary>Events of input bindings for an HTTP application: it is asked with OPTIONS, then gets a POST for each.</summary>
internal sealed class HttpBindingReceiver(IAppChannel app, ILogger log) : IBindingReceiver
{
    public async Task<bool> WantsAsync(Component component, CancellationToken cancel)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Options, Route(component)) { Content = new ByteArrayContent([]) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var response = await app.SendAsync(request, HttpCompletionOption.ResponseContentRead, cancel);
            // Most frameworks answer 405 for a route that knows POST only: that is a yes, too.
            return response.StatusCode != HttpStatusCode.NotFound;
        }
        catch (HttpRequestException error)
        {
            log.LogWarning("the application could not be asked for the binding {Binding}: {Problem}", component.Name, error.Message);
            return false;
        }
    }

    public async Task<BindingReply> DeliverAsync(Component component, BindingEvent happened, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Post, Route(component))
        { Content = new ReadOnlyMemoryContent(happened.Data) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(happened.ContentType ?? "application/json");
        foreach (var (key, value) in happened.Metadata)
            request.Headers.TryAddWithoutValidation(key, value);
        TraceContext.AddTo(request.Headers);
        using var response = await app.SendAsync(request, HttpCompletionOption.ResponseContentRead, cancel);
        var body = await response.Content.ReadAsByteArrayAsync(cancel);
        if (!response.IsSuccessStatusCode)
            throw new FailedAnswerException(
                (int)response.StatusCode,
                new HttpRequestException(
                    $"the application answered {(int)response.StatusCode} to an event of the binding '{component.Name}'"));
        var answer = Answer.Parse(body);
        return new BindingReply(body, answer?.StoreName ?? "", answer?.States() ?? [], answer?.To ?? [], answer?.Operation ?? "create",
            answer?.Data is { } data ? JsonSerializer.SerializeToUtf8Bytes(data, JsonTexts.Compact) : default,
            answer?.Concurrency == "parallel");
    }

    private static string Route(Component component) => "/" + component.Metadata.GetValueOrDefault("route", component.Name).TrimStart('/');

    private sealed record SavedItem(string Key, JsonElement? Value, string? Etag);

    private sealed record Answer(
        string? StoreName, SavedItem[]? State, string[]? To, string? Operation, JsonElement? Data, string? Concurrency)
    {
        /// <summary>Null where the body is something else: applications need not answer in this shape.</summary>
        public static Answer? Parse(byte[] body)
        {
            if (body.AsSpan().TrimStart(" \t\r\n"u8) is not [(byte)'{', ..])
                return null;
            try
            {
                return JsonSerializer.Deserialize<Answer>(body, JsonTexts.Compact);
            }
            catch (JsonException)
            {
                return null;
            }
        }

        public IReadOnlyList<StateWrite> States() =>
            [
                .. (State ?? []).Select(
                    s => new StateWrite.Set(s.Key, JsonSerializer.SerializeToUtf8Bytes(s.Value, JsonTexts.Compact), s.Etag))
            ];
    }
}
