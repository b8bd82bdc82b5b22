using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Extensions.Time.Testing;
using Samples.SourceFiles;
using Xunit;

namespace Samples.Services.WorkQueue;

public sealed partial class ItemFolderTests : IDisposable
{
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(5);

    private readonly string _folder = Directory.CreateTempSubdirectory("samples-folder-").FullName;
    private readonly KeptLog<ItemFolder> _log = new();
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

    [Fact, UnsupportedOSPlatform("windows")]
    public void A_file_that_may_not_be_read_is_named_once_and_the_others_are_items()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only on Linux can a test take rights away from itself.");
        foreach (var name in (string[])["a.jpg", "b.jpg"])
            Write(name);
        Deny("a.jpg");
        var items = Items();
        AsSomebodyElse(() =>
        {
            Assert.Equal(["b.jpg"], items.List().Select(i => i.Id));
            Assert.Equal(["b.jpg"], items.List().Select(i => i.Id));
            Assert.Null(items.Open("a.jpg"));
        });
        Assert.Contains("a.jpg", Assert.Single(_log.Messages), StringComparison.Ordinal);
    }

    [Fact, UnsupportedOSPlatform("windows")]
    public void A_folder_that_may_not_be_read_is_named_once_and_has_no_items()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only on Linux can a test take rights away from itself.");
        Write("a.jpg");
        var items = Items();
        File.SetUnixFileMode(_folder, UnixFileMode.None);
        AsSomebodyElse(() =>
        {
            Assert.Empty(items.List());
            Assert.Empty(items.List());
        });
        File.SetUnixFileMode(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Assert.Contains(_folder, Assert.Single(_log.Messages), StringComparison.Ordinal);
    }

    [Fact(Timeout = 30_000)]
    public async Task What_is_no_regular_file_is_no_item_and_is_not_waited_for()
    {
        var cancel = TestContext.Current.CancellationToken;
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Named pipes are made with mkfifo.");
        Write("a.jpg");
        using (var made = Process.Start("mkfifo", [Path.Combine(_folder, "pipe.jpg")]))
            await made.WaitForExitAsync(cancel);
        File.CreateSymbolicLink(Path.Combine(_folder, "link.jpg"), "pipe.jpg");
        File.CreateSymbolicLink(Path.Combine(_folder, "null.jpg"), "/dev/null");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(Path.Combine(_folder, "socket.jpg")));
        var items = Items();
        // On a thread of its own: where the pipe is opened, nothing ends the wait.
        var listed = Task.Factory.StartNew(
            () => (items.List(), items.Open("pipe.jpg"), items.Open("link.jpg")),
            cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var (found, pipe, link) = await listed.WaitAsync(TimeSpan.FromSeconds(20), cancel);
        Assert.Equal(["a.jpg"], found.Select(i => i.Id));
        Assert.Null(pipe);
        Assert.Null(link);
    }

    [UnsupportedOSPlatform("windows")]
    private void Deny(string name) => File.SetUnixFileMode(Path.Combine(_folder, name), UnixFileMode.None);

    // Root may read everything, so that it must be somebody else for a moment: the rights of a thread to files are its own on Linux.
    [UnsupportedOSPlatform("windows")]
    private void AsSomebodyElse(Action act)
    {
        if (File.GetUnixFileMode(_folder) != UnixFileMode.None)
            File.SetUnixFileMode(_folder, (UnixFileMode)0b111_101_101);
        Exception? problem = null;
        var thread = new Thread(() =>
        {
            var own = SetFileUser(65534);
            try
            {
                act();
            }
            catch (Exception error)
            {
                problem = error;
            }
            finally
            {
                _ = SetFileUser(own);
            }
        });
        thread.Start();
        thread.Join();
        if (problem is not null)
            ExceptionDispatchInfo.Throw(problem);
    }

    [LibraryImport("libc", EntryPoint = "setfsuid")]
    private static partial int SetFileUser(int user);

    private void Mount(string version, params (string Key, string Value)[] data)
    {
        Directory.CreateDirectory(Path.Combine(_folder, version));
        foreach (var (key, value) in data)
            File.WriteAllText(Path.Combine(_folder, version, key), value);
        File.Delete(Path.Combine(_folder, "..data"));
        File.CreateSymbolicLink(Path.Combine(_folder, "..data"), version);
    }

    private ItemFolder Items(string? folder = null) => new(new ItemFolderOptions(folder ?? _folder, Settled), _time, _log);

    private string Write(string name, string content = "x")
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, content);
        return path;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
