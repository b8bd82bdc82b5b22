namespace Samples.ExperimentAmbassador;

/// <summary>
/// How long an arm may take to begin its answer. Time in which the ambassador waits for the client's body is not the arm's, and is not
/// counted; what follows the first byte is not limited by it.
/// </summary>
public sealed class FirstByteLimit(TimeSpan limit) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _over = new();
    private bool _isEnded;

    /// <summary>Cancelled when the time is over.</summary>
    public CancellationToken Token => _over.Token;

    /// <summary>True when the arm was too late.</summary>
    public bool IsOver => _over.IsCancellationRequested;

    /// <summary>Begins, and pauses while the request's body is waited for.</summary>
    public void Watch(HttpRequest request)
    {
        Resume();
        if (request.ContentLength is > 0 || request.Headers.TransferEncoding.Count > 0)
            request.Body = new WatchedBody(request.Body, this);
    }

    /// <summary>The answer has begun.</summary>
    public void End()
    {
        lock (_gate)
        {
            _isEnded = true;
            _over.CancelAfter(Timeout.InfiniteTimeSpan);
        }
    }

    private void Pause()
    {
        lock (_gate)
        {
            if (!_isEnded)
                _over.CancelAfter(Timeout.InfiniteTimeSpan);
        }
    }

    private void Resume()
    {
        lock (_gate)
        {
            if (!_isEnded)
                _over.CancelAfter(limit);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // A body that is still being read must not reach what is disposed.
        lock (_gate)
        {
            _isEnded = true;
            _over.Dispose();
        }
    }

    private sealed class WatchedBody(Stream body, FirstByteLimit limit) : Stream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            limit.Pause();
            try
            {
                return await body.ReadAsync(buffer, cancellationToken);
            }
            finally
            {
                limit.Resume();
            }
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => body.Read(buffer, offset, count);

        public override bool CanRead => true;

        public override bool CanSeek => body.CanSeek;

        public override bool CanWrite => false;

        public override long Length => body.Length;

        public override long Position
        {
            get => body.Position;
            set => body.Position = value;
        }

        public override long Seek(long offset, SeekOrigin origin) => body.Seek(offset, origin);

        public override void Flush() => body.Flush();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
