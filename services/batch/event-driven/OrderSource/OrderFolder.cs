using System.Security.Cryptography;
using System.Text.Json;
using Dapr.Client;

namespace Samples.OrderSource;

/// <summary>A file whose content has settled.</summary>
/// <param name="Name">Its name in the folder.</param>
/// <param name="Digest">SHA-256 of its content: under another name it is the same file.</param>
/// <param name="Content">What is in it.</param>
public sealed record OrderFile(string Name, string Digest, byte[] Content)
{
    /// <summary>The name of the run that this file is: what its orders say they are about.</summary>
    public string Run => $"{Name}-{Digest[..8]}";
}

/// <summary>
/// The folder of orders, through a storage binding of Dapr. Bindings do not say when a file was written, and a file that is being copied
/// looks like any other: it counts as complete when its content is the same twice, with a while between. Whoever can, writes under a name
/// with <c>.part</c> at its end and renames.
/// </summary>
public sealed class OrderFolder(DaprClient dapr, SourceOptions options, TimeProvider time, ILogger<OrderFolder> log)
{
    private static readonly string[] Known = [".csv", ".json", ".jsonl"];

    private readonly Dictionary<string, (string Digest, long Since)> _seen = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _done = new(StringComparer.Ordinal);

    /// <summary>Files that are complete and may be new, in the order of their names.</summary>
    public async IAsyncEnumerable<OrderFile> SettledAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        var names = await ListAsync(cancel);
        // One moment for the whole look: else a file that is read later would count before one that stands before it.
        var now = time.GetTimestamp();
        foreach (var gone in _seen.Keys.Except(names).ToList())
            _seen.Remove(gone);
        foreach (var name in names.Where(MayBeNew))
        {
            if (await ReadAsync(name, cancel) is not { } content)
                continue;
            var digest = Convert.ToHexStringLower(SHA256.HashData(content));
            if (!_seen.TryGetValue(name, out var before) || before.Digest != digest)
                _seen[name] = (digest, now);
            else if (time.GetElapsedTime(before.Since, now) >= options.Settled)
                yield return new OrderFile(name, digest, content);
        }
    }

    /// <summary>It was read to its end; it is looked at again after a while, because somebody may write another one of that name.</summary>
    public void Done(OrderFile file) => _done[file.Name] = time.GetTimestamp();

    /// <summary>Takes files of orders: what begins with a dot, or is being written by its name, is none.</summary>
    internal static bool IsOrders(string name) =>
        name.Length is > 0 and <= 100 && name[0] != '.' && Known.Contains(Path.GetExtension(name), StringComparer.OrdinalIgnoreCase);

    private bool MayBeNew(string name) => !_done.TryGetValue(name, out var when) || time.GetElapsedTime(when) >= options.LookAgain;

    private async Task<List<string>> ListAsync(CancellationToken cancel)
    {
        var answer = await dapr.InvokeBindingAsync(new BindingRequest(options.Files, "list"), cancel);
        var paths = answer.Data.IsEmpty ? [] : JsonSerializer.Deserialize<string[]>(answer.Data.Span) ?? [];
        // Paths from the root of somewhere, folders below included: the shortest one says how deep the folder itself is.
        var depth = paths.Select(Depth).DefaultIfEmpty(0).Min();
        return [.. paths.Where(p => Depth(p) == depth).Select(p => Path.GetFileName(p)).Where(IsOrders).Order(StringComparer.Ordinal)];
    }

    private async Task<byte[]?> ReadAsync(string name, CancellationToken cancel)
    {
        try
        {
            var request = new BindingRequest(options.Files, "get") { Metadata = { ["fileName"] = name } };
            return (await dapr.InvokeBindingAsync(request, cancel)).Data.ToArray();
        }
        catch (Dapr.DaprException error)
        {
            // Taken away meanwhile, or larger than a message may be.
            log.LogWarning("{Name} cannot be read now: {Problem} (MAX_FILE_MB here and maxBodySize of the sidecar limit its size)",
                name, error.GetBaseException().Message);
            return null;
        }
    }

    private static int Depth(string path) => path.Count(c => c is '/' or '\\');
}
