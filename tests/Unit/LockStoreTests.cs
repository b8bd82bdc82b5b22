using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Samples.Runtime.Components;
using Samples.Runtime.Components.Sqlite;
using Samples.Runtime.Resources;
using Xunit;

namespace Samples.Unit;

public sealed class LockStoreTests : IDisposable
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch.AddYears(50));
    private readonly string _folder = Directory.CreateTempSubdirectory("samples-lock-").FullName;

    [Fact]
    public async Task A_lock_has_one_holder_until_it_is_released_or_expires()
    {
        await using var locks = Open();
        Assert.True(await locks.TryLockAsync("r", "me", TimeSpan.FromSeconds(5), Cancel));
        Assert.False(await locks.TryLockAsync("r", "you", TimeSpan.FromSeconds(5), Cancel));
        Assert.False(await locks.TryLockAsync("r", "me", TimeSpan.FromSeconds(5), Cancel));
        Assert.Equal(UnlockStatus.BelongsToOthers, await locks.UnlockAsync("r", "you", Cancel));
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(UnlockStatus.DoesNotExist, await locks.UnlockAsync("r", "me", Cancel));
        Assert.True(await locks.TryLockAsync("r", "you", TimeSpan.FromSeconds(5), Cancel));
        Assert.Equal(UnlockStatus.Success, await locks.UnlockAsync("r", "you", Cancel));
    }

    [Fact]
    public async Task Of_fifty_that_try_at_once_one_gets_it()
    {
        await using var locks = Open();
        var tries = await Task.WhenAll(
            Enumerable.Range(0, 50).Select(i => locks.TryLockAsync("r", "owner" + i, TimeSpan.FromSeconds(5), Cancel)));
        Assert.Single(tries, won => won);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private ILockStore Open()
    {
        var metadata = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase) { ["connectionString"] = "locks.db" };
        return (ILockStore)SqliteLockStore.Type.Create(new Component("locks", "lock.sqlite", "v1", metadata, Origin.Code),
            new EngineContext(_folder, _time, NullLoggerFactory.Instance));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
