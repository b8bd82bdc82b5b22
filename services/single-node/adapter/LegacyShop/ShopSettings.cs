using Samples.Parameters;

namespace Samples.LegacyShop;

/// <summary>What can be set.</summary>
internal static class ShopSettings
{
    /// <summary>Everything that can be set.</summary>
    public static Usage Usage { get; } = new(
        "legacy-shop", "an application to adapt: statistics as a JSON page, an access log in Common Log Format, orders in SQLite.",
    [
        new("ASPNETCORE_URLS", "http://localhost:5000", "Where to listen."),
        new("SAMPLES_DATA", ".samples/adapter", "The folder that the application and its adapters share."),
    ]);
}
