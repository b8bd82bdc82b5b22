using System.Net.Sockets;
using System.Text;

namespace Samples.Experiments.Ambassador;

/// <summary>The environment offers another backend: new connections go there, open ones stay where they are until they end.</summary>
internal sealed class BrokerPhase(ExperimentContext context, Invocation invoke)
{
    private static readonly TimeSpan TakesEffect = TimeSpan.FromSeconds(2), Patience = TimeSpan.FromSeconds(20);

    private sealed record Address(string Host, int Port);

    private sealed record BrokerState(int Port, string? Backend);

    public async Task<Claim> RunAsync(CancellationToken cancel)
    {
        var one = await MarkAsync("redis-shard-3", "one", cancel);
        var two = await MarkAsync("redis-shard-4", "two", cancel);
        var broker = await invoke.GetAsync<BrokerState>("broker-ambassador", "broker", cancel);

        await context.ConfigureAsync("broker.backend", one, cancel);
        _ = await Invocation.WaitAsync(async () => (await invoke.GetAsync<BrokerState>("broker-ambassador", "broker", cancel)).Backend == one, Patience, cancel);
        using var old = await Connection.OpenAsync(broker.Port, cancel);
        var before = await old.AskAsync("GET", "backend");

        await context.ConfigureAsync("broker.backend", two, cancel);
        var took = await Invocation.WaitAsync(async () =>
        {
            using var fresh = await Connection.OpenAsync(broker.Port, cancel);
            return await fresh.AskAsync("GET", "backend") == "two";
        }, Patience, cancel);
        var stayed = 0;
        for (var i = 0; i < 100; i++)
            stayed += await old.AskAsync("GET", "backend") == "one" ? 1 : 0;
        context.Observe(new Observation("moved after s", took?.TotalSeconds ?? double.NaN, "new connections reach the new backend"));
        return new Claim("the backend changes in the configuration: new connections move, the open one goes on where it was",
            $"within {TakesEffect.TotalSeconds:0} s, 100 of 100 answers of the old backend",
            took is null ? $"not moved, {stayed}" : $"{took.Value.TotalSeconds:0.00} s, {stayed}", before == "one" && took <= TakesEffect && stayed == 100)
        { OfTime = took is not null && before == "one" && stayed == 100 };
    }

    // Writes into a backend which one it is; the result is how the configuration names it.
    private async Task<string> MarkAsync(string app, string mark, CancellationToken cancel)
    {
        var address = await invoke.GetAsync<Address>(app, "address", cancel);
        using var direct = await Connection.OpenAsync(address.Port, cancel);
        await direct.AskAsync("SET", "backend", mark);
        return $"tcp://127.0.0.1:{address.Port}";
    }

    /// <summary>One TCP connection that speaks just enough Redis. A client library would reconnect by itself, which is what must not happen here.</summary>
    private sealed class Connection(TcpClient client) : IDisposable
    {
        private readonly NetworkStream _stream = client.GetStream();
        private readonly StreamReader _reader = new(client.GetStream(), Encoding.UTF8);

        public static async Task<Connection> OpenAsync(int port, CancellationToken cancel)
        {
            var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", port, cancel);
            return new Connection(client);
        }

        /// <summary>The answer; null where the connection is closed.</summary>
        public async Task<string?> AskAsync(params string[] words)
        {
            var command = $"*{words.Length}\r\n" + string.Concat(words.Select(w => $"${w.Length}\r\n{w}\r\n"));
            try
            {
                await _stream.WriteAsync(Encoding.UTF8.GetBytes(command));
                var line = await _reader.ReadLineAsync();
                return line is ['$', not '-', ..] ? await _reader.ReadLineAsync() : line;
            }
            catch (IOException)
            {
                return null;
            }
        }

        public void Dispose()
        {
            _reader.Dispose();
            client.Dispose();
        }
    }
}
