using System.Text.Json;

namespace Samples.Runtime.Testing;

/// <summary>JSON as applications on the web write it.</summary>
internal static class Json
{
    public static JsonSerializerOptions Web => JsonSerializerOptions.Web;

    public static byte[] Write(object? value) => JsonSerializer.SerializeToUtf8Bytes(value, Web);

    public static T? Read<T>(ReadOnlyMemory<byte> data) => data.IsEmpty ? default : JsonSerializer.Deserialize<T>(data.Span, Web);

    public static JsonElement? TryParseObject(ReadOnlyMemory<byte> data)
    {
        try
        {
            var parsed = JsonElement.Parse(data.Span);
            return parsed.ValueKind == JsonValueKind.Object ? parsed : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static string Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
