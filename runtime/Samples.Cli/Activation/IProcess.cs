namespace Samples.Cli.Activation;

/// <summary>A process that is started when somebody needs it.</summary>
internal interface IProcess
{
    /// <summary>Which process it is now; 0 where there is none. Another one has another number.</summary>
    int Id { get; }

    /// <summary>Completes when it takes requests. One that runs already is left alone.</summary>
    Task StartAsync(CancellationToken cancel);

    /// <summary>Asks it to finish what it has begun; completes when it is gone.</summary>
    Task StopAsync();
}
