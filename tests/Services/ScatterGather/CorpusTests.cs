using Samples.ApiDocs;
using Xunit;

namespace Samples.Services.ScatterGather;

public sealed class CorpusTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("samples-documents-").FullName;

    [Fact]
    public void The_sdk_documents_the_whole_api_each_member_once()
    {
        var members = Corpus.Open().Read();
        Assert.True(members.Count > 50_000, $"{members.Count} members");
        Assert.Equal(members.Count, members.DistinctBy(m => m.Id).Count());
        var trim = members.Single(m => m.Id == "M:System.String.Trim");
        Assert.Equal((MemberKind.Method, "System.String.Trim"), (trim.Kind, trim.Name));
        Assert.Contains("white-space characters", trim.Summary, StringComparison.Ordinal);
        Assert.Contains(members, m => m.Id == "T:Microsoft.AspNetCore.Builder.WebApplication");
    }

    [Fact]
    public void References_become_the_words_that_they_name()
    {
        var file = Path.Combine(_folder, "a.xml");
        File.WriteAllText(file, """
            <doc><members>
              <member name="T:A.B`1"><summary>Is <see langword="true" /> for a <see cref="T:System.Collections.Generic.List`1" />
                of <paramref name="items" /> &amp; more.</summary></member>
              <member name="M:A.B.C"/>
              <member name="M:A.B.D(System.Int32)"><remarks>None.</remarks></member>
              <member name="!:broken"><summary>x</summary></member>
              <member name="F:A.B.E"><summary><para>In a paragraph.</para></summary></member>
            </members></doc>
            """);
        Assert.Equal(
        [
            new ApiMember("T:A.B`1", MemberKind.Type, "Is true for a List of items & more."),
            new ApiMember("M:A.B.C", MemberKind.Method, ""),
            new ApiMember("M:A.B.D(System.Int32)", MemberKind.Method, ""),
            new ApiMember("F:A.B.E", MemberKind.Field, "In a paragraph."),
        ], DocumentationFile.Read(file));
    }

    [Fact]
    public void A_folder_of_ones_own_works_as_well()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "notes"));
        File.WriteAllText(Path.Combine(_folder, "notes", "b.md"), "second");
        File.WriteAllText(Path.Combine(_folder, "a.txt"), "first");
        File.WriteAllText(Path.Combine(_folder, "c.png"), "no text");
        var corpus = Corpus.Open(_folder);
        Assert.Equal(
            [new ApiMember("a.txt", MemberKind.Document, "first"), new ApiMember("notes/b.md", MemberKind.Document, "second")],
            corpus.Read());
        File.WriteAllText(Path.Combine(_folder, "a.txt"), "first, changed");
        Assert.NotEqual(corpus.Fingerprint, Corpus.Open(_folder).Fingerprint);
    }

    [Fact(Timeout = 30_000)]
    public async Task What_is_no_regular_file_is_no_document_and_is_not_waited_for()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Named pipes are made with mkfifo.");
        var cancel = TestContext.Current.CancellationToken;
        File.WriteAllText(Path.Combine(_folder, "a.txt"), "first");
        using (var made = System.Diagnostics.Process.Start("mkfifo", [Path.Combine(_folder, "pipe.txt")]))
            await made.WaitForExitAsync(cancel);
        File.CreateSymbolicLink(Path.Combine(_folder, "nowhere.txt"), "missing");
        File.CreateSymbolicLink(Path.Combine(_folder, "zero.txt"), "/dev/zero");
        // On a thread of its own: where the pipe is opened, nothing ends the wait.
        var read = Task.Factory.StartNew(() => Read(_folder), cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Assert.Equal(["a.txt"], (await read.WaitAsync(TimeSpan.FromSeconds(20), cancel)).Select(m => m.Id));

        static IReadOnlyList<ApiMember> Read(string folder)
        {
            var corpus = Corpus.Open(folder);
            Assert.NotEmpty(corpus.Fingerprint);
            return corpus.Read();
        }
    }

    [Fact]
    public void A_folder_that_is_not_there_or_has_no_text_is_named()
    {
        Assert.Contains(
            "does not exist",
            Assert.Throws<DirectoryNotFoundException>(() => Corpus.Open(Path.Combine(_folder, "none"))).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "has no .txt", Assert.Throws<DirectoryNotFoundException>(() => Corpus.Open(_folder)).Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
