namespace Samples.Runtime.Apps.Members;

/// <summary>
/// A file that a process keeps locked while it lives. The kernel frees it whatever end the process finds, so that a record of a dead
/// process can be told from one of a slow process without a time limit.
/// </summary>
internal sealed class Lease : IDisposable
{
    private readonly FileStream _file;

    private Lease(FileStream file) => _file = file;

    /// <summary>Takes a lease that nobody has; null where somebody has it.</summary>
    public static Lease? TryTake(string path)
    {
        try
        {
            return new Lease(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>True where a process lives that holds it.</summary>
    public static bool IsHeld(string path)
    {
        try
        {
            // Opened only where it exists: a name is never used a second time.
            using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return false;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (DirectoryNotFoundException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    /// <summary>Ends it. The file stays: of two that take a lease at once, neither must find another file than the other.</summary>
    public void Dispose() => _file.Dispose();

    /// <summary>Removes the file of a lease that ended and whose name nobody uses again.</summary>
    public static void Forget(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // An empty file more.
        }
    }
}
