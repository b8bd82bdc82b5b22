namespace Samples.Cli.Processes;

/// <summary>What somebody wants of a replica.</summary>
internal enum Wish
{
    /// <summary>That it runs, now; one that runs is left alone.</summary>
    Start,

    /// <summary>SIGKILL; it ends when the process is gone.</summary>
    Kill,

    /// <summary>SIGSTOP; it ends when the process stands still.</summary>
    Freeze,

    /// <summary>SIGCONT.</summary>
    Resume,

    /// <summary>SIGTERM, and SIGKILL after a while; it ends when the process is gone, which stays down until started.</summary>
    Terminate,

    /// <summary>As <see cref="Terminate"/>, and the sidecar goes, too; whatever is wished afterwards is refused.</summary>
    Close,
}
