namespace Samples.ApiDocs;

/// <summary>A member of the .NET API, or a document of one's own, with what its documentation says.</summary>
/// <param name="Id">Unique: the documentation id such as <c>M:System.String.Trim(System.Char)</c>, or a file's path.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Summary">Plain text: the summary of a member, the whole of a document. May be empty.</param>
public sealed record ApiMember(string Id, MemberKind Kind, string Summary)
{
    /// <summary>The id without its prefix: <c>System.String.Trim(System.Char)</c>.</summary>
    public string Name => Kind == MemberKind.Document ? Id : Id[(Id.IndexOf(':') + 1)..];
}

/// <summary>Kinds of members, as the prefixes of documentation ids name them.</summary>
public enum MemberKind
{
    /// <summary><c>T:</c></summary>
    Type,

    /// <summary><c>M:</c></summary>
    Method,

    /// <summary><c>P:</c></summary>
    Property,

    /// <summary><c>F:</c></summary>
    Field,

    /// <summary><c>E:</c></summary>
    Event,

    /// <summary><c>N:</c></summary>
    Namespace,

    /// <summary>A file of a folder of documents.</summary>
    Document,
}
