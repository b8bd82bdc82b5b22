using Samples.Files;

namespace Samples.ApiDocs;

/// <summary>A folder of text and markdown files in the place of the API documentation.</summary>
public static class DocumentFolder
{
    private static readonly string[] Extensions = [".txt", ".md"];
    private static readonly EnumerationOptions Everywhere = new() { RecurseSubdirectories = true };

    /// <summary>The files in the order of their paths, and the names of those that this process may not read.</summary>
    /// <remarks>What is no regular file (a pipe, a device), and a link that leads nowhere, is no document.</remarks>
    /// <exception cref="DirectoryNotFoundException">There is no such folder, or nothing in it that can be read.</exception>
    public static (IReadOnlyList<FileInfo> Files, IReadOnlyList<string> Unreadable) Find(string folder)
    {
        if (!Directory.Exists(folder))
            throw new DirectoryNotFoundException($"The folder '{folder}' does not exist; name one with text or markdown files.");
        var documents = new DirectoryInfo(folder).EnumerateFiles("*", Everywhere)
            .Where(IsDocument)
            .OrderBy(f => f.FullName, StringComparer.Ordinal)
            .ToLookup(f => RegularFiles.IsReadable(f.FullName));
        return documents.Contains(true)
            ? ([.. documents[true]], [.. documents[false].Select(f => f.FullName)])
            : throw new DirectoryNotFoundException(
                $"The folder '{folder}' has no {string.Join(" or ", Extensions)} files that can be read.");
    }

    private static bool IsDocument(FileInfo file) =>
        Extensions.Contains(file.Extension.ToLowerInvariant()) && RegularFiles.IsRegular(file.FullName);

    /// <summary>A file as a document; its id is its path below the folder, with forward slashes.</summary>
    public static ApiMember Read(FileInfo file, string folder) =>
        new(Path.GetRelativePath(folder, file.FullName).Replace('\\', '/'), MemberKind.Document, File.ReadAllText(file.FullName));
}
