namespace Samples.Runtime.BuildingBlocks;

/// <summary>What a content type says about data; parameters such as a charset do not matter.</summary>
internal static class ContentTypes
{
    public static bool IsJson(string contentType) => Is(contentType, "application/json");

    public static bool IsBinary(string contentType) => Is(contentType, "application/octet-stream");

    public static bool IsText(string contentType) =>
        contentType.StartsWith("text/", StringComparison.OrdinalIgnoreCase) || Is(contentType, "application/xml");

    public static bool IsCloudEvent(string contentType) => Is(contentType, CloudEvents.ContentType);

    private static bool Is(string contentType, string wanted) =>
        contentType
            .AsSpan(0, contentType.IndexOf(';') is >= 0 and var end ? end : contentType.Length)
            .Trim()
            .Equals(wanted, StringComparison.OrdinalIgnoreCase);
}
