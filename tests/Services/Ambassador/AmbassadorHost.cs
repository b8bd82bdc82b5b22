using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Samples.ShardAmbassador;
using Samples.ShardAmbassador.Clients;
using Samples.ShardAmbassador.Shards;
using Xunit;

namespace Samples.Services.Ambassador;

/// <summary>A shard ambassador of its own for one test, on a free port.</summary>
internal sealed class AmbassadorHost : IAsyncDisposable
{
    private readonly IHost _host;

    private AmbassadorHost(IHost host) => _host = host;

    public int Port => _host.Services.GetRequiredService<RespListener>().Port;

    public ShardPool Pool => _host.Services.GetRequiredService<ShardPool>();

    public static Task<AmbassadorHost> StartAsync(IEnumerable<int> shardPorts, params (string Name, string Value)[] settings) =>
        StartAsync(string.Join(',', shardPorts.Select((port, i) => $"127.0.0.1:{port}:1 shard-{i + 1}")), settings);

    public static async Task<AmbassadorHost> StartAsync(string shards, params (string Name, string Value)[] settings)
    {
        var values = new Dictionary<string, string?> { ["RESP_PORT"] = "0" };
        foreach (var (name, value) in settings)
            values.Add(name, value);
        values["SHARDS"] = shards;
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(values).Build();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddLogging().AddSingleton(TimeProvider.System);
        builder.Services.AddShardAmbassador(AmbassadorOptions.From(configuration));
        var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        return new AmbassadorHost(host);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync(CancellationToken.None);
        await ((IAsyncDisposable)_host).DisposeAsync();
    }
}
