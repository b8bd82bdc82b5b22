using System.Text.Json;
using Samples.Files;
using Samples.Runtime.Resources;

namespace Samples.Runtime.Components.Local;

/// <summary>
/// Files below one folder. Names are taken as paths below the root whatever they contain (<c>..</c> stops at the root, as in
/// Dapr), and a symbolic link on the way is refused, so that no name reaches outside. Named pipes, sockets and devices are never opened:
/// that may wait for ever.
/// </summary>
public sealed class LocalStorageBinding(string root) : IOutputBinding
{
    /// <summary><c>bindings.localstorage</c>.</summary>
    public static EngineType Type { get; } = new("bindings.localstorage", [new("rootPath", Required: true), new("direction")],
        (component, context) =>
            new LocalStorageBinding(
                Path.TrimEndingDirectorySeparator(Path.GetFullPath(component.Metadata["rootPath"], context.BaseDirectory))));

    /// <inheritdoc/>
    public IReadOnlyList<string> Capabilities => ["OUTPUT_BINDING"];

    /// <inheritdoc/>
    public IReadOnlyList<string> Operations => ["create", "get", "list", "delete"];

    /// <inheritdoc/>
    public Task InitAsync(CancellationToken cancel)
    {
        Directory.CreateDirectory(root);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task<BindingResult> InvokeAsync(
        string operation, ReadOnlyMemory<byte> data, IReadOnlyDictionary<string, string> metadata, CancellationToken cancel)
    {
        metadata.TryGetValue("fileName", out var name);
        try
        {
            return operation switch
            {
                "create" => await CreateAsync(string.IsNullOrEmpty(name) ? Guid.NewGuid().ToString() : name, data, cancel),
                "get" => Result(await File.ReadAllBytesAsync(Existing(name), cancel)),
                "list" => List(name),
                "delete" => Delete(name),
                _ => throw new EngineRequestException($"unsupported operation {operation}"),
            };
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new EngineRequestException(error.Message);
        }
    }

    private async Task<BindingResult> CreateAsync(string name, ReadOnlyMemory<byte> data, CancellationToken cancel)
    {
        var path = Below(name);
        if (path == root)
            throw new EngineRequestException($"'{name}' names the root path itself, not a file below it");
        if (File.Exists(path) && !RegularFiles.IsRegular(path))
            throw NotRegular(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllBytesAsync(path, Content(data), cancel);
        return Result(JsonSerializer.SerializeToUtf8Bytes(new { fileName = Path.GetRelativePath(root, path) }));
    }

    private BindingResult List(string? name)
    {
        var path = Below(name ?? "");
        if (RegularFiles.IsRegular(path))
            return Result(JsonSerializer.SerializeToUtf8Bytes(new[] { path }));
        if (!Directory.Exists(path))
            throw new EngineRequestException($"file not found: {path}");
        var inside = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };
        var files = Directory.EnumerateFiles(path, "*", inside).Where(RegularFiles.IsRegular);
        return Result(JsonSerializer.SerializeToUtf8Bytes(files.Order(StringComparer.Ordinal)));
    }

    private BindingResult Delete(string? name)
    {
        var path = Below(Named(name));
        // What is gone already is not an error: a repeated delete succeeds.
        if (Directory.Exists(path))
            throw new EngineRequestException($"'{name}' is a folder; only files are deleted");
        if (File.Exists(path))
            File.Delete(path);
        return Result(default);
    }

    private string Existing(string? name)
    {
        var path = Below(Named(name));
        if (!File.Exists(path))
            throw new EngineRequestException($"file not found: {path}");
        return RegularFiles.IsRegular(path) ? path : throw NotRegular(name!);
    }

    private static EngineRequestException NotRegular(string name) =>
        new($"'{name}' is no file with content: a named pipe, a socket or a device is never opened");

    private static string Named(string? name) =>
        !string.IsNullOrEmpty(name) ? name : throw new EngineRequestException("required metadata not set: fileName");

    private string Below(string name)
    {
        if (name.Contains('\0', StringComparison.Ordinal))
            throw new EngineRequestException("a file name cannot contain a null character");
        // Resolved against "/", ".." cannot climb above it; then the same path hangs below the root.
        var path = Path.GetFullPath("/" + name.Replace('\\', '/')).TrimStart('/').TrimEnd('/');
        var current = root;
        foreach (var segment in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            current = Path.Combine(current, segment);
            if (new FileInfo(current).LinkTarget is not null)
                throw new EngineRequestException($"'{name}' leads through a symbolic link, which could leave the root path");
        }

        return current;
    }

    /// <summary>
    /// JSON text is stored as the text it stands for, as Dapr does; base64 in it is decoded, because that is how JSON carries bytes.
    /// </summary>
    private static byte[] Content(ReadOnlyMemory<byte> data)
    {
        var span = data.Span;
        if (span is not [(byte)'"', .., (byte)'"'])
            return data.ToArray();
        try
        {
            return Decoded(JsonSerializer.Deserialize<string>(span)!);
        }
        catch (JsonException)
        {
            return data.ToArray();
        }
    }

    private static byte[] Decoded(string text)
    {
        try
        {
            return text.Length > 0 ? Convert.FromBase64String(text) : [];
        }
        catch (FormatException)
        {
            return System.Text.Encoding.UTF8.GetBytes(text);
        }
    }

    private static BindingResult Result(ReadOnlyMemory<byte> data) => new(data, new Dictionary<string, string>());

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
