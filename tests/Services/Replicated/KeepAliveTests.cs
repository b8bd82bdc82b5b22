using System.Net.Sockets;
using System.Text;
using Xunit;

namespace Samples.Services.Replicated;

/// <summary>A replica whose keep-alive is as short as the pause between two requests: connections die in the balancer's hand.</summary>
public sealed class KeepAliveTests : IAsyncDisposable
{
    private readonly Machine _machine = new();

    [Fact]
    public async Task A_get_on_a_connection_that_ends_just_then_is_tried_again_on_a_fresh_one()
    {
        await using var replica = new BriefReplica(closesAtOnce: false);
        var door = await StartAsync(replica);
        foreach (var _ in Enumerable.Range(0, 4))
            Assert.StartsWith("HTTP/1.1 200", await AskAsync(door, "GET /a HTTP/1.1\r\n"), StringComparison.Ordinal);
        // Three of them were read and not answered, each on the connection that the one before it had left.
        Assert.Equal(7, replica.Asked.Count);
        Assert.Equal(3, replica.Closed);
    }

    // Also one without a body may have been done.
    [Theory]
    [InlineData("POST /a HTTP/1.1\r\nContent-Length: 4\r\n", "body")]
    [InlineData("POST /a HTTP/1.1\r\nContent-Length: 0\r\n", "")]
    [InlineData("POST /a HTTP/1.1\r\n", "")]
    [InlineData("PATCH /a HTTP/1.1\r\n", "")]
    public async Task A_post_on_a_connection_that_ends_just_then_is_sent_once(string head, string body)
    {
        await using var replica = new BriefReplica(closesAtOnce: false);
        var door = await StartAsync(replica);
        Assert.StartsWith("HTTP/1.1 200", await AskAsync(door, "GET /a HTTP/1.1\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 502", await AskAsync(door, head, body), StringComparison.Ordinal);
        Assert.Equal(["GET /a HTTP/1.1", head[..head.IndexOf('\r')]], replica.Asked);
    }

    [Fact]
    public async Task A_post_after_the_connection_has_ended_was_not_sent_and_goes_by_a_fresh_one()
    {
        await using var replica = new BriefReplica(closesAtOnce: true);
        var door = await StartAsync(replica);
        foreach (var i in Enumerable.Range(1, 4))
        {
            var answer = await AskAsync(door, "POST /a HTTP/1.1\r\nContent-Length: 4\r\n", "body");
            Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
            await _machine.WaitAsync("the replica closes", () => Task.FromResult(replica.Closed == i));
        }

        Assert.Equal(4, replica.Asked.Count);
    }

    // One probe at the start: others would use up the connections.
    private Task<Service> StartAsync(BriefReplica replica) =>
        _machine.StartAsync("Samples.FrontDoor", "front-door", ("REPLICAS", replica.Address), ("PROBE_SECONDS", "60"));

    // As it is written: an HttpClient adds fields of its own.
    private static async Task<string> AskAsync(Service door, string head, string body = "")
    {
        using var client = new TcpClient();
        await client.ConnectAsync(door.Http.BaseAddress!.Host, door.Http.BaseAddress.Port, Machine.Cancel);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"{head}Host: door\r\nConnection: close\r\n\r\n{body}"), Machine.Cancel);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(Machine.Cancel);
    }

    public async ValueTask DisposeAsync() => await _machine.DisposeAsync();
}
