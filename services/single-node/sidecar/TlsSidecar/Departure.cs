using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Samples.TlsSidecar;

/// <summary>
/// A client that resets its connection has left, as one that closes it. Kestrel says so with an exception, which TLS, HTTP and all between
/// them catch and throw on: a tenth of what a whole handshake costs, for a client that has gone. Who waits for a request's end learns
/// from HTTP that it did not come, and the request is aborted besides.
/// </summary>
internal static class Departure
{
    /// <summary>For all that comes in at this door; has to come before TLS.</summary>
    public static void TakeResetsAsEnds(this ListenOptions listen) => listen.Use(next => connection =>
    {
        connection.Transport = new Transport(new Reader(connection.Transport.Input), connection.Transport.Output);
        return next(connection);
    });

    private sealed record Transport(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed class Reader(PipeReader client) : PipeReader
    {
        private bool _hasLeft;

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            try
            {
                var read = client.ReadAsync(cancellationToken);
                return read.IsCompletedSuccessfully ? read : WaitAsync(read);
            }
            catch (ConnectionResetException)
            {
                return new ValueTask<ReadResult>(End());
            }
        }

        public override bool TryRead(out ReadResult result)
        {
            try
            {
                return client.TryRead(out result);
            }
            catch (ConnectionResetException)
            {
                result = End();
                return true;
            }
        }

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            if (!_hasLeft)
                client.AdvanceTo(consumed, examined);
        }

        public override void CancelPendingRead() => client.CancelPendingRead();

        public override void Complete(Exception? exception = null) => client.Complete(exception);

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        private async ValueTask<ReadResult> WaitAsync(ValueTask<ReadResult> read)
        {
            try
            {
                return await read;
            }
            catch (ConnectionResetException)
            {
                return End();
            }
        }

        private ReadResult End()
        {
            _hasLeft = true;
            return new ReadResult(default, isCanceled: false, isCompleted: true);
        }
    }
}
