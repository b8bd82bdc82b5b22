using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Samples.ApiDocs;

/// <summary>
/// A set of documents that is the same for everybody who opens it: the same members in the same order, so that a position in it can
/// serve as a number that several processes agree on.
/// </summary>
public sealed class Corpus
{
    private readonly IReadOnlyList<FileInfo> _files;
    private readonly string? _folder;

    private Corpus(IReadOnlyList<FileInfo> files, string? folder, IReadOnlyList<string> unreadable)
    {
        _files = files;
        _folder = folder;
        Unreadable = unreadable;
    }

    /// <summary>
    /// The text and markdown files below a folder, or without one the API documentation of the SDK that runs this program.
    /// </summary>
    /// <exception cref="DirectoryNotFoundException">
    /// There is no such folder, or no SDK with documentation; the message says what to do.
    /// </exception>
    public static Corpus Open(string? folder = null)
    {
        if (string.IsNullOrEmpty(folder))
            return new Corpus(SdkPacks.FindDocumentation(), null, []);
        var (files, unreadable) = DocumentFolder.Find(folder);
        return new Corpus(files, Path.GetFullPath(folder), unreadable);
    }

    /// <summary>Files of the folder that are left out because this process may not read them.</summary>
    public IReadOnlyList<string> Unreadable { get; }

    private static CultureInfo Invariant => CultureInfo.InvariantCulture;

    /// <summary>Changes when a file comes, goes or is written to; short enough for a file name.</summary>
    public string Fingerprint
    {
        get
        {
            var files = _files.Select(f => string.Create(Invariant, $"{f.FullName}|{f.Length}|{f.LastWriteTimeUtc.Ticks}"));
            return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', files))))[..16];
        }
    }

    /// <summary>All members, each id once, in the order of their ids.</summary>
    public IReadOnlyList<ApiMember> Read()
    {
        var members = _folder is { } folder
            ? _files.Select(f => DocumentFolder.Read(f, folder))
            : _files.AsParallel().SelectMany(f => DocumentationFile.Read(f.FullName).ToList());
        ApiMember[] all = [.. members];
        // A member may stand in two assemblies' files. Which file came first must not depend on who read faster.
        Array.Sort(all, CompareByIdThenSummary);
        return [.. all.DistinctBy(m => m.Id)];
    }

    private static int CompareByIdThenSummary(ApiMember one, ApiMember other) =>
        string.CompareOrdinal(one.Id, other.Id) is var byId and not 0 ? byId : string.CompareOrdinal(one.Summary, other.Summary);
}
