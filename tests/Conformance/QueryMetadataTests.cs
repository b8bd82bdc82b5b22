using System.Text.Json;
using Xunit;

namespace Samples.Conformance;

/// <summary>Metadata in the query of a request on state reaches each item, and goes first.</summary>
public sealed class QueryMetadataTests : IAsyncDisposable
{
    private readonly Machine _machine = new();

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_save_lives_as_long_as_its_query_says(bool own)
    {
        using var http = Machine.Http(await _machine.StartAsync(Machine.Component("store", "state.in-memory")));
        var metadata = own ? new Dictionary<string, string> { ["ttlInSeconds"] = "-1" } : null;
        await Machine.AskAsync(http, HttpMethod.Post, "/v1.0/state/store?metadata.ttlInSeconds=100",
            new[] { new { key = "k", value = 1, metadata } });
        await AssertExpiresAsync(http);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task So_do_the_writes_of_a_transaction(bool own)
    {
        using var http = Machine.Http(await _machine.StartAsync(Machine.Component("store", "state.in-memory")));
        var metadata = own ? new Dictionary<string, string> { ["ttlInSeconds"] = "-1" } : null;
        var operations = new[] { new { operation = "upsert", request = new { key = "k", value = 1, metadata } } };
        var answer = await Machine.AskAsync(http, HttpMethod.Post, "/v1.0/state/store/transaction?metadata.ttlInSeconds=100",
            new { operations, metadata });
        Assert.Equal(204, answer.Status);
        await AssertExpiresAsync(http);
    }

    private static async Task AssertExpiresAsync(HttpClient http)
    {
        using var answer = await http.GetAsync(new Uri("/v1.0/state/store/k", UriKind.Relative), Machine.Cancel);
        Assert.Equal(1, JsonSerializer.Deserialize<int>(await answer.Content.ReadAsStringAsync(Machine.Cancel)));
        Assert.True(answer.Headers.Contains("metadata.ttlexpiretime"), "it lives for ever");
    }

    public ValueTask DisposeAsync() => _machine.DisposeAsync();
}
