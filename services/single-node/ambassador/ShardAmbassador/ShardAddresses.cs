using System.Net;
using System.Net.Http.Json;
using Samples.Defaults;
using Samples.ShardAmbassador.Shards;

namespace Samples.ShardAmbassador;

/// <summary>Finds servers: by host and port, or by asking a Dapr app where its Redis port is.</summary>
internal static class ShardAddresses
{
    private sealed record Answer(string? Host, int Port);

    /// <summary>How to find one server; it is looked up again for each new connection.</summary>
    public static FindAddress Of(ShardEntry entry)
    {
        if (entry.Host != "dapr")
        {
            var port = int.Parse(entry.Place);
            return async cancel =>
            {
                var addresses = await Dns.GetHostAddressesAsync(entry.Host, cancel);
                return new IPEndPoint(addresses[0], port);
            };
        }

        var app = InvocationClient.Create(entry.Place);
        return async cancel =>
        {
            var answer = await app.GetFromJsonAsync<Answer>("/address", cancel);
            return answer is { Port: > 0 and < 65536 } && IPAddress.TryParse(answer.Host, out var address)
                ? new IPEndPoint(address, answer.Port)
                : throw new HttpRequestException($"'{entry.Place}' gave no address");
        };
    }
}
