using Samples.ApiDocs;
using Samples.Defaults;

namespace Samples.Dictionary;

/// <summary>Reads the documentation beside the start of the server: alive at once, ready when there is something to answer with.</summary>
public sealed class BookLoader : BackgroundService
{
    private readonly WordBook _book;
    private readonly Readiness _readiness;
    private readonly DictionaryOptions _options;
    private readonly ILogger<BookLoader> _log;

    /// <summary>Not ready from here on.</summary>
    public BookLoader(WordBook book, Readiness readiness, DictionaryOptions options, ILogger<BookLoader> log)
    {
        _book = book;
        _readiness = readiness;
        _options = options;
        _log = log;
        readiness.WaitFor("The documentation is being read.");
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.Run(() => _book.Load(Corpus.Open(_options.Folder).Read()), stoppingToken);
        }
        catch (DirectoryNotFoundException missing)
        {
            throw new WrongSettingException(missing.Message);
        }

        _readiness.Ready();
        _log.LogInformation("{Count} words, edition {Edition}", _book.Count, _book.Edition);
    }
}
