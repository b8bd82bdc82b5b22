using Grpc.Core;
using Samples.Runtime.Errors;

namespace Samples.Runtime.BuildingBlocks;

/// <summary>What can go wrong when publishing, in daprd's words.</summary>
internal static class PubSubErrors
{
    public static ApiException NotFound(string pubSub, IReadOnlyDictionary<string, string>? metadata) =>
        new(404, "ERR_PUBSUB_NOT_FOUND", StatusCode.InvalidArgument, $"pubsub {pubSub} is not found")
        {
            Details = new ErrorDetails("DAPR_PUBSUB_NOT_FOUND") { Metadata = metadata },
        };

    public static ApiException NameEmpty(IReadOnlyDictionary<string, string> metadata) =>
        Error(404, "ERR_PUBSUB_EMPTY", StatusCode.InvalidArgument, "DAPR_PUBSUB_NAME_EMPTY", "", metadata, "pubsub name is empty");

    public static ApiException TopicEmpty(string pubSub, IReadOnlyDictionary<string, string> metadata) =>
        Error(
            404, "ERR_TOPIC_NAME_EMPTY", StatusCode.InvalidArgument, "DAPR_PUBSUB_TOPIC_NAME_EMPTY", pubSub, metadata,
            $"topic is empty in pubsub {pubSub}");

    public static ApiException Metadata(string pubSub, IReadOnlyDictionary<string, string> metadata, string why) =>
        Error(400, "ERR_PUBSUB_REQUEST_METADATA",
        StatusCode.InvalidArgument, "DAPR_PUBSUB_METADATA_DESERIALIZATION", pubSub, metadata,
        $"failed deserializing metadata. Error: {why}");

    public static ApiException NoCloudEvent(string pubSub, string appId, string why) => Error(500, "ERR_PUBSUB_CLOUD_EVENTS_SER",
        StatusCode.InvalidArgument, "DAPR_PUBSUB_CLOUD_EVENT_CREATION", pubSub, AppError(appId, why), "cannot create cloudevent");

    public static ApiException Forbidden(string pubSub, string topic, string appId)
    {
        var message = $"topic {topic} is not allowed for app id {appId}";
        return Error(
            403, "ERR_PUBSUB_FORBIDDEN", StatusCode.PermissionDenied, "DAPR_PUBSUB_FORBIDDEN", pubSub, TopicError(topic, message),
            message);
    }

    public static ApiException NotPublished(string pubSub, string topic, string why) => Error(500, "ERR_PUBSUB_PUBLISH_MESSAGE",
        StatusCode.Internal, "DAPR_PUBSUB_PUBLISH_MESSAGE", pubSub, TopicError(topic, why),
        $"error when publishing to topic {topic} in pubsub {pubSub}: {why}");

    public static ApiException EntryIds(string pubSub, string topic, string appId)
    {
        const string Why = "entryId is duplicated or not present for entry";
        return Error(400, "ERR_PUBSUB_EVENTS_SER", StatusCode.InvalidArgument, "DAPR_PUBSUB_MARSHAL_EVENTS", pubSub, AppError(appId, Why),
            $"error marshaling events to bytes for topic {topic} pubsub {pubSub}. error: {Why}");
    }

    public static ApiException Entry(string pubSub, string topic, string appId, string why) =>
        Error(400, "ERR_PUBSUB_EVENTS_SER", StatusCode.InvalidArgument,
        "DAPR_PUBSUB_MARSHAL_ENVELOPE", pubSub, AppError(appId, why),
        $"error when marshalling cloud event envelope for topic {topic} pubsub {pubSub}: {why}");

    public static ApiException Entries(string pubSub, string topic, string appId, string why) =>
        Error(400, "ERR_PUBSUB_EVENTS_SER", StatusCode.InvalidArgument,
        "DAPR_PUBSUB_UNMARSHAL_EVENTS", pubSub, new Dictionary<string, string> { ["appID"] = appId },
        $"error when unmarshaling the request for topic {topic} pubsub {pubSub}: {why}");

    private static Dictionary<string, string> AppError(string appId, string why) => new() { ["appID"] = appId, ["error"] = why };

    private static Dictionary<string, string> TopicError(string topic, string why) => new() { ["topic"] = topic, ["error"] = why };

    private static ApiException Error(
        int http, string code, StatusCode grpc, string reason, string pubSub, IReadOnlyDictionary<string, string> metadata,
        string message) =>
        new(
            http, code, grpc,
            message)
        { Details = new ErrorDetails(reason) { Metadata = metadata, Resource = ("pubsub", pubSub, message) } };
}
