using System.Net;
using System.Net.Http.Json;
using Samples.Ledger;
using Samples.Runtime.Testing;
using Xunit;

namespace Samples.Services.Ownership;

/// <summary>The ledger in this process, beside a sidecar of its own: its rule, and what is in its store.</summary>
public sealed class LedgerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_write_with_a_term_that_is_over_is_refused_and_leaves_the_history_as_it_is()
    {
        await using var dapr = new TestDapr().WithComponent("statestore", "state.in-memory");
        var ledger = await dapr.StartAsync<LedgerBook>("ledger", cancel: Cancel);

        Assert.Equal(HttpStatusCode.Created, await WriteAsync(ledger, term: 2, "new owner"));
        Assert.Equal(HttpStatusCode.Conflict, await WriteAsync(ledger, term: 1, "old owner"));

        var store = ledger.State("statestore");
        Assert.Equal(new LedgerHead(HighestTerm: 2, Entries: 1, Refused: 1), await store.GetAsync<LedgerHead>("ledger-t", Cancel));
        Assert.Equal(new LedgerEntry(0, 2, "new owner"), await store.GetAsync<LedgerEntry>("ledger-t-0", Cancel));
    }

    [Fact]
    public async Task A_store_that_cannot_be_reached_loses_no_write_that_was_acknowledged_and_keeps_none_that_was_not()
    {
        await using var dapr = new TestDapr().WithComponent("statestore", "state.in-memory");
        var ledger = await dapr.StartAsync<LedgerBook>("ledger", cancel: Cancel);

        Assert.Equal(HttpStatusCode.Created, await WriteAsync(ledger, term: 1, "owner"));
        using (dapr.Break("statestore", Fault.Disconnected()))
            Assert.Equal(HttpStatusCode.InternalServerError, await WriteAsync(ledger, term: 1, "owner"));
        Assert.Equal(HttpStatusCode.Created, await WriteAsync(ledger, term: 1, "owner"));

        Assert.Equal(["ledger-t", "ledger-t-0", "ledger-t-1"], await ledger.State("statestore").KeysAsync(Cancel));
    }

    private static async Task<HttpStatusCode> WriteAsync(TestApp ledger, long term, string replica)
    {
        using var answer = await ledger.Http.PostAsJsonAsync("/tasks/t/entries", new WriteRequest(term, replica), Cancel);
        return answer.StatusCode;
    }
}
