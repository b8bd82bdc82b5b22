namespace Samples.BrokerAmbassador;

/// <summary>
/// Which backend new connections get. It changes when the environment's answer does; connections that are open keep theirs.
/// </summary>
public sealed class BackendDirectory(ILogger<BackendDirectory> log)
{
    private volatile Backend? _current;

    /// <summary>The backend, null until the environment has named one.</summary>
    public Backend? Current => _current;

    /// <summary>Takes the configuration key <c>broker.backend</c>. What is wrong is told and changes nothing.</summary>
    public void Configure(string? value)
    {
        if (value is null)
            return;
        if (Backend.Parse(value) is not { } backend)
        {
            // The value may hold a password that somebody put there by mistake.
            log.LogWarning("broker.backend is no backend, so that nothing changes: {Form}", Backend.Form);
            return;
        }

        log.LogInformation("new connections go to {Backend}", backend.Name);
        _current = backend;
    }
}
