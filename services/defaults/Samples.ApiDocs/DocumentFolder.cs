namespace Samples.ApiDocs;

/// <summary>A folder of text and markdown files in the place of the API documentation.</summary>
public static class DocumentFolder
{
    private static readonly string[] Extensions = [".txt", ".md"];
    private static readonly EnumerationOptions Everywhere = new() { RecurseSubdirectories = true };

    /// <summary>The files, in the order of their paths.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder, or nothing in it.</exception>
    public static IReadOnlyList<FileInfo> Find(string folder)
    {
        if (!Directory.Exists(folder))
            throw new DirectoryNotFoundException($"The folder '{folder}' does not exist; name one with text or markdown files.");
        var documents = new DirectoryInfo(folder).EnumerateFiles("*", Everywhere).Where(IsDocument);
        FileInfo[] files = [.. documents.OrderBy(f => f.FullName, StringComparer.Ordinal)];
        return files.Length > 0 ? files
            : throw new DirectoryNotFoundException($"The folder '{folder}' has no {string.Join(" or ", Extensions)} files.");
    }

    private static bool IsDocument(FileInfo file) => Extensions.Contains(file.Extension.ToLowerInvariant());

    /// <summary>A file as a document; its id is its path below the folder, with forward slashes.</summary>
    public static ApiMember Read(FileInfo file, string folder) =>
        new(Path.GetRelativePath(folder, file.FullName).Replace('\\', '/'), MemberKind.Document, File.ReadAllText(file.FullName));
}
