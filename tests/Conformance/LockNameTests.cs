using Xunit;

namespace Samples.Conformance;

/// <summary>A resource whose name could be another application's key has no lock.</summary>
public sealed class LockNameTests : IAsyncDisposable
{
    private readonly Machine _machine = new();

    [Theory]
    [InlineData("lock", "ERR_TRY_LOCK", "failed to try acquiring lock")]
    [InlineData("unlock", "ERR_UNLOCK", "failed to release lock")]
    public async Task The_separator_of_keys_is_refused(string operation, string code, string what)
    {
        using var http = Machine.Http(
            await _machine.StartAsync(Machine.Component("locks", "lock.sqlite", ("connectionString", "locks.db"))));
        var body = new { resourceId = "a||b", lockOwner = "me", expiryInSeconds = 60 };
        var answer = await Machine.AskAsync(http, HttpMethod.Post, $"/v1.0-alpha1/{operation}/locks", body);
        Assert.Equal(500, answer.Status);
        Assert.Contains(code, answer.Body, StringComparison.Ordinal);
        Assert.Contains(
            $"{what}: input key/keyPrefix 'a||b' can't contain '||'", System.Text.RegularExpressions.Regex.Unescape(answer.Body),
            StringComparison.Ordinal);
    }

    public ValueTask DisposeAsync() => _machine.DisposeAsync();
}
