using System.Runtime.InteropServices;

namespace Samples.Cli.Processes;

/// <summary>Ctrl-C and SIGTERM: the first asks to stop in order, the second ends at once; the children die with the command.</summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PosixSignalRegistration[] _registrations;
    private int _count;

    public Interruption() => _registrations =
        [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP }.Select(s => PosixSignalRegistration.Create(s, Handle))];

    /// <summary>Cancelled by the first.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Completes with the first.</summary>
    public Task WaitAsync() => _asked.Task;

    private void Handle(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _count) > 1)
            Environment.Exit(130);
        _asked.TrySetResult();
        // Not on the signal's thread: cancelling runs callbacks.
        _ = _source.CancelAsync();
    }

    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
        _source.Dispose();
    }
}
