namespace Samples.Cli.Processes;

/// <summary>How a suite runs.</summary>
/// <param name="DataDirectory">For everything that is kept (components' files and services' data), a folder a pattern.</param>
/// <param name="FreePorts">Ignore the template's ports.</param>
/// <param name="Log">Gets the replica's name and a line.</param>
internal sealed record SuiteOptions(string DataDirectory, bool FreePorts, Action<string, string> Log)
{
    /// <summary>
    /// Where the control interface is, and its token; told to applications whose template asks with <c>SAMPLES_CONTROL: "true"</c>.
    /// </summary>
    public (Uri Address, string Token)? Control { get; set; }

    /// <summary>How long a replica may take to end after SIGTERM before it is killed.</summary>
    public TimeSpan Farewell { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A pattern's folder.</summary>
    public string DataOf(string pattern) => Path.Combine(DataDirectory, pattern);

    /// <summary>Where replicas put what is temporary; null leaves it to the system.</summary>
    public string? Temporary { get; init; }

    /// <summary>Over the template's environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
}
