using System.Text;
using Samples.Defaults;
using Samples.Pod;

namespace Samples.ConfigSidecar;

/// <summary>How the delivery stands.</summary>
/// <param name="Version">What the application has; null before the first.</param>
/// <param name="Delivered">Versions that the application took.</param>
/// <param name="Refused">Versions that never became live, or were taken back.</param>
/// <param name="RefusedVersion">The last of them, as long as it is what is stored.</param>
/// <param name="Problem">Why.</param>
public sealed record DeliveryState(string? Version, int Delivered, int Refused, string? RefusedVersion, string? Problem);

/// <summary>
/// Brings what is stored to the application: tried beside the live file first; then written in one step (temporary file, fsync, rename),
/// SIGHUP, and a look whether the application has it. A version that it does not take in time is taken back. The next one that is stored
/// gets its chance without help.
/// </summary>
public sealed class ConfigDelivery(
    ConfigOptions options, ConfigTrial trial, AppProcess application, Readiness readiness, TimeProvider time, ILogger<ConfigDelivery> log)
    : BackgroundService
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LookAfter = TimeSpan.FromSeconds(2);

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(1) };
    private readonly SemaphoreSlim _offered = new(0);
    private volatile IReadOnlyDictionary<string, string>? _values;
    private volatile DeliveryState _state = new(null, 0, 0, null, null);

    /// <summary>How it stands.</summary>
    public DeliveryState State => _state;

    /// <summary>What is stored now. Only the newest counts.</summary>
    public void Offer(IReadOnlyDictionary<string, string> values)
    {
        _values = values;
        _offered.Release();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!File.Exists(options.File))
            readiness.WaitFor("The first configuration is not written yet.");
        while (!stoppingToken.IsCancellationRequested)
        {
            // One that was starting while the file was written may have read the old one and missed the signal: it is looked after.
            if (!await _offered.WaitAsync(LookAfter, stoppingToken))
            {
                await LookAfterAsync(stoppingToken);
                continue;
            }

            try
            {
                while (!await TryDeliverAsync(stoppingToken))
                    await Task.Delay(Again, time, stoppingToken);
                readiness.Ready();
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                log.LogError("the configuration cannot be written, and is tried again: {Problem}", error.Message);
                await Task.Delay(Again, time, stoppingToken);
                _offered.Release();
            }
        }
    }

    private async Task LookAfterAsync(CancellationToken cancel)
    {
        if (_state.Version is { } version && options.VersionPath is not null && await VersionAsync(cancel) is { } has && has != version)
            application.Reload();
    }

    // What the application says that it has; null where it says nothing.
    private async Task<string?> VersionAsync(CancellationToken cancel)
    {
        try
        {
            return options.Site.Find() is { } site ? (await _http.GetStringAsync(new Uri(site, options.VersionPath), cancel)).Trim() : null;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException && !cancel.IsCancellationRequested)
        {
            return null;
        }
    }

    // False where something has to be waited for first.
    private async Task<bool> TryDeliverAsync(CancellationToken cancel)
    {
        var address = options.Site.Find();
        if (address is null && options.Template.NeedsAddress)
            return false;
        RenderedConfiguration next;
        try
        {
            next = options.Template.Render(_values!, address?.Authority, options.Files.Folder);
        }
        catch (FormatException error)
        {
            Refuse("unwritten", error.Message);
            return true;
        }

        Directory.CreateDirectory(options.Files.Folder);
        var content = Encoding.UTF8.GetBytes(next.Text);
        var old = File.Exists(options.File) ? await File.ReadAllBytesAsync(options.File, cancel) : null;
        if (old is not null && old.AsSpan().SequenceEqual(content))
        {
            _state = _state with { Version = next.Version, RefusedVersion = null, Problem = null };
            await LookAfterAsync(cancel);
            return true;
        }

        var tried = options.File + ".try";
        AtomicFile.Write(tried, content);
        var problem = await trial.TryAsync(tried, cancel);
        File.Delete(tried);
        if (problem is not null)
        {
            Refuse(next.Version, problem);
            return true;
        }

        AtomicFile.Write(options.File, content);
        // An application that is not there reads the file when it starts.
        var isThere = application.Reload();
        if (isThere && await IsTakenAsync(next.Version, cancel) is { } why)
        {
            TakeBack(old);
            Refuse(next.Version, why);
            return true;
        }

        _state = _state with { Version = next.Version, Delivered = _state.Delivered + 1, RefusedVersion = null, Problem = null };
        log.LogInformation("version {Version} is {How}", next.Version, isThere ? "in force" : "written; the application is not running");
        return true;
    }

    private void TakeBack(byte[]? old)
    {
        if (old is null)
            File.Delete(options.File);
        else
            AtomicFile.Write(options.File, old);
        application.Reload();
    }

    private void Refuse(string version, string problem)
    {
        if (_state.RefusedVersion != version || _state.Problem != problem)
            log.LogWarning("version {Version} is refused, and {Old} stays: {Problem}", version, _state.Version ?? "none", problem);
        _state = _state with { Refused = _state.Refused + 1, RefusedVersion = version, Problem = problem };
    }

    // Null where the application has the version, or the reason to take it back. One that ends meanwhile reads the file when it is back.
    private async Task<string?> IsTakenAsync(string version, CancellationToken cancel)
    {
        if (options.VersionPath is null || options.Site.Find() is null)
            return null;
        var began = time.GetTimestamp();
        while (time.GetElapsedTime(began) < options.Patience)
        {
            if (await VersionAsync(cancel) == version || application.Find() is null)
                return null;
            await Task.Delay(Between, time, cancel);
        }

        return $"the application did not take it within {options.Patience.TotalSeconds:0.#} s";
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _http.Dispose();
        _offered.Dispose();
    }
}
