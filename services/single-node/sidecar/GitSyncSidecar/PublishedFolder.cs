using System.Runtime.InteropServices;
using LibGit2Sharp;

namespace Samples.GitSyncSidecar;

/// <summary>
/// Versions side by side, a folder a commit, and a link to the one that is published. The link is switched in one step (a new link, renamed
/// over the old one): a reader sees one version or the other, never a mixture.
/// </summary>
public sealed partial class PublishedFolder(GitOptions options)
{
    private const string Unfinished = ".part";

    private string Link => Path.Combine(options.Published, "current");

    /// <summary>The commit that is published; null for none.</summary>
    public string? Current =>
        new FileInfo(Link).LinkTarget is { } target && Directory.Exists(Path.Combine(options.Published, target)) ? target : null;

    /// <summary>Publishes a commit. Throws where it cannot be written whole, and then nothing has changed.</summary>
    public void Publish(Commit commit)
    {
        Directory.CreateDirectory(options.Published);
        var folder = Path.Combine(options.Published, commit.Sha);
        if (!Directory.Exists(folder))
        {
            var unfinished = folder + Unfinished;
            if (Directory.Exists(unfinished))
                Directory.Delete(unfinished, recursive: true);
            Write(commit.Tree, Directory.CreateDirectory(unfinished).FullName);
            Directory.Move(unfinished, folder);
        }

        // Renaming over a link replaces the link and follows nothing.
        var next = Link + ".new";
        File.Delete(next);
        Directory.CreateSymbolicLink(next, commit.Sha);
        Switch(next, Link);
        RemoveOld(commit.Sha);
    }

    // .NET's own move looks for a file behind the link, and there is a folder.
    private static void Switch(string next, string link)
    {
        if (!OperatingSystem.IsWindows())
        {
            if (Rename(next, link) != 0)
                throw new IOException($"{link} cannot be switched: {Marshal.GetLastPInvokeErrorMessage()}");
            return;
        }

        // Windows has no such step; there is a moment without a link.
        if (Directory.Exists(link))
            Directory.Delete(link);
        Directory.Move(next, link);
    }

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(string from, string to);

    private static void Write(Tree tree, string folder)
    {
        foreach (var entry in tree)
        {
            var path = Path.Combine(folder, entry.Name);
            switch (entry.TargetType)
            {
                case TreeEntryTargetType.Tree:
                    Write((Tree)entry.Target, Directory.CreateDirectory(path).FullName);
                    break;
                // A link could lead out of the folder and publish what is there; a submodule is another repository. Neither is published.
                case TreeEntryTargetType.Blob
                    when entry.Mode is Mode.NonExecutableFile or Mode.ExecutableFile or Mode.NonExecutableGroupWritableFile:
                    using (var content = ((Blob)entry.Target).GetContentStream())
                    using (var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write))
                    {
                        content.CopyTo(file);
                        file.Flush(flushToDisk: true);
                    }

                    break;
            }
        }
    }

    private void RemoveOld(string current)
    {
        var old = new DirectoryInfo(options.Published).EnumerateDirectories().Where(d => d.LinkTarget is null && d.Name != current)
            .OrderByDescending(d => d.LastWriteTimeUtc);
        foreach (var folder in old.Skip(options.Keep))
            folder.Delete(recursive: true);
    }
}
