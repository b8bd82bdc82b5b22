using System.Text.Json;
using Dapr;
using Dapr.AspNetCore;
using Dapr.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Samples.Defaults;

namespace Samples.Stages;

/// <summary>What makes a program a stage, in two calls: <see cref="AddStage"/> before it is built, and <c>MapStage</c> after.</summary>
public static class Stage
{
    /// <summary>Reads the wiring from the environment. A mistake in it stops the start.</summary>
    /// <param name="builder">The program.</param>
    /// <param name="kind">What it does, in a word; its app id where none is set.</param>
    /// <param name="inputs">How many topics come in; one.</param>
    /// <param name="outputs">How many go out; one.</param>
    public static StageSettings AddStage(this WebApplicationBuilder builder, string kind, Range? inputs = null, Range? outputs = null)
    {
        builder.AddDefaults();
        var settings = StageSettings.From(builder.Configuration, kind, inputs, outputs);
        builder.Services.AddSingleton(settings);
        builder.Services.AddSingleton(new Outbox(builder.Configuration, settings));
        builder.Services.AddSingleton<Counts>();
        builder.Services.AddSingleton<Guarantees>();
        return settings;
    }

    /// <summary>Handles the events of all inputs, one after another.</summary>
    public static void MapStage(this WebApplication app, Func<StageEvent, Outcome> function) =>
        app.MapStage((received, _) => ValueTask.FromResult(function(received)));

    /// <summary>Handles the events of all inputs, one after another.</summary>
    /// <param name="app">The program.</param>
    /// <param name="function">What becomes of an event.</param>
    /// <param name="effect">What else is written when events are noted as seen.</param>
    /// <param name="match">A condition that the sidecar holds events to before it delivers them.</param>
    public static void MapStage(this WebApplication app, StageFunction function, IStageEffect? effect = null, string? match = null)
    {
        var settings = app.Services.GetRequiredService<StageSettings>();
        app.MapDefaults();
        app.MapSubscribeHandler();
        var inputs = settings.Inputs.Select(topic => Map(app, settings, topic, function, effect, match)).ToList();
        app.MapFlow(settings.Faults, () => inputs.Sum(i => i.Remembered));
    }

    /// <summary>What every stage has, for a program without topics in: the beginning of a flow.</summary>
    public static void MapSource(this WebApplication app)
    {
        app.MapDefaults();
        app.MapFlow(app.Services.GetRequiredService<StageSettings>().Faults, () => 0);
    }

    private static StageInput Map(
        WebApplication app, StageSettings settings, string topic, StageFunction function, IStageEffect? effect, string? match)
    {
        var services = app.Services;
        var seen = new SeenLog(
            services.GetRequiredService<DaprClient>(), settings.StateStore, topic, settings.SeenFor,
            services.GetRequiredService<TimeProvider>());
        var input = new StageInput(
            topic, settings, seen, services.GetRequiredService<Outbox>(), function, effect,
            services.GetRequiredService<Guarantees>(), services.GetRequiredService<Counts>(),
            services.GetRequiredService<ILogger<StageInput>>());
        app.MapPost($"/in/{topic}", (HttpRequest request, CancellationToken cancel) => AnswerAsync(input, request, cancel))
            .WithTopic(new TopicOptions
            {
                PubsubName = settings.PubSub, Name = topic, Match = match ?? "", Priority = match is null ? 0 : 1,
            })
            .WithBulkSubscribe(new BulkSubscribeTopicOptions
            {
                TopicName = topic, MaxMessagesCount = settings.Batch, MaxAwaitDurationMs = (int)settings.Wait.TotalMilliseconds,
            })
            .ExcludeFromDescription();
        return input;
    }

    private static async Task<IResult> AnswerAsync(StageInput input, HttpRequest request, CancellationToken cancel)
    {
        using var body = await JsonDocument.ParseAsync(request.Body, cancellationToken: cancel);
        if (body.RootElement.ValueKind != JsonValueKind.Object || !body.RootElement.TryGetProperty("entries", out var list)
            || list.ValueKind != JsonValueKind.Array)
            throw new BadHttpRequestException("Events come in batches: {\"entries\": [{\"entryId\": \"...\", \"event\": {...}}]}.");
        var entries = list.EnumerateArray().ToList();
        var done = await input.HandleAsync([.. entries.Select(e => e.TryGetProperty("event", out var one) ? one : e)], cancel);
        return Results.Json(new Answer([.. entries.Zip(done, (entry, isDone) => new EntryStatus(
            entry.GetProperty("entryId").GetString()!, isDone ? "SUCCESS" : "RETRY"))]));
    }

    private sealed record Answer(IReadOnlyList<EntryStatus> Statuses);

    private sealed record EntryStatus(string EntryId, string Status);
}
