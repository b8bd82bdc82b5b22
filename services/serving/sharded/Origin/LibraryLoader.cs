using Dapr;
using Samples.ApiDocs;
using Samples.Defaults;

namespace Samples.Origin;

/// <summary>
/// Reads documents and edits beside the start of the server: alive at once, ready when there is something to answer with.
/// </summary>
public sealed class LibraryLoader : BackgroundService
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30), Between = TimeSpan.FromMilliseconds(300);

    private readonly Library _library;
    private readonly EditStore _store;
    private readonly Readiness _readiness;
    private readonly OriginOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<LibraryLoader> _log;

    /// <summary>Not ready from here on.</summary>
    public LibraryLoader(
        Library library, EditStore store, Readiness readiness, OriginOptions options, TimeProvider time, ILogger<LibraryLoader> log)
    {
        _library = library;
        _store = store;
        _readiness = readiness;
        _options = options;
        _time = time;
        _log = log;
        readiness.WaitFor("The documentation is being read.");
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var index = await Task.Run(() => new DocumentIndex(Corpus.Open(_options.Folder).Read()), stoppingToken);
            var edits = await ReadEditsAsync(stoppingToken);
            _library.Load(index, edits);
            _readiness.Ready();
            _log.LogInformation("{Count} documents, {Edits} of them edited", index.Count, edits.Count);
        }
        catch (DirectoryNotFoundException missing)
        {
            throw new WrongSettingException(missing.Message);
        }
    }

    // The sidecar may still be starting.
    private async Task<IReadOnlyList<Edit>> ReadEditsAsync(CancellationToken cancel)
    {
        for (var began = _time.GetTimestamp(); ; await Task.Delay(Between, _time, cancel))
        {
            try
            {
                return await _store.ReadAsync(cancel);
            }
            catch (DaprException) when (_time.GetElapsedTime(began) < Patience)
            {
                _readiness.WaitFor($"The state store '{_options.StateStore}' does not answer yet.");
            }
            catch (DaprException error)
            {
                throw new WrongSettingException(
                    $"The state store '{_options.StateStore}' cannot be read: {error.GetBaseException().Message} "
                    + "Start the sidecar with a component of that name, or set STATE_STORE.");
            }
        }
    }
}
