namespace Samples.FunctionHost;

/// <summary>What an experiment may take away, to see what rests on it; where <c>FAULTS</c> is not <c>true</c> nobody can.</summary>
public sealed class Switches
{
    /// <summary>Whether events are marked and doubles told by their ids.</summary>
    public bool Marks { get; set; } = true;

    /// <summary>Whether state is written with ETags.</summary>
    public bool ETags { get; set; } = true;

    /// <summary>Whether wrong attempts are counted.</summary>
    public bool Tries { get; set; } = true;
}
