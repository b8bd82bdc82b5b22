using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace Samples.Runtime.Components.Sqlite;

/// <summary>
/// The one writer of a SQLite file. Whatever waits when it is free goes into one transaction (group commit): the cost of a commit is
/// shared, and an acknowledgement still comes only after it. A piece of work that throws is rolled back alone, by its savepoint.
/// </summary>
internal sealed class SqliteWriter : IAsyncDisposable
{
    private const int MostInOneCommit = 512;

    private readonly Channel<Work> _queue = Channel.CreateUnbounded<Work>(new UnboundedChannelOptions { SingleReader = true });
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _begin, _commit, _rollback, _save, _release, _undo;
    private readonly Task _loop;

    /// <summary>Takes over the connection.</summary>
    public SqliteWriter(SqliteConnection connection)
    {
        _connection = connection;
        _begin = Prepare("BEGIN IMMEDIATE");
        _commit = Prepare("COMMIT");
        _rollback = Prepare("ROLLBACK");
        _save = Prepare("SAVEPOINT one");
        _release = Prepare("RELEASE one");
        _undo = Prepare("ROLLBACK TO one");
        _loop = Task.Run(RunAsync);
    }

    /// <summary>
    /// Runs <paramref name="work"/> on the writer's connection; completes after the commit that holds it. <paramref name="committed"/>
    /// runs after that commit on the writer's own thread, in the order of the work: it must be short.
    /// </summary>
    public async Task<T> RunAsync<T>(Func<SqliteConnection, T> work, CancellationToken cancel, Action<T>? committed = null)
    {
        var result = default(T)!;
        var item = new Work(connection => result = work(connection), committed is null ? null : () => committed(result), cancel);
        ObjectDisposedException.ThrowIf(!_queue.Writer.TryWrite(item), this);
        await item.Done.Task;
        return result;
    }

    private async Task RunAsync()
    {
        var batch = new List<Work>(MostInOneCommit);
        while (await _queue.Reader.WaitToReadAsync())
        {
            batch.Clear();
            while (batch.Count < MostInOneCommit && _queue.Reader.TryRead(out var work))
                batch.Add(work);
            Commit(batch);
        }
    }

    private void Commit(List<Work> batch)
    {
        try
        {
            _begin.ExecuteNonQuery();
            foreach (var work in batch)
                RunOne(work);
            _commit.ExecuteNonQuery();
        }
        catch (SqliteException error)
        {
            try
            {
                _rollback.ExecuteNonQuery();
            }
            catch (SqliteException)
            {
                // SQLite has already rolled back by itself (disk full, for example).
            }

            batch.ForEach(w => w.Done.TrySetException(error));
            return;
        }

        foreach (var work in batch)
        {
            if (work.Failure is { } failure)
            {
                work.Done.TrySetException(failure);
                continue;
            }

            try
            {
                work.Committed?.Invoke();
                work.Done.TrySetResult();
            }
            catch (Exception error)
            {
                work.Done.TrySetException(error);
            }
        }
    }

    private void RunOne(Work work)
    {
        if (work.Cancel.IsCancellationRequested)
        {
            work.Failure = new OperationCanceledException(work.Cancel);
            return;
        }

        _save.ExecuteNonQuery();
        try
        {
            work.Run(_connection);
        }
        catch (Exception error)
        {
            work.Failure = error;
            _undo.ExecuteNonQuery();
        }

        _release.ExecuteNonQuery();
    }

    private SqliteCommand Prepare(string sql)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        return command;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _loop;
        foreach (var command in new[] { _begin, _commit, _rollback, _save, _release, _undo })
            await command.DisposeAsync();
        await _connection.DisposeAsync();
    }

    private sealed class Work(Action<SqliteConnection> run, Action? committed, CancellationToken cancel)
    {
        public Action<SqliteConnection> Run => run;

        public Action? Committed => committed;

        public CancellationToken Cancel => cancel;

        public Exception? Failure { get; set; }

        // Continuations run elsewhere: the writer must not carry an HTTP response to its end.
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
