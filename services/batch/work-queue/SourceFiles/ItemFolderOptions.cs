using Samples.Defaults;

namespace Samples.SourceFiles;

/// <summary>Where the items are.</summary>
/// <param name="Folder">A folder of files, or a mounted ConfigMap [SAMPLES_FOLDER, else <c>pictures</c> in the data folder].</param>
/// <param name="Settled">
/// How long a file must have been left alone before it is an item: somebody may still be writing it [SOURCE_SETTLED_MS].
/// </param>
public sealed record ItemFolderOptions(string Folder, TimeSpan Settled)
{
    /// <summary>Reads and checks the settings.</summary>
    public static ItemFolderOptions From(IConfiguration configuration)
    {
        var folder = configuration["SAMPLES_FOLDER"] is { Length: > 0 } own
            ? own
            : Path.Combine(configuration["SAMPLES_DATA"] ?? ".samples/work-queue", "pictures");
        return configuration["SOURCE_SETTLED_MS"] is not { Length: > 0 } text
            ? new ItemFolderOptions(Path.GetFullPath(folder), TimeSpan.FromMilliseconds(500))
            : int.TryParse(text, out var settled) && settled is >= 0 and <= 60_000
            ? new ItemFolderOptions(Path.GetFullPath(folder), TimeSpan.FromMilliseconds(settled))
            : throw new WrongSettingException($"SOURCE_SETTLED_MS is '{text}'; give milliseconds between 0 and 60000.");
    }
}
