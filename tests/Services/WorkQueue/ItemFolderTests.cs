using Microsoft.Extensions.Time.Testing;
using Samples.SourceFiles;
using Xunit;

namespace Samples.Services.WorkQueue;

public sealed class ItemFolderTests : IDisposable
{
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(5);

    private readonly string _folder = Directory.CreateTempSubdirectory("samples-folder-").FullName;
    // Well after every file of the test, unless the test says otherwise.
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow.AddMinutes(1));

    [Fact]
    public void A_folder_that_is_empty_or_not_there_yet_has_no_items()
    {
        Assert.Empty(Items(Path.Combine(_folder, "later")).List());
        Assert.Empty(Items().List());
        Assert.Null(Items(Path.Combine(_folder, "later")).Open("a"));
    }

    [Fact]
    public void A_file_is_an_item_when_it_was_left_alone_for_long_enough()
    {
        var file = Write("a.jpg");
        var items = Items();
        File.SetLastWriteTimeUtc(file, _time.GetUtcNow().UtcDateTime);
        Assert.Empty(items.List());
        _time.Advance(Settled);
        Assert.Equal([new Item("a.jpg", 1)], items.List());
    }

    [Fact]
    public void A_file_that_is_open_for_writing_is_no_item_however_long_the_writer_pauses()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux tells who has a file open for writing.");
        var items = Items();
        // Shared with everybody: no lock gives the writer away.
        using (var half = new FileStream(Path.Combine(_folder, "a.jpg"), FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite))
        {
            half.WriteByte(1);
            half.Flush();
            _time.Advance(TimeSpan.FromHours(1));
            Assert.Empty(items.List());
        }

        Assert.Equal(["a.jpg"], items.List().Select(i => i.Id));
    }

    [Fact]
    public void A_file_that_is_written_again_is_no_item_until_it_is_complete_again()
    {
        Write("a.jpg");
        var items = Items();
        Assert.Single(items.List());
        Write("a.jpg", "longer");
        File.SetLastWriteTimeUtc(Path.Combine(_folder, "a.jpg"), _time.GetUtcNow().UtcDateTime);
        Assert.Empty(items.List());
        _time.Advance(Settled);
        Assert.Equal([new Item("a.jpg", 6)], items.List());
    }

    [Fact]
    public void Hidden_and_unfinished_files_and_folders_are_no_items()
    {
        foreach (var name in (string[])[".hidden", "a.jpg.part", "b.TMP", "c.crdownload", "d.jpg"])
            Write(name);
        Directory.CreateDirectory(Path.Combine(_folder, "e.jpg"));
        Assert.Equal(["d.jpg"], Items().List().Select(i => i.Id));
        Assert.Null(Items().Open(".hidden"));
        Assert.Null(Items().Open("e.jpg"));
    }

    [Theory]
    [InlineData("../secret"), InlineData(".."), InlineData("/etc/passwd"), InlineData("..\\secret")]
    [InlineData("sub/a.jpg"), InlineData(""), InlineData("a\0b")]
    public void Nothing_outside_the_folder_can_be_had(string id)
    {
        File.WriteAllText(Path.Combine(_folder, "..", "secret"), "x");
        Directory.CreateDirectory(Path.Combine(_folder, "sub"));
        File.WriteAllText(Path.Combine(_folder, "sub", "a.jpg"), "x");
        Assert.Null(Items().Open(id));
        File.Delete(Path.Combine(_folder, "..", "secret"));
    }

    [Fact]
    public void A_link_that_leads_out_of_the_folder_is_no_item()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a privilege on Windows.");
        File.CreateSymbolicLink(Path.Combine(_folder, "a.jpg"), "/etc/passwd");
        File.CreateSymbolicLink(Path.Combine(_folder, "loop.jpg"), "loop.jpg");
        File.CreateSymbolicLink(Path.Combine(_folder, "nowhere.jpg"), "missing");
        Assert.Empty(Items().List());
        Assert.Null(Items().Open("a.jpg"));
        Assert.Null(Items().Open("loop.jpg"));
    }

    [Fact]
    public void Each_key_of_a_mounted_ConfigMap_is_an_item_also_after_an_update()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a privilege on Windows.");
        // As the kubelet lays it out: an update makes a new folder and turns one link.
        Mount("..2026_01", ("first", "1"), ("second", "2"));
        File.CreateSymbolicLink(Path.Combine(_folder, "first"), Path.Combine("..data", "first"));
        File.CreateSymbolicLink(Path.Combine(_folder, "second"), Path.Combine("..data", "second"));
        var items = Items();
        Assert.Equal(["first", "second"], items.List().Select(i => i.Id));
        Mount("..2026_02", ("first", "new"), ("second", "2"));
        Assert.Equal("new", new StreamReader(items.Open("first")!).ReadToEnd());
        Assert.Equal(["first", "second"], items.List().Select(i => i.Id));
    }

    [Fact]
    public void Names_of_any_script_are_items()
    {
        string[] names = ["100% größe #1?.jpg", "two  spaces", "ünïcödé", "日本語.png", "🚗.jpg", "a+b&c=d"];
        foreach (var name in names)
            Write(name);
        Assert.Equal(names.Order(StringComparer.Ordinal), Items().List().Select(i => i.Id));
        Assert.All(names, name => Items().Open(name)!.Dispose());
    }

    private void Mount(string version, params (string Key, string Value)[] data)
    {
        Directory.CreateDirectory(Path.Combine(_folder, version));
        foreach (var (key, value) in data)
            File.WriteAllText(Path.Combine(_folder, version, key), value);
        File.Delete(Path.Combine(_folder, "..data"));
        File.CreateSymbolicLink(Path.Combine(_folder, "..data"), version);
    }

    private ItemFolder Items(string? folder = null) => new(new ItemFolderOptions(folder ?? _folder, Settled), _time);

    private string Write(string name, string content = "x")
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, content);
        return path;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
