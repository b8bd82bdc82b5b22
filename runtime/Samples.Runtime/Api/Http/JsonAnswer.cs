using Microsoft.AspNetCore.Http;
using Samples.Runtime.BuildingBlocks;

namespace Samples.Runtime.Api.Http;

/// <summary>Answers as JSON, with the media type alone, as daprd writes it.</summary>
internal static class JsonAnswer
{
    public static IResult Of(object body, int status = StatusCodes.Status200OK) =>
        Results.Json(body, JsonTexts.Compact, "application/json", status);
}
