namespace Samples.TopzSidecar;

/// <summary>A process at a moment.</summary>
/// <param name="Pid">Its id, as the namespace of this process has it.</param>
/// <param name="Parent">Its parent's; 0 where that is outside.</param>
/// <param name="Began">Tells it from another process that has the id later.</param>
/// <param name="State">The kernel's letter: R, S, D, Z for a zombie.</param>
/// <param name="Used">Processor time so far.</param>
/// <param name="Memory">Bytes that are in memory.</param>
/// <param name="Command">Its command line, or its name in brackets where it has none.</param>
public sealed record ProcessReading(int Pid, int Parent, long Began, char State, TimeSpan Used, long Memory, string Command);

/// <summary>All processes that can be seen.</summary>
public interface IProcessTable
{
    /// <summary>Reads them; one that ends meanwhile is left out.</summary>
    IReadOnlyList<ProcessReading> Read();

    /// <summary>The memory that there is, in bytes.</summary>
    long TotalMemory { get; }
}
