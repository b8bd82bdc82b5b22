using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Samples.Runtime.Api;
using Samples.Runtime.Api.Http;
using Samples.Runtime.Apps;
using Samples.Runtime.Components;
using Samples.Runtime.Resilience;
using Samples.Runtime.Resources;

namespace Samples.Runtime.BuildingBlocks;

/// <summary>
/// Input bindings of one application: it is asked with OPTIONS whether it wants a binding, then gets its events with POST. Its
/// answer may save state and invoke output bindings.
/// </summary>
internal sealed class InputBindings(SidecarContext context, BindingBlock outputs, StateBlock state) : IAsyncDisposable
{
    private readonly ILogger _log = context.Loggers.CreateLogger("sidecar." + context.AppId);
    private readonly List<IAsyncDisposable> _running = [];

    public async Task StartAsync(CancellationToken cancel)
    {
        await StopAsync();
        foreach (var (component, engine) in context.Components.All)
        {
            if (engine is IInputBinding binding && await IsWantedAsync(component, cancel))
            {
                var route = Route(component);
                _running.Add(await binding.StartAsync(context.AppId, (happened, stop) =>
                    context.Policies.Inbound(component.Name).RunAsync(async limit => await DeliverAsync(component.Name, route, happened, limit), stop).AsTask(), cancel));
            }
        }
    }

    public async Task StopAsync()
    {
        foreach (var running in _running)
            await running.DisposeAsync();
        _running.Clear();
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    private static string Route(Component component) => "/" + component.Metadata.GetValueOrDefault("route", component.Name).TrimStart('/');

    private async Task<bool> IsWantedAsync(Component component, CancellationToken cancel)
    {
        // Who wrote the direction down has decided: the application is not asked.
        if (component.Metadata.TryGetValue("direction", out var direction))
            return direction.Contains("input", StringComparison.OrdinalIgnoreCase);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Options, Route(component)) { Content = new ByteArrayContent([]) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var response = await context.App.SendAsync(request, HttpCompletionOption.ResponseContentRead, cancel);
            // Most frameworks answer 405 for a route that knows POST only: that is a yes, too.
            return response.StatusCode != HttpStatusCode.NotFound;
        }
        catch (HttpRequestException error)
        {
            _log.LogWarning("the application could not be asked for the binding {Binding}: {Problem}", component.Name, error.Message);
            return false;
        }
    }

    private async Task<ReadOnlyMemory<byte>> DeliverAsync(string name, string route, BindingEvent happened, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, route) { Content = new ReadOnlyMemoryContent(happened.Data) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(happened.ContentType ?? "application/json");
        foreach (var (key, value) in happened.Metadata)
            request.Headers.TryAddWithoutValidation(key, value);
        TraceContext.AddTo(request.Headers);
        using var response = await context.App.SendAsync(request, HttpCompletionOption.ResponseContentRead, cancel);
        var body = await response.Content.ReadAsByteArrayAsync(cancel);
        if (!response.IsSuccessStatusCode)
            throw new HttpRequestException($"the application answered {(int)response.StatusCode} to an event of the binding '{name}'");
        if (Answer.Parse(body) is { } answer)
            await CarryOutAsync(answer, cancel);
        return body;
    }

    private async Task CarryOutAsync(Answer answer, CancellationToken cancel)
    {
        if (answer is { State.Length: > 0, StoreName.Length: > 0 })
        {
            await state.SaveAsync(answer.StoreName,
                [.. answer.State.Select(s => new StateWrite.Set(s.Key, JsonSerializer.SerializeToUtf8Bytes(s.Value, JsonTexts.Compact), s.Etag))], cancel);
        }

        var data = answer.Data is { } value ? JsonSerializer.SerializeToUtf8Bytes(value, JsonTexts.Compact) : [];
        var calls = (answer.To ?? []).Select(to => (Func<Task>)(() =>
            outputs.InvokeAsync(to, answer.Operation ?? "create", data, new Dictionary<string, string>(), cancel)));
        if (answer.Concurrency == "parallel")
            await Task.WhenAll(calls.Select(call => call()));
        else
            foreach (var call in calls)
                await call();
    }

    private sealed record SavedItem(string Key, JsonElement? Value, string? Etag);

    private sealed record Answer(string? StoreName, SavedItem[]? State, string[]? To, string? Operation, JsonElement? Data, string? Concurrency)
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
    }
}
