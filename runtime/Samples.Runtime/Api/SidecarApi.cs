using System.Collections.Concurrent;
using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Samples.Runtime.Api.Grpc;
using Samples.Runtime.Api.Http;
using Samples.Runtime.Apps;
using Samples.Runtime.BuildingBlocks;
using Samples.Runtime.Errors;

namespace Samples.Runtime.Api;

/// <summary>Health, metadata and shutdown of one sidecar.</summary>
internal sealed class SidecarApi(
    SidecarContext context, AppConnection app, IReadOnlyList<IBlockApi> blocks, Action shutdown)
{
    private const string Version = "1.18.3-samples";
    private readonly ConcurrentDictionary<string, string> _extended = new(StringComparer.Ordinal) { ["daprRuntimeVersion"] = Version };

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1.0/healthz", (string? appid) => appid is null || appid == context.AppId
            ? app.Port is null || context.App.IsTakenUp
                ? Results.NoContent()
                : throw new ApiException(
                    500, "ERR_HEALTH_NOT_READY", StatusCode.Unavailable, "dapr is not ready: the application does not answer yet")
            : throw new ApiException(500, "ERR_HEALTH_APPID_NOT_MATCH", StatusCode.InvalidArgument, "dapr app-id does not match"));
        routes.MapGet("/v1.0/healthz/outbound", () => Results.NoContent());
        routes.MapGet("/v1.0/metadata", () => JsonAnswer.Of(Describe()));
        routes.MapPut("/v1.0/metadata/{key}", async (string key, HttpRequest request) =>
        {
            using var body = new StreamReader(request.Body);
            _extended[key] = await body.ReadToEndAsync(request.HttpContext.RequestAborted);
            return Results.NoContent();
        });
        routes.MapPost("/v1.0/shutdown", () =>
        {
            shutdown();
            return Results.NoContent();
        });
    }

    public void Bind(GrpcMethods methods)
    {
        methods.Unary<GetMetadataRequest, GetMetadataResponse>(
            "GetMetadata", (_, _) => Task.FromResult(MetadataGrpc.ToMessage(Describe())));
        methods.Unary<SetMetadataRequest, Empty>("SetMetadata", (request, _) =>
        {
            _extended[request.Key] = request.Value;
            return Task.FromResult(new Empty());
        });
        methods.Unary<ShutdownRequest, Empty>("Shutdown", (_, _) =>
        {
            shutdown();
            return Task.FromResult(new Empty());
        });
    }

    private Dictionary<string, object?> Describe()
    {
        var metadata = new Dictionary<string, object?>
        {
            ["id"] = context.AppId,
            ["runtimeVersion"] = Version,
            ["components"] = context.Components.All.Select(c => new
            {
                name = c.Component.Name,
                type = c.Component.Type,
                version = c.Component.Version,
                capabilities = c.Engine.Capabilities.Count > 0 ? c.Engine.Capabilities : null,
            }),
            ["extended"] = _extended,
        };
        foreach (var block in blocks)
            block.Describe(metadata);
        if (app.Port is { } port)
        {
            metadata["appConnectionProperties"] = new
            {
                port, protocol = app.Protocol, channelAddress = "127.0.0.1",
                maxConcurrency = app.MaxConcurrency > 0 ? app.MaxConcurrency : (int?)null,
            };
        }

        return metadata;
    }
}
