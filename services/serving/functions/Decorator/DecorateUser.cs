using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Samples.FunctionHost;

namespace Samples.Decorator;

/// <summary>The decorator before the API for users: defaults, then the schema, then the API.</summary>
public sealed class DecorateUser(HttpClient api, Random random) : IFunction
{
    /// <inheritdoc/>
    public async Task<IResult?> HandleAsync(FunctionCall call, CancellationToken cancel)
    {
        if (call.Data.ValueKind != JsonValueKind.Object)
            return Refuse(new Dictionary<string, string[]> { ["body"] = ["Send a JSON object."] });
        var filled = UserDefaults.Fill(call.Data, call.Body, random);
        using (var user = JsonDocument.Parse(filled))
        {
            if (UserSchema.Problems(user.RootElement) is { Count: > 0 } problems)
                return Refuse(problems);
        }

        return await PassOnAsync(filled, cancel);
    }

    private async Task<IResult> PassOnAsync(ReadOnlyMemory<byte> user, CancellationToken cancel)
    {
        using var body = new ReadOnlyMemoryContent(user) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        try
        {
            using var answer = await api.PostAsync("users", body, cancel);
            var content = await answer.Content.ReadAsByteArrayAsync(cancel);
            return new Passed(answer.StatusCode, answer.Content.Headers.ContentType?.ToString(), answer.Headers.Location, content);
        }
        catch (HttpRequestException error)
        {
            return Results.Problem(
                statusCode: 502, type: "api-unreachable", title: "The API for users does not answer.", detail: error.Message);
        }
    }

    private static IResult Refuse(IDictionary<string, string[]> problems) => Results.ValidationProblem(
        problems, type: "against-schema", title: "The user is not as the schema says.",
        statusCode: StatusCodes.Status422UnprocessableEntity);

    // The API's answer, as it is.
    private sealed record Passed(HttpStatusCode Status, string? ContentType, Uri? Location, byte[] Content) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            var response = httpContext.Response;
            response.StatusCode = (int)Status;
            response.ContentType = ContentType;
            response.ContentLength = Content.Length;
            if (Location is not null)
                response.Headers.Location = Location.OriginalString;
            await response.Body.WriteAsync(Content, httpContext.RequestAborted);
        }
    }
}
