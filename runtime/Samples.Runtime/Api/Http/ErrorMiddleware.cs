using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Samples.Runtime.Errors;

namespace Samples.Runtime.Api.Http;

/// <summary>Every failure gets a status, an error code and a message, never a stack trace.</summary>
internal sealed class ErrorMiddleware(RequestDelegate next, long maxBodySize, ILoggerFactory loggers)
{
    private readonly ILogger _log = loggers.CreateLogger("sidecar.api");

    public async Task InvokeAsync(HttpContext http)
    {
        try
        {
            if (http.Request.ContentLength > maxBodySize)
                throw new BadHttpRequestException("too large", StatusCodes.Status413PayloadTooLarge);
            await next(http);
        }
        catch (ApiException error) when (!http.Response.HasStarted)
        {
            await WriteAsync(http, error);
        }
        catch (BadHttpRequestException error) when (!http.Response.HasStarted)
        {
            var message = error.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? $"the request body exceeds {maxBodySize} bytes; raise --max-body-size" : error.Message;
            await WriteAsync(
                http, new ApiException(error.StatusCode, "ERR_MALFORMED_REQUEST", global::Grpc.Core.StatusCode.InvalidArgument, message));
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // Nobody listens any more.
        }
        catch (Exception error) when (!http.Response.HasStarted)
        {
            _log.LogError(error, "{Method} {Path} failed", http.Request.Method, http.Request.Path);
            await WriteAsync(http, new ApiException(500, "ERR_INTERNAL", global::Grpc.Core.StatusCode.Internal, error.Message));
        }
    }

    internal static Task WriteAsync(HttpContext http, ApiException error)
    {
        http.Response.Clear();
        http.Response.StatusCode = error.HttpStatus;
        http.Response.ContentType = "application/json";
        var body = new Dictionary<string, object?> { ["errorCode"] = error.ErrorCode, ["message"] = error.Message };
        if (error.Details is { } details)
            body["details"] = Details(details);
        return http.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(body), http.RequestAborted).AsTask();
    }

    // The order and the spelling of daprd: field names of the protobuf messages, not their JSON names.
    private static List<Dictionary<string, object?>> Details(ErrorDetails details)
    {
        var list = new List<Dictionary<string, object?>>();
        if (details.Violation is { } violation)
        {
            list.Add(new()
            {
                ["@type"] = "type.googleapis.com/google.rpc.BadRequest",
                ["field_violations"] = new[] { new { field = violation.Field, description = violation.Description } },
            });
        }

        if (details.Resource is { } resource)
        {
            list.Add(new()
            {
                ["@type"] = "type.googleapis.com/google.rpc.ResourceInfo",
                ["description"] = resource.Description,
                ["owner"] = "",
                ["resource_name"] = resource.Name,
                ["resource_type"] = resource.Type,
            });
        }

        list.Add(new()
        {
            ["@type"] = "type.googleapis.com/google.rpc.ErrorInfo",
            ["domain"] = "dapr.io",
            ["metadata"] = details.Metadata,
            ["reason"] = details.Reason,
        });
        return list;
    }
}
