using System.Text.Json.Nodes;
using Dapr;
using Samples.Runtime;
using Samples.Runtime.Resources;
using Xunit;

namespace Samples.Conformance;

/// <summary>Secrets of both local stores, over HTTP and through the SDK, and as settings of other components.</summary>
public sealed class SecretTests : IAsyncDisposable
{
    private const string Json = """{"plain": "s3cr3t", "nested": {"user": "u", "password": "p"}, "path": "from-secret.db"}""";

    private readonly Machine _machine = new();

    [Theory]
    [InlineData("secrets/plain", 200, """{"plain":"s3cr3t"}""")]
    [InlineData("secrets/nested:user", 200, """{"nested:user":"u"}""")]
    [InlineData(
            "secrets/none", 500,
            """{"errorCode":"ERR_SECRET_GET","message":"failed getting secret with key none from secret store secrets: """
            + "secret none not found\"}")]
    [InlineData("nosuch/x", 401, """{"errorCode":"ERR_SECRET_STORE_NOT_FOUND","message":"failed finding secret store with key nosuch"}""")]
    [InlineData("multi/nested", 200, """{"user":"u","password":"p"}""")]
    public async Task Http_answers_as_recorded(string path, int status, string body)
    {
        using var http = Machine.Http(await StartAsync());
        var answer = await Machine.AskAsync(http, HttpMethod.Get, "/v1.0/secrets/" + path);
        Assert.Equal(status, answer.Status);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(body), JsonNode.Parse(answer.Body)), answer.Body);
    }

    [Fact]
    public async Task The_sdk_reads_one_and_all()
    {
        using var dapr = Machine.Client(await StartAsync());
        Assert.Equal("s3cr3t", (await dapr.GetSecretAsync("secrets", "plain", cancellationToken: Machine.Cancel))["plain"]);
        var all = await dapr.GetBulkSecretAsync("secrets", cancellationToken: Machine.Cancel);
        Assert.Equal(["nested:password", "nested:user", "path", "plain"], all.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("p", all["nested:password"]["nested:password"]);
        var error = await Assert.ThrowsAsync<DaprException>(() => dapr.GetSecretAsync("nosuch", "x", cancellationToken: Machine.Cancel));
        Assert.Contains("failed finding secret store with key nosuch", error.InnerException!.Message);
    }

    [Fact]
    public async Task The_environment_is_read_below_its_prefix()
    {
        Environment.SetEnvironmentVariable("SECRETTESTS_COLOUR", "blue");
        using var dapr = Machine.Client(await StartAsync());
        Assert.Equal("blue", (await dapr.GetSecretAsync("env", "COLOUR", cancellationToken: Machine.Cancel))["COLOUR"]);
        Assert.Equal(["COLOUR"], (await dapr.GetBulkSecretAsync("env", cancellationToken: Machine.Cancel)).Keys);
    }

    [Fact]
    public async Task A_setting_may_be_a_secret_of_a_store_defined_later()
    {
        using var dapr = Machine.Client(await StartAsync(Referring("secrets", "path")));
        await dapr.SaveStateAsync("state", "k", 1, cancellationToken: Machine.Cancel);
        Assert.True(File.Exists(Path.Combine(_machine.Folder, "from-secret.db")));
    }

    [Theory, EmbeddedOnly("daprd starts without the setting, or ends with a message of the component's")]
    [InlineData(
            "secrets", "none",
            "all.yaml:12: component 'state' takes 'connectionString' from the secret 'none', which the store 'secrets' does not have. Add")]
    [InlineData("nosuch", "path", "takes 'connectionString' from the secret store 'nosuch', which is not there. Define")]
    public async Task A_missing_secret_is_named_with_its_place_and_the_cure(string store, string secret, string message)
    {
        var error = await Assert.ThrowsAsync<ResourceException>(() => StartAsync(Referring(store, secret)));
        Assert.Contains(message, error.Message);
        Assert.DoesNotContain("s3cr3t", error.Message);
    }

    [Theory]
    [InlineData("{storeName: secrets, defaultAccess: deny, allowedSecrets: [plain]}", "plain")]
    [InlineData("{storeName: secrets, defaultAccess: allow, deniedSecrets: [\"nested:user\", \"nested:password\", path]}", "plain")]
    [InlineData("{storeName: secrets, defaultAccess: allow, allowedSecrets: [path], deniedSecrets: [plain]}", "path")]
    [InlineData("{storeName: secrets, defaultAccess: deny}", null)]
    public async Task A_scope_decides_which_secrets_are_seen(string scope, string? seen)
    {
        var sidecar = await StartScopedAsync(scope);
        using var http = Machine.Http(sidecar);
        using var dapr = Machine.Client(sidecar);
        foreach (var secret in (string[])["plain", "path", "nested:user"])
        {
            var (status, body) = await Machine.AskAsync(http, HttpMethod.Get, "/v1.0/secrets/secrets/" + secret);
            Assert.Equal(secret == seen ? 200 : 403, status);
            if (secret != seen)
                Assert.Equal("ERR_PERMISSION_DENIED", JsonNode.Parse(body)!["errorCode"]!.GetValue<string>());
        }

        Assert.Equal(seen is null ? [] : [seen], (await dapr.GetBulkSecretAsync("secrets", cancellationToken: Machine.Cancel)).Keys);
        // Another store has no scope.
        Assert.Equal(200, (await Machine.AskAsync(http, HttpMethod.Get, "/v1.0/secrets/multi/plain")).Status);
    }

    private async Task<ITestedSidecar> StartScopedAsync(string scope)
    {
        await File.WriteAllTextAsync(Path.Combine(_machine.Folder, "secrets.json"), Json, Machine.Cancel);
        return await _machine.StartAsync(new SidecarOptions("app1"), Stores, $"""
            apiVersion: dapr.io/v1alpha1
            kind: Configuration
            metadata:
              name: scoped
            spec:
              secrets:
                scopes:
                - {scope}
            """);
    }

    private static string Stores => Machine.Component("secrets", "secretstores.local.file", ("secretsFile", "secrets.json"))
        + Machine.Component("multi", "secretstores.local.file", ("secretsFile", "secrets.json"), ("multiValued", "true"))
        + Machine.Component("env", "secretstores.local.env", ("prefix", "SECRETTESTS_"));

    private static string Referring(string store, string secret) => $"""
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: state
        spec:
          type: state.sqlite
          version: v1
          metadata:
          - name: connectionString
            secretKeyRef:

              name: {secret}
              key: {secret}
        auth:
          secretStore: {store}
        ---

        """;

    private async Task<ITestedSidecar> StartAsync(string more = "")
    {
        await File.WriteAllTextAsync(Path.Combine(_machine.Folder, "secrets.json"), Json, Machine.Cancel);
        return await _machine.StartAsync(more + Stores);
    }

    public ValueTask DisposeAsync() => _machine.DisposeAsync();
}
