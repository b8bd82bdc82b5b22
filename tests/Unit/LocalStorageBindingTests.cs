using System.Text;
using System.Text.Json;
using Samples.Runtime.Components;
using Samples.Runtime.Components.Local;
using Xunit;

namespace Samples.Unit;

public sealed class LocalStorageBindingTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("samples-files-").FullName;
    private readonly LocalStorageBinding _files;

    public LocalStorageBindingTests()
    {
        Directory.CreateDirectory(Root);
        _files = new LocalStorageBinding(Root);
    }

    private string Root => Path.Combine(_folder, "root");

    [Theory]
    [InlineData("../x.txt", "x.txt")]
    [InlineData("../../../../x.txt", "x.txt")]
    [InlineData("/etc/x.txt", "etc/x.txt")]
    [InlineData("a/../../b/x.txt", "b/x.txt")]
    [InlineData("..\\..\\x.txt", "x.txt")]
    [InlineData("a/./b//x.txt", "a/b/x.txt")]
    [InlineData("..root/x.txt", "..root/x.txt")]
    public async Task No_name_leads_out_of_the_root(string name, string below)
    {
        var answer = await InvokeAsync("create", name, "inside");
        Assert.Equal(below, JsonDocument.Parse(answer).RootElement.GetProperty("fileName").GetString());
        Assert.Equal("inside", await File.ReadAllTextAsync(Path.Combine(Root, below), Cancel));
        Assert.Equal([Root], Directory.EnumerateFileSystemEntries(_folder));
    }

    [Theory, InlineData("create"), InlineData("get"), InlineData("delete"), InlineData("list")]
    public async Task A_symbolic_link_is_refused_as_file_and_as_folder(string operation)
    {
        var outside = Path.Combine(_folder, "outside");
        Directory.CreateDirectory(outside);
        await File.WriteAllTextAsync(Path.Combine(outside, "s.txt"), "theirs", Cancel);
        Directory.CreateSymbolicLink(Path.Combine(Root, "folder"), outside);
        File.CreateSymbolicLink(Path.Combine(Root, "file"), Path.Combine(outside, "s.txt"));
        File.CreateSymbolicLink(Path.Combine(Root, "dangling"), Path.Combine(outside, "new.txt"));
        foreach (var name in new[] { "folder/s.txt", "file", "dangling", "folder" })
            Assert.Contains(
                "symbolic link", (await Assert.ThrowsAsync<EngineRequestException>(() => InvokeAsync(operation, name, "mine"))).Message);
        Assert.Equal("[]", await InvokeAsync("list", null));
        Assert.Equal("theirs", await File.ReadAllTextAsync(Path.Combine(outside, "s.txt"), Cancel));
        Assert.Single(Directory.EnumerateFiles(outside));
    }

    [Fact]
    public async Task A_named_pipe_is_never_opened()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Named pipes are made with mkfifo.");
        using (var made = System.Diagnostics.Process.Start("mkfifo", [Path.Combine(Root, "pipe")]))
            await made.WaitForExitAsync(Cancel);
        await InvokeAsync("create", "file", "content");
        Assert.Equal([Path.Combine(Root, "file")], JsonSerializer.Deserialize<string[]>(await InvokeAsync("list", null))!);
        foreach (var operation in new[] { "get", "create" })
        {
            // On a thread of its own: to open a pipe blocks, and then this must fail instead of waiting.
            var asked = Task.Run(() => InvokeAsync(operation, "pipe", "x"), Cancel).WaitAsync(TimeSpan.FromSeconds(10), Cancel);
            Assert.Contains("named pipe", (await Assert.ThrowsAsync<EngineRequestException>(() => asked)).Message);
        }

        await Assert.ThrowsAsync<EngineRequestException>(() => InvokeAsync("list", "pipe"));
    }

    [Theory, InlineData("."), InlineData("/"), InlineData(".."), InlineData("a\0b")]
    public async Task A_name_of_no_file_is_refused(string name)
    {
        await Assert.ThrowsAsync<EngineRequestException>(() => InvokeAsync("create", name, "x"));
        await Assert.ThrowsAsync<EngineRequestException>(() => InvokeAsync("get", name));
        await Assert.ThrowsAsync<EngineRequestException>(() => InvokeAsync("delete", name));
        Assert.True(Directory.Exists(Root));
    }

    [Theory,
        InlineData("\"hello\"", "hello"),
        InlineData("{\"a\":1}", "{\"a\":1}"),
        InlineData("\"AQID\"", "\u0001\u0002\u0003"),
        InlineData("AQID", "AQID")]
    public async Task Json_text_is_stored_as_what_it_stands_for(string data, string stored)
    {
        await InvokeAsync("create", "f", data);
        Assert.Equal(stored, await InvokeAsync("get", "f"));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private async Task<string> InvokeAsync(string operation, string? name, string data = "")
    {
        var metadata = name is null ? new Dictionary<string, string>() : new() { ["fileName"] = name };
        return Encoding.UTF8.GetString((await _files.InvokeAsync(operation, Encoding.UTF8.GetBytes(data), metadata, Cancel)).Data.Span);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
