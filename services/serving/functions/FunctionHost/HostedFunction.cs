using System.Globalization;
using System.Text.Json;
using Dapr;
using Dapr.AspNetCore;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Samples.FunctionHost;

/// <summary>A function with its endpoints.</summary>
internal sealed class HostedFunction(string name, Triggers triggers, Calls calls, EventHandling events, FunctionOptions options)
{
    public string Name => name;

    public Triggers Triggers => triggers;

    public void Map(IEndpointRouteBuilder routes)
    {
        foreach (var (method, path) in triggers.Http)
            routes.MapMethods(path, [method], AnswerAsync).WithName($"{name}-{method}-{path}");
        foreach (var topic in triggers.Topics)
        {
            routes.MapPost($"/on/{topic.Topic}/{name}", AnswerEventAsync).ExcludeFromDescription().WithTopic(new TopicOptions
            {
                PubsubName = options.PubSub, Name = topic.Topic, Match = topic.Where ?? "", Priority = topic.Where is null ? 0 : 1,
            });
        }

        foreach (var binding in triggers.Bindings)
        {
            // Dapr asks with OPTIONS whether the application wants the binding, and calls with POST.
            routes.MapMethods($"/{binding}", ["OPTIONS"], () => Results.Ok()).ExcludeFromDescription();
            routes.MapPost($"/{binding}", AnswerAsync).ExcludeFromDescription();
        }
    }

    /// <summary>Answers a request, or what a binding brought.</summary>
    public async Task AnswerAsync(HttpContext http)
    {
        var id = http.Request.Headers["X-Call-Id"].ToString() is { Length: > 0 and <= 100 } given ? given : Guid.NewGuid().ToString("N");
        http.Response.Headers["X-Call-Id"] = id;
        var (data, body) = await RequestBody.ReadAsync(http.Request, isEvent: false, http.RequestAborted);
        IResult? answer;
        try
        {
            (answer, var took, var wasCold) = await calls.CallAsync(
                new FunctionCall(id, data, body, http.Request.RouteValues), http.RequestAborted);
            http.Response.Headers["X-Duration-Seconds"] = took.TotalSeconds.ToString("0.000000", CultureInfo.InvariantCulture);
            if (wasCold)
                http.Response.Headers["X-Cold-Start"] = "true";
        }
        catch (TimeoutException late)
        {
            answer = Results.Problem(
                statusCode: StatusCodes.Status504GatewayTimeout, type: "too-late", title: $"'{name}' was not done in time.",
                detail: late.Message + " Set EXEC_TIMEOUT where it needs longer.");
        }

        await (answer ?? Results.NoContent()).ExecuteAsync(http);
    }

    /// <summary>Answers a CloudEvent as Dapr delivers it, or as Knative's triggers do with its attributes in headers.</summary>
    public async Task AnswerEventAsync(HttpContext http)
    {
        var (sent, body) = await RequestBody.ReadAsync(http.Request, isEvent: true, http.RequestAborted);
        var inHeaders = http.Request.Headers["ce-id"].ToString();
        var id = inHeaders.Length > 0 ? inHeaders : TextOf(sent, "id");
        var data = inHeaders.Length > 0 ? sent : DataOf(sent);
        if (id is null or { Length: 0 or > 200 })
            throw new BadHttpRequestException("It is no CloudEvent: an id of 1 to 200 characters is missing.");
        var isDone = await events.HandleAsync(
            new FunctionCall(id, data, body, http.Request.RouteValues), sent, http.RequestAborted);
        // Knative goes by the status, Dapr by the word.
        http.Response.StatusCode = isDone || inHeaders.Length == 0 ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        await http.Response.WriteAsJsonAsync(new { status = isDone ? "SUCCESS" : "RETRY" }, http.RequestAborted);
    }

    private static JsonElement DataOf(JsonElement envelope) =>
        envelope.ValueKind == JsonValueKind.Object && envelope.TryGetProperty("data", out var data) ? data : default;

    private static string? TextOf(JsonElement envelope, string member) =>
        envelope.ValueKind == JsonValueKind.Object && envelope.TryGetProperty(member, out var value)
            && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
