namespace Samples.Pod;

/// <summary>Files that others read while they are written.</summary>
public static class AtomicFile
{
    /// <summary>
    /// Puts a content in the place of another: a reader sees the old one or the new one, whole, also after a power cut (temporary file,
    /// fsync, rename, as in T. Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014).
    /// </summary>
    public static void Write(string path, ReadOnlySpan<byte> content, string temporarySuffix = ".new")
    {
        var temporary = path + temporarySuffix;
        using (var file = File.OpenHandle(temporary, FileMode.Create, FileAccess.Write))
        {
            RandomAccess.Write(file, content, 0);
            RandomAccess.FlushToDisk(file);
        }

        File.Move(temporary, path, overwrite: true);
    }
}
