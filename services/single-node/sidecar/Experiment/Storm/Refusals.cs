namespace Samples.Experiments.Sidecar.Storm;

/// <summary>
/// What the site itself noted of the configurations that it read: legacy-site keeps a line for each that it took and for each that it did
/// not; nginx has its error log.
/// </summary>
internal sealed class Refusals(string folder)
{
    /// <summary>How many there were so far.</summary>
    public Count Read() => new(
        Lines("site.refused").Count() + Lines("site.error.log").Count(l => l.Contains("[emerg]", StringComparison.Ordinal)),
        Lines("site.loaded").Count());

    private IEnumerable<string> Lines(string name)
    {
        var path = Path.Combine(folder, name);
        return File.Exists(path) ? File.ReadLines(path) : [];
    }

    /// <summary>Configurations that were refused, and that were taken.</summary>
    public sealed record Count(int Refused, int Loaded)
    {
        public static Count operator -(Count after, Count before) => new(after.Refused - before.Refused, after.Loaded - before.Loaded);
    }
}
