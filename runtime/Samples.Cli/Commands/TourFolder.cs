namespace Samples.Cli.Commands;

/// <summary>The data of one tour, in the folder for temporary files.</summary>
internal static class TourFolder
{
    public static string Create(string pattern) => Directory.CreateTempSubdirectory($"samples-tour-{pattern}-").FullName;

    public static void Delete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (IOException)
        {
            // Something holds a file of it for a moment longer; whoever clears temporary files gets it.
        }
    }
}
