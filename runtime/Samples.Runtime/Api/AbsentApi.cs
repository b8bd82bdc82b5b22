using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Samples.Runtime.Api.Grpc;
using Samples.Runtime.BuildingBlocks;
using Samples.Runtime.Components;
using Samples.Runtime.Errors;

namespace Samples.Runtime.Api;

/// <summary>
/// What this runtime does not have: workflows, conversation, cryptography, state queries. A call gets the status and error code of a
/// daprd without such a component, and the message says where to find the feature.
/// </summary>
internal sealed class AbsentApi(SidecarContext context) : IBlockApi
{
    internal const string Cure = "; the embedded runtime does not have this feature, run with daprd";
    private static readonly string[] Versions = ["v1.0", "v1.0-beta1", "v1.0-alpha1"];

    public void MapHttp(IEndpointRouteBuilder routes)
    {
        foreach (var version in Versions)
        {
            routes.Map($"/{version}/workflows/{{component}}/{{**rest}}", (string component) => Refuse(Workflow(component)));
            routes.MapPost($"/{version}/state/{{store}}/query", (string store) => Refuse(Query(store)));
        }

        foreach (var version in (string[])["v1.0-alpha1", "v1.0-alpha2"])
            routes.MapPost($"/{version}/conversation/{{name}}/converse", (string name) => Refuse(Conversation(name)));
        routes.MapPut("/v1.0-alpha1/crypto/{name}/{operation}", () => Refuse(Crypto()));
    }

    public void BindGrpc(GrpcMethods methods)
    {
        foreach (var method in DaprReflection.Descriptor.Services.Single(s => s.Name == "Dapr").Methods)
        {
            if (Refusal(method) is { } refuse)
                methods.Refuse(method, refuse);
        }
    }

    private Func<IMessage, ApiException>? Refusal(MethodDescriptor method) => method.Name switch
    {
        var name when name.Contains("Workflow", StringComparison.Ordinal) => message => Workflow(Text(message, "workflow_component")),
        var name when name.StartsWith("Converse", StringComparison.Ordinal) => message => Conversation(Text(message, "name")),
        var name when name.StartsWith("QueryState", StringComparison.Ordinal) => message => Query(Text(message, "store_name")),
        var name when name.StartsWith("Subtle", StringComparison.Ordinal) => _ => Unimplemented(),
        "EncryptAlpha1" or "DecryptAlpha1" => _ => Crypto(),
        _ => null,
    };

    private static string Text(IMessage message, string field) =>
        message.Descriptor.FindFieldByName(field)?.Accessor.GetValue(message) as string ?? "";

    private static IResult Refuse(ApiException error) => throw error;

    internal static ApiException Workflow(string component) => new(400, "ERR_WORKFLOW_COMPONENT_NOT_FOUND", StatusCode.InvalidArgument,
        $"workflow component '{component}' does not exist{Cure}");

    private static ApiException Conversation(string name) => new(400, "ERR_CONVERSATION_NOT_FOUND", StatusCode.InvalidArgument,
        $"failed finding conversation component {name}{Cure}");

    private static ApiException Crypto() =>
        new(500, "ERR_CRYPTO_PROVIDERS_NOT_CONFIGURED", StatusCode.Internal, $"crypto providers not configured{Cure}");

    private static ApiException Unimplemented() =>
        new(501, "ERR_API_UNIMPLEMENTED", StatusCode.Unimplemented, "this API is currently not implemented");

    private ApiException Query(string store) => context.Components.Find<IStateStore>(store) is null
        ? StateBlock.NotFound(context, store)
        : new ApiException(500, "ERR_STATE_STORE_NOT_SUPPORTED", StatusCode.Internal, "state store does not support querying");
}
