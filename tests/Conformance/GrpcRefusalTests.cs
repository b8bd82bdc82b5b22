using System.Net;
using System.Net.Http.Headers;
using Xunit;

namespace Samples.Conformance;

/// <summary>What is said to a gRPC call that nobody serves, as it stands on the wire.</summary>
public sealed class GrpcRefusalTests : IAsyncDisposable
{
    private readonly Machine _machine = new();

    [Fact]
    public async Task A_call_without_an_application_is_told_so_in_plain_text()
    {
        var (status, message) = await CallAsync("/my.Service/Do");
        Assert.Equal("2", status);
        Assert.Equal("cannot proxy request: missing dapr-callee-app-id or dapr-app-id metadata", message);
    }

    [Theory, EmbeddedOnly("daprd has workflows")]
    [InlineData("/TaskHubSidecarService/StartInstance", "workflow component 'dapr' does not exist")]
    [InlineData("/dapr.proto.runtime.v2.Dapr/ConverseNext", "dapr.proto.runtime.v2.Dapr/ConverseNext is not implemented")]
    public async Task What_this_runtime_does_not_have_is_unimplemented_with_the_cure(string path, string why)
    {
        var (status, message) = await CallAsync(path);
        Assert.Equal("12", status);
        Assert.Equal(why + "; the embedded runtime does not have this feature, run with daprd", message);
    }

    private async Task<(string? Status, string? Message)> CallAsync(string path)
    {
        var sidecar = await _machine.StartAsync("");
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{sidecar.GrpcPort}") };
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(new byte[5]),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        using var answer = await http.SendAsync(request, Machine.Cancel);
        await answer.Content.ReadAsByteArrayAsync(Machine.Cancel);
        return (Find("grpc-status"), Find("grpc-message"));

        string? Find(string name) => answer.Headers.TryGetValues(name, out var values)
            || answer.TrailingHeaders.TryGetValues(name, out values) ? values.First() : null;
    }

    public ValueTask DisposeAsync() => _machine.DisposeAsync();
}
