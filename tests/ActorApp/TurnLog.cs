namespace Samples.ActorApp;

/// <summary>Lines that are in the operating system's hands when the call returns: they survive SIGKILL.</summary>
internal sealed class TurnLog(string path) : IDisposable
{
    private readonly FileStream _file = new(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
    private readonly Lock _gate = new();
    private int _turns;

    public int NextTurn() => Interlocked.Increment(ref _turns);

    public void Write(string line)
    {
        lock (_gate)
            _file.Write(System.Text.Encoding.UTF8.GetBytes(line + "\n"));
    }

    public void Dispose() => _file.Dispose();
}
