using System.Text.Json;
using System.Text.Json.Nodes;
using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Samples.Runtime.Errors;

namespace Samples.Runtime.BuildingBlocks;

/// <summary>Jobs as JSON: protobuf's JSON with intervals in Go's notation, as daprd reads and writes them over HTTP.</summary>
internal static class JobJson
{
    private static readonly TypeRegistry Types = TypeRegistry.FromMessages(
        Value.Descriptor, StringValue.Descriptor, BytesValue.Descriptor, Int64Value.Descriptor, BoolValue.Descriptor,
        DoubleValue.Descriptor, Struct.Descriptor);
    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default.WithTypeRegistry(Types));
    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(true));

    /// <summary>Reads the body of a schedule request. Throws <see cref="ApiException"/>.</summary>
    public static (Job Job, bool Overwrite) Read(string name, JsonObject body)
    {
        try
        {
            var data = body["data"];
            body.Remove("data");
            var overwrite = body["overwrite"] is JsonValue flag && flag.TryGetValue<bool>(out var yes) && yes;
            var job = Parser.Parse<Job>(body.ToJsonString());
            if (job.Name.Length > 0)
                throw new ApiException(
                    400, "DAPR_SCHEDULER_JOB_NAME", global::Grpc.Core.StatusCode.InvalidArgument, "Set the job name in the url only");
            job.Name = name;
            if (data is not null)
                job.Data = Any.Pack(JsonParser.Default.Parse<Value>(data.ToJsonString(JsonTexts.Compact)));
            return (job, overwrite);
        }
        catch (Exception error) when (error is InvalidProtocolBufferException or InvalidJsonException or ArgumentException)
        {
            // A member that stands twice in an object is an ArgumentException.
            throw ApiException.Malformed($"failed to unmarshal request body: {error.Message}");
        }
    }

    /// <summary>A job as the API tells it.</summary>
    public static JsonNode Write(Job job)
    {
        var plain = job.Clone();
        plain.Data = null;
        var json = JsonNode.Parse(Formatter.Format(plain))!.AsObject();
        if (job.Data is { } any)
        {
            json["data"] = Types.Find(Any.GetTypeName(any.TypeUrl)) is not null
                ? JsonNode.Parse(Formatter.Format(any))
                : new JsonObject { ["@type"] = any.TypeUrl, ["value"] = Convert.ToBase64String(any.Value.Span) };
        }

        return json;
    }

    /// <summary>A value as compact JSON.</summary>
    public static string Compact(Value value) =>
        JsonNode.Parse(JsonFormatter.Default.Format(value))?.ToJsonString(JsonTexts.Compact) ?? "null";
}
