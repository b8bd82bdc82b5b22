using System.Text;
using System.Xml;

namespace Samples.ApiDocs;

/// <summary>Reads an XML documentation file as the C# compiler writes it.</summary>
public static class DocumentationFile
{
    private static readonly XmlReaderSettings Settings = new() { DtdProcessing = DtdProcessing.Prohibit, IgnoreComments = true };

    /// <summary>The members of a file with their summaries, one by one.</summary>
    /// <exception cref="XmlException">The file is no XML.</exception>
    public static IEnumerable<ApiMember> Read(string path)
    {
        using var xml = XmlReader.Create(path, Settings);
        while (xml.ReadToFollowing("member"))
        {
            if (xml.GetAttribute("name") is { } id && KindOf(id) is { } kind)
                yield return new ApiMember(id, kind, ReadSummary(xml));
        }
    }

    private static MemberKind? KindOf(string id) => id is not [var prefix, ':', ..] ? null : prefix switch
    {
        'T' => MemberKind.Type,
        'M' => MemberKind.Method,
        'P' => MemberKind.Property,
        'F' => MemberKind.Field,
        'E' => MemberKind.Event,
        'N' => MemberKind.Namespace,
        _ => null,
    };

    private static string ReadSummary(XmlReader xml)
    {
        if (xml.IsEmptyElement)
            return "";
        var depth = xml.Depth;
        while (xml.Read() && xml.Depth > depth)
        {
            if (xml is { NodeType: XmlNodeType.Element, Name: "summary", IsEmptyElement: false })
                return ReadText(xml);
        }

        return "";
    }

    private static string ReadText(XmlReader xml)
    {
        var depth = xml.Depth;
        var text = new StringBuilder();
        while (xml.Read() && xml.Depth > depth)
        {
            if (xml.NodeType is XmlNodeType.Text or XmlNodeType.CDATA)
                text.Append(xml.Value);
            else if (xml.NodeType is XmlNodeType.Whitespace or XmlNodeType.SignificantWhitespace)
                text.Append(' ');
            else if (xml.NodeType == XmlNodeType.Element)
                text.Append(ReferenceIn(xml));
        }

        return string.Join(' ', text.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    // <see cref="T:System.Boolean"/>, <see langword="true"/>, <paramref name="values"/> stand for the word that they name.
    private static string ReferenceIn(XmlReader xml)
    {
        if (!xml.IsEmptyElement)
            return "";
        if (xml.GetAttribute("cref") is { } reference)
        {
            var name = reference[(reference.IndexOf(':') + 1)..].Split('(')[0];
            return name[(name.LastIndexOf('.') + 1)..].Split('`')[0];
        }

        return xml.GetAttribute("langword") ?? xml.GetAttribute("name") ?? "";
    }
}
