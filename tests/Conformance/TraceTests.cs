using System.Text;
using Dapr.Client.Autogen.Grpc.v1;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Samples.Conformance.Daprd;
using Samples.Runtime;
using Xunit;

namespace Samples.Conformance;

/// <summary>Trace context passes through sidecars, and spans are exported where the configuration says so.</summary>
public sealed class TraceTests
{
    private const string Parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    [Fact]
    public async Task Without_export_the_callers_context_passes_unchanged()
    {
        await using var machine = new Machine();
        var (seen, http) = await StartAsync(machine, null);
        using (http)
            await AskAsync(http);
        Assert.Equal(Parent, seen());
    }

    [Fact]
    public async Task A_span_of_each_sidecar_is_exported_as_a_child_of_the_callers()
    {
        var exported = new StringBuilder();
        Func<string?> seen;
        await using var collectors = new Machine();
        var collector = await collectors.StartAppAsync(app => app.MapPost("/v1/traces", async (HttpContext context) =>
        {
            using var body = new StreamReader(context.Request.Body, Encoding.Latin1);
            var spans = await body.ReadToEndAsync();
            lock (exported)
                exported.Append(spans);
        }));
        await using (var machine = new Machine())
        {
            (seen, var http) = await StartAsync(machine, $$"""
                apiVersion: dapr.io/v1alpha1
                kind: Configuration
                metadata: {name: config}
                spec:
                  tracing:
                    samplingRate: "1"
                    otel: {protocol: http, endpointAddress: "127.0.0.1:{{collector}}", isSecure: false}
                """);
            using (http)
                await AskAsync(http);
        }

        // Stopping a sidecar sends what it has.
        Assert.Matches("^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)[0-9a-f]{16}-01$", seen());
        var text = exported.ToString();
        Assert.SkipWhen(Executables.AreReal && text.Length == 0, "this build of daprd exports nothing");
        Assert.Contains("caller", text);
        Assert.Contains("GET /v1.0/invoke/callee/method/work", text);
        Assert.Contains(Encoding.Latin1.GetString(Convert.FromHexString("0af7651916cd43dd8448eb211c80319c")), text);
    }

    [Fact]
    public async Task The_binary_context_of_grpc_reaches_an_http_application()
    {
        await using var machine = new Machine();
        string? seen = null;
        var port = await machine.StartAppAsync(
            app => app.MapGet("/work", (HttpContext http) => seen = http.Request.Headers["traceparent"]));
        await machine.StartAsync(new SidecarOptions("callee") { AppPort = port }, "");
        var sidecar = await machine.StartAsync(new SidecarOptions("caller"), "");
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{sidecar.GrpcPort}");
        byte[] binary =
        [
            0, 0, .. Convert.FromHexString("0af7651916cd43dd8448eb211c80319c"), 1, .. Convert.FromHexString("b7ad6b7169203331"), 2, 1
        ];
        await new Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient(channel).InvokeServiceAsync(
            new InvokeServiceRequest
            {
                Id = "callee",
                Message = new InvokeRequest { Method = "work", HttpExtension = new HTTPExtension { Verb = HTTPExtension.Types.Verb.Get } },
            },
            new Grpc.Core.Metadata { { "grpc-trace-bin", binary } }, cancellationToken: Machine.Cancel);
        Assert.Equal(Parent, seen);
    }

    private static async Task<(Func<string?> Seen, HttpClient Http)> StartAsync(Machine machine, string? configuration)
    {
        string? seen = null;
        var port = await machine.StartAppAsync(
            app => app.MapGet("/work", (HttpContext http) => seen = http.Request.Headers["traceparent"]));
        await machine.StartAsync(new SidecarOptions("callee") { AppPort = port }, "");
        return (() => seen, Machine.Http(await machine.StartAsync(new SidecarOptions("caller"), "", configuration)));
    }

    private static async Task AskAsync(HttpClient http)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1.0/invoke/callee/method/work");
        request.Headers.Add("traceparent", Parent);
        using var response = await http.SendAsync(request, Machine.Cancel);
    }
}
