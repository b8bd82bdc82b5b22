using System.Text.Json;
using System.Text.Json.Nodes;
using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf;
using Samples.Runtime.Api.Http;
using Samples.Runtime.BuildingBlocks;

namespace Samples.Runtime.Api.Grpc;

/// <summary>
/// The metadata over gRPC: what HTTP tells, as a message. The field names are the same but for the rules of subscriptions.
/// </summary>
internal static class MetadataGrpc
{
    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(true));

    public static GetMetadataResponse ToMessage(IReadOnlyDictionary<string, object?> description)
    {
        var json = JsonSerializer.SerializeToNode(description, JsonTexts.Compact)!.AsObject();
        foreach (var subscription in (json["subscriptions"] as JsonArray ?? []).OfType<JsonObject>())
        {
            // A list over HTTP, a list within a message over gRPC.
            if (subscription["rules"] is JsonArray rules)
                subscription["rules"] = new JsonObject { ["rules"] = rules.DeepClone() };
        }

        return Parser.Parse<GetMetadataResponse>(json.ToJsonString(JsonTexts.Compact));
    }
}
