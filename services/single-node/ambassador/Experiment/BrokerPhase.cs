using System.Net.Sockets;
using System.Text;
using Samples.Lab.Measuring;

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
        var broker = await StateAsync();

        await context.ConfigureAsync("broker.backend", one, cancel);
        _ = await Invocation.WaitAsync(async () => (await StateAsync()).Backend == one, Patience, cancel);
        using var old = await Connection.OpenAsync(broker.Port, cancel);
        var before = await old.AskAsync("GET", "backend");

        // Where the first change was late, there and back again.
        var move = new Timeliness(TakesEffect);
        await new Sampling(Least: 1, Most: 10, Patience).TakeAsync(
            async round => move.Add(await (round % 2 == 1 ? MoveAsync(two, "two") : MoveAsync(one, "one"))),
            () => move.Tells,
            context.Time);
        var stayed = 0;
        for (var i = 0; i < 100; i++)
            stayed += await old.AskAsync("GET", "backend") == "one" ? 1 : 0;
        var moved = move.ToClaim("the backend changes in the configuration: new connections move, the open one goes on where it was");
        return moved with
        {
            Expected = moved.Expected + ", 100 of 100 answers of the old backend",
            Measured = $"{moved.Measured}, {stayed}",
            Held = moved.Held == true && before == "one" && stayed == 100,
        };

        Task<BrokerState> StateAsync() => invoke.GetAsync<BrokerState>("broker-ambassador", "broker", cancel);

        async Task<TimeSpan> MoveAsync(string backend, string mark)
        {
            await context.ConfigureAsync("broker.backend", backend, cancel);
            var took = await Invocation.WaitAsync(async () => await AskFreshAsync() == mark, Patience, cancel) ?? Timeout.InfiniteTimeSpan;
            context.Observe(new Observation("moved after s", took.TotalSeconds, $"new connections reach backend {mark}"));
            return took;
        }

        async Task<string?> AskFreshAsync()
        {
            using var fresh = await Connection.OpenAsync(broker.Port, cancel);
            return await fresh.AskAsync("GET", "backend");
        }
    }

    // Writes into a backend which one it is; the result is how the configuration names it.
    private async Task<string> MarkAsync(string app, string mark, CancellationToken cancel)
    {
        var address = await invoke.GetAsync<Address>(app, "address", cancel);
        using var direct = await Connection.OpenAsync(address.Port, cancel);
        await direct.AskAsync("SET", "backend", mark);
        return $"tcp://127.0.0.1:{address.Port}";
    }

    /// <summary>
    /// One TCP connection that speaks just enough Redis. A client library would reconnect by itself, which is what must not happen here.
    /// </summary>
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
