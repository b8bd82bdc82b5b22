using System.Text.Json;
using System.Threading.Channels;
using Dapr.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Samples.Conformance;

/// <summary>Configuration in a SQLite file: read, told about over HTTP and on a stream, and told about no more.</summary>
[EmbeddedOnly("the store is a SQLite file; daprd's is tested on Redis by the replay")]
public sealed class ConfigurationTests : IAsyncDisposable
{
    private readonly Machine _machine = new();
    private readonly Channel<(string Path, string Body)> _told = Channel.CreateUnbounded<(string, string)>();

    [Fact(Timeout = 30_000)]
    public async Task An_http_application_is_told_of_the_keys_it_asked_for_until_it_unsubscribes()
    {
        var sidecar = await StartAsync();
        using var http = Machine.Http(sidecar);
        Write("colour", "blue");
        Assert.Equal(
            """{"colour":{"value":"blue","version":"v-blue"}}""",
            (await Machine.AskAsync(http, HttpMethod.Get, "/v1.0/configuration/config?key=colour&key=absent")).Body);
        var id = JsonDocument
            .Parse((await Machine.AskAsync(http, HttpMethod.Get, "/v1.0/configuration/config/subscribe?key=colour")).Body).RootElement
            .GetProperty("id")
            .GetString();
        Write("size", "large");
        Write("colour", "red");
        var (path, body) = await _told.Reader.ReadAsync(TestContext.Current.CancellationToken);
        Assert.Equal("/configuration/config/colour", path);
        Assert.Equal(
            """{"id":"ID","items":{"colour":{"value":"red","version":"v-red"}}}""".Replace("ID", id, StringComparison.Ordinal),
            body.Trim());
        Assert.Equal(
            (200, """{"ok":true}"""), await Machine.AskAsync(http, HttpMethod.Get, $"/v1.0/configuration/config/{id}/unsubscribe"));
        Assert.Equal(500, (await Machine.AskAsync(http, HttpMethod.Get, $"/v1.0/configuration/config/{id}/unsubscribe")).Status);
        // A second subscription that is told shows that the first one could have been.
        await Machine.AskAsync(http, HttpMethod.Get, "/v1.0/configuration/config/subscribe?key=size");
        Write("colour", "green");
        Write("size", "small");
        Assert.Equal("/configuration/config/size", (await _told.Reader.ReadAsync(TestContext.Current.CancellationToken)).Path);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_stream_brings_changes_and_removals_and_ends_with_the_unsubscription()
    {
        var sidecar = await StartAsync();
        Write("colour", "blue");
        using var dapr = Machine.Client(sidecar);
        var subscription = await dapr.SubscribeConfiguration(
            "config", ["colour"], cancellationToken: TestContext.Current.CancellationToken);
        await using var changes = subscription.Source.GetAsyncEnumerator(TestContext.Current.CancellationToken);
        // The first message names the subscription and holds no items; from then on changes are told.
        Assert.True(await changes.MoveNextAsync());
        Assert.Empty(changes.Current);
        Write("colour", "red");
        Assert.True(await changes.MoveNextAsync());
        Assert.Equal(("red", "v-red"), (changes.Current["colour"].Value, changes.Current["colour"].Version));
        Execute("DELETE FROM configuration WHERE key = 'colour'");
        Assert.True(await changes.MoveNextAsync());
        Assert.Equal("", changes.Current["colour"].Value);
        Assert.True((await dapr.UnsubscribeConfiguration("config", subscription.Id, TestContext.Current.CancellationToken)).Ok);
        Assert.False(await changes.MoveNextAsync());
    }

    private async Task<ITestedSidecar> StartAsync() => await _machine.StartAsync(
        Machine.Component("config", "configuration.sqlite", ("connectionString", "config.db")),
        await _machine.StartAppAsync(app => app.MapPost("/configuration/{store}/{key}", async (HttpContext http) =>
        {
            using var body = new StreamReader(http.Request.Body);
            await _told.Writer.WriteAsync((http.Request.Path, await body.ReadToEndAsync()));
        })));

    private void Write(string key, string value) =>
        Execute($"INSERT OR REPLACE INTO configuration (key, value, version) VALUES ('{key}', '{value}', 'v-{value}')");

    private void Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(_machine.Folder, "config.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public ValueTask DisposeAsync() => _machine.DisposeAsync();
}
