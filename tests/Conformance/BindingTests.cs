using System.Net;
using System.Text;
using System.Threading.Channels;
using Dapr.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Samples.Conformance;

/// <summary>Output bindings over HTTP and through the SDK; a schedule that calls the application.</summary>
public sealed class BindingTests : IAsyncDisposable
{
    private readonly Machine _machine = new();

    [Fact]
    public async Task Files_are_created_read_listed_and_deleted_as_recorded()
    {
        using var http = Machine.Http(await StartAsync());
        var path = Path.Combine(_machine.Folder, "files", "a", "b.txt");
        Assert.Equal(
            (200, """{"fileName":"a/b.txt"}"""),
            await InvokeAsync(http, new { operation = "create", data = "hello", metadata = new { fileName = "a/b.txt" } }));
        Assert.Equal((200, "hello"), await InvokeAsync(http, new { operation = "get", metadata = new { fileName = "a/b.txt" } }));
        Assert.Equal((200, $"[\"{path}\"]"), await InvokeAsync(http, new { operation = "list", metadata = new { fileName = "a" } }));
        Assert.Equal((204, ""), await InvokeAsync(http, new { operation = "delete", metadata = new { fileName = "a/b.txt" } }));
        Assert.Equal(
            (200, """{"fileName":"escape.txt"}"""),
            await InvokeAsync(http, new { operation = "create", data = "x", metadata = new { fileName = "../../escape.txt" } }));
        Assert.Equal(
            (200, """{"fileName":"j.json"}"""),
            await InvokeAsync(http, new { operation = "create", data = new { a = 1 }, metadata = new { fileName = "j.json" } }));
        Assert.Equal((200, """{"a":1}"""), await InvokeAsync(http, new { operation = "get", metadata = new { fileName = "j.json" } }));
    }

    [Theory]
    [InlineData(
            "files", """{"operation":"frob"}""",
            "binding files does not support operation frob. supported operations:create get list delete")]
    [InlineData("files", """{"data":1}""", "operation field is missing from request")]
    [InlineData("nosuch", """{"operation":"create"}""", "couldn't find output binding nosuch")]
    [InlineData("tick", """{"operation":"delete"}""", "couldn't find output binding tick")]
    [InlineData("files", """{"operation":"get","metadata":{"fileName":"none"}}""", "file not found: {root}/none")]
    public async Task Failures_are_worded_as_recorded(string binding, string body, string why)
    {
        using var http = Machine.Http(await StartAsync());
        var answer = await http.PostAsync("/v1.0/bindings/" + binding, new StringContent(body), Machine.Cancel);
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        var reason = why.Replace("{root}", Path.Combine(_machine.Folder, "files"), StringComparison.Ordinal);
        var message = $"error invoking output binding {binding}: {reason}";
        using var json = System.Text.Json.JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Machine.Cancel));
        Assert.Equal(("ERR_INVOKE_OUTPUT_BINDING", message),
            (json.RootElement.GetProperty("errorCode").GetString(), json.RootElement.GetProperty("message").GetString()));
    }

    [Fact]
    public async Task A_malformed_body_is_the_callers_fault()
    {
        using var http = Machine.Http(await StartAsync());
        var answer = await http.PostAsync("/v1.0/bindings/files", new StringContent("{"), Machine.Cancel);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("ERR_MALFORMED_REQUEST", await answer.Content.ReadAsStringAsync(Machine.Cancel));
    }

    [Fact]
    public async Task The_sdk_invokes_files_and_http()
    {
        var server = await _machine.StartAppAsync(app =>
        {
            app.MapPost("/orders/{id}", (string id) => Results.Text("got " + id));
            app.MapGet("/missing", () => Results.NotFound());
        });
        using var dapr = Machine.Client(
            await StartAsync(Machine.Component("web", "bindings.http", ("url", $"http://127.0.0.1:{server}"))));
        await dapr.InvokeBindingAsync("files", "create", "é", new Dictionary<string, string> { ["fileName"] = "x" }, Machine.Cancel);
        Assert.Equal("é", await File.ReadAllTextAsync(Path.Combine(_machine.Folder, "files", "x"), Machine.Cancel));
        var answer = await dapr.InvokeBindingAsync(
            new BindingRequest("web", "post") { Metadata = { ["path"] = "/orders/7" } }, Machine.Cancel);
        Assert.Equal(("got 7", "200"), (Encoding.UTF8.GetString(answer.Data.Span), answer.Metadata["statusCode"]));
        var missing = new BindingRequest("web", "get") { Metadata = { ["path"] = "/missing" } };
        var error = await Assert.ThrowsAnyAsync<Exception>(() => dapr.InvokeBindingAsync(missing, Machine.Cancel));
        Assert.Contains("received status code 404", error.ToString());
        missing.Metadata["errorIfNot2XX"] = "false";
        Assert.Equal("404", (await dapr.InvokeBindingAsync(missing, Machine.Cancel)).Metadata["statusCode"]);
    }

    [Fact(Timeout = 20_000), EmbeddedOnly("carried out as documented; daprd 1.18 reads the answer of a gRPC application only")]
    public async Task The_application_is_asked_then_called_and_its_answer_is_carried_out()
    {
        var asked = Channel.CreateUnbounded<string>();
        var app = await _machine.StartAppAsync(app => app.Map("{**path}", (HttpContext http) =>
        {
            asked.Writer.TryWrite($"{http.Request.Method} {http.Request.Path} {http.Request.Headers.ContainsKey("readTimeUTC")}");
            return http.Request.Path == "/unwanted" ? Results.NotFound() : Results.Json(http.Request.Method == "OPTIONS" ? null : new
            {
                storeName = "state", state = new[] { new { key = "k", value = 7 } }, to = new[] { "files" }, operation = "create",
                data = "from the answer",
            });
        }));
        using var dapr = Machine.Client(await StartAsync(Machine.Component("state", "state.in-memory")
            + Machine.Component("unwanted", "bindings.cron", ("schedule", "@every 1s"))
            + Machine.Component("routed", "bindings.cron", ("schedule", "@every 1s"), ("route", "/jobs/due"), ("direction", "input")),
            app));
        var seen = new HashSet<string>();
        while (!seen.IsSupersetOf(["POST /tick True", "POST /jobs/due True"])
            || await dapr.GetStateAsync<int>("state", "k", cancellationToken: Machine.Cancel) != 7)
            seen.Add(await asked.Reader.ReadAsync(TestContext.Current.CancellationToken));
        Assert.Contains("OPTIONS /tick False", seen);
        Assert.Contains("OPTIONS /unwanted False", seen);
        Assert.DoesNotContain("OPTIONS /jobs/due False", seen);
        Assert.DoesNotContain("POST /unwanted True", seen);
        while (Directory.GetFiles(Path.Combine(_machine.Folder, "files")).Length == 0)
            await asked.Reader.ReadAsync(Machine.Cancel);
    }

    private Task<ITestedSidecar> StartAsync(string more = "", int? appPort = null) => _machine.StartAsync(more
        + Machine.Component("files", "bindings.localstorage", ("rootPath", "files"))
        + Machine.Component("tick", "bindings.cron", ("schedule", "@every 1s")), appPort);

    private static Task<(int, string)> InvokeAsync(HttpClient http, object body) =>
        Machine.AskAsync(http, HttpMethod.Post, "/v1.0/bindings/files", body);

    public ValueTask DisposeAsync() => _machine.DisposeAsync();
}
