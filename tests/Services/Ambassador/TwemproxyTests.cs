using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace Samples.Services.Ambassador;

/// <summary>
/// Twemproxy (nutcracker) and the ambassador, with the same servers: whoever changes from one to the other finds every key where it was.
/// </summary>
public sealed class TwemproxyTests : IDisposable
{
    private const int Keys = 10_000;

    private readonly string _folder = Directory.CreateTempSubdirectory("samples-twemproxy-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("ketama", 1, 1, 1)]
    [InlineData("ketama", 1, 2, 7)]
    [InlineData("ketama", 5, 1, 3)]
    [InlineData("modula", 1, 1, 1)]
    [InlineData("modula", 3, 1, 2)]
    public async Task Both_send_ten_thousand_keys_to_the_same_shards(string distribution, params int[] weights)
    {
        var nutcracker = ExternalTool.Require("nutcracker", "nutcracker");
        var fakes = weights.Select((_, i) => new FakeShard($"shard-{i + 1}")).ToArray();
        var servers = fakes.Select((f, i) => $"127.0.0.1:{f.Port}:{weights[i]} shard-{i + 1}").ToArray();
        var port = FreePort();
        var file = Path.Combine(_folder, "nutcracker.yml");
        await File.WriteAllTextAsync(file, $"""
            pool:
              listen: 127.0.0.1:{port}
              hash: fnv1a_64
              distribution: {distribution}
              hash_tag: "{"{}"}"
              redis: true
              servers:
            {string.Concat(servers.Select(s => $"   - {s}\n"))}
            """, Cancel);
        await using var ambassador = await AmbassadorHost.StartAsync(string.Join(',', servers), ("DISTRIBUTION", distribution));
        using var process = Process.Start(
            new ProcessStartInfo(nutcracker, ["-c", file, "-s", $"{FreePort()}", "-a", "127.0.0.1", "-o", Path.Combine(_folder, "log")]))!;
        try
        {
            using var theirs = await ConnectAsync(port);
            using var ours = await RawClient.ConnectAsync(ambassador.Port);
            var keys = RandomKeys();
            var (theirAnswers, ourAnswers) = (await AskAsync(theirs, keys), await AskAsync(ours, keys));
            Assert.Equal(theirAnswers, ourAnswers);
            Assert.Equal(weights.Length, ourAnswers.Distinct().Count());
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(Cancel);
            foreach (var fake in fakes)
                await fake.DisposeAsync();
        }
    }

    // Letters, tags, and bytes above 127, which twemproxy's hash takes as negative numbers.
    private static string[] RandomKeys()
    {
        var random = new Random(5);
        return [.. Enumerable.Range(0, Keys).Select(i => (i % 4) switch
        {
            0 => $"user:{i}",
            1 => $"{random.NextInt64():x}",
            2 => $"{{{random.Next(1000)}}}:é{i}",
            _ => string.Concat(Enumerable.Range(0, random.Next(1, 20)).Select(_ => (char)random.Next('a', 'ƀ'))).Replace('\u007f', 'x')
                .Replace('\u0085', 'x').Replace('\u00a0', 'x'),
        })];
    }

    private static async Task<List<string?>> AskAsync(RawClient client, string[] keys)
    {
        var answers = new List<string?>();
        foreach (var chunk in keys.Chunk(500))
        {
            await client.SendAsync(string.Concat(chunk.Select(k => $"*2\r\n$3\r\nGET\r\n${Encoding.UTF8.GetByteCount(k)}\r\n{k}\r\n")));
            foreach (var _ in chunk)
            {
                await client.LineAsync();
                answers.Add(await client.LineAsync());
            }
        }

        return answers;
    }

    // It listens some moments after it was started.
    private static async Task<RawClient> ConnectAsync(int port)
    {
        while (true)
        {
            try
            {
                return await RawClient.ConnectAsync(port);
            }
            catch (SocketException)
            {
                await Task.Delay(20, Cancel);
            }
        }
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
