using System.Text;
using Samples.Defaults;

namespace Samples.OrderSource;

/// <summary>Where orders come from.</summary>
/// <param name="Files">The storage binding of the folder [ORDERS_BINDING].</param>
/// <param name="Tick">The cron binding that says when to look [TICK_BINDING].</param>
/// <param name="Settled">How long a file must stay as it is before it counts as complete [SETTLED_SECONDS].</param>
/// <param name="LookAgain">How often a file that was read is looked at again, because it may have changed [LOOK_AGAIN_SECONDS].</param>
/// <param name="Encoding">Of files that do not say it with a byte order mark [ENCODING].</param>
/// <param name="MostBytes">Of a file; the sidecar has the same limit, <c>maxBodySize</c> [MAX_FILE_MB].</param>
public sealed record SourceOptions(string Files, string Tick, TimeSpan Settled, TimeSpan LookAgain, Encoding Encoding, int MostBytes)
{
    /// <summary>Reads the environment. Throws <see cref="WrongSettingException"/>.</summary>
    public static SourceOptions From(IConfiguration configuration) => new(
        configuration["ORDERS_BINDING"] is { Length: > 0 } files ? files : "order-files",
        configuration["TICK_BINDING"] is { Length: > 0 } tick ? tick : "order-tick",
        configuration.Seconds("SETTLED_SECONDS", 1, 0, 3600),
        configuration.Seconds("LOOK_AGAIN_SECONDS", 10, 0, 24 * 3600),
        EncodingOf(configuration["ENCODING"] is { Length: > 0 } name ? name : "utf-8"),
        configuration.Whole("MAX_FILE_MB", 64, 1, 1024) << 20);

    private static Encoding EncodingOf(string name)
    {
        Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
        try
        {
            return Encoding.GetEncoding(name);
        }
        catch (ArgumentException)
        {
            throw new WrongSettingException($"ENCODING is '{name}'; give a name such as utf-8, iso-8859-1 or windows-1252.");
        }
    }
}
