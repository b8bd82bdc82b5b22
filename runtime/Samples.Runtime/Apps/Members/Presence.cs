using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Samples.Runtime.Apps.Members;

/// <summary>One sidecar of this process as it shows itself to those of others; changes are told in their order.</summary>
internal sealed class Presence(Membership membership, Member member, ILogger log) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private Task _told = Task.CompletedTask;
    private Member _member = member;
    private bool _isGone;

    /// <summary>The name in placement.</summary>
    public string Replica => _member.Replica;

    /// <summary>Completes when what was said so far has been told.</summary>
    public Task Told
    {
        get
        {
            lock (_gate)
                return _told;
        }
    }

    /// <summary>Completes when the others can see it, or could not be told.</summary>
    public Task TellAsync(Func<Member, Member> change)
    {
        lock (_gate)
        {
            if (_isGone)
                return Task.CompletedTask;
            var now = _member = change(_member);
            return _told = After(_told, () => membership.PutAsync(now));
        }
    }

    private async Task After(Task before, Func<Task> tell)
    {
        await before;
        try
        {
            await tell();
        }
        catch (SqliteException error)
        {
            log.LogWarning("other sidecars could not be told of '{App}': {Problem}", _member.AppId, error.Message);
        }
    }

    /// <summary>From now on nobody finds it.</summary>
    public async ValueTask DisposeAsync()
    {
        Task last;
        lock (_gate)
        {
            if (_isGone)
                return;
            _isGone = true;
            last = After(_told, () => membership.RemoveAsync(_member.Id));
        }

        await last;
    }
}
