using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Samples.Cli.Processes;
using Samples.Cli.RunTemplate;
using Samples.Cli.Sidecars;
using Samples.Runtime;
using Xunit;

namespace Samples.Cli.Tests;

/// <summary>A template of the corpus that runs in this process as <c>samples run -f</c> runs it, on free ports and on a copy.</summary>
internal sealed class CorpusRun : IAsyncDisposable
{
    // Nobody's work is at stake, and what is to be ready is so at once.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1), Farewell = TimeSpan.FromMilliseconds(200);
    private static readonly HttpClient Http = new();

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("samples-corpus-");
    private readonly ConcurrentQueue<string> _said = new();
    private readonly DaprRuntime _runtime;
    private readonly EmbeddedSidecars _sidecars;
    private readonly Suite _suite;
    private readonly ILoggerFactory _loggers;
    private string[] _head = [];

    private CorpusRun()
    {
        _loggers = LoggerFactory.Create(l => l.SetMinimumLevel(LogLevel.Warning).AddProvider(new Lines(_said)));
        _runtime = new DaprRuntime(new RuntimeOptions { Loggers = _loggers });
        _sidecars = new EmbeddedSidecars(_runtime);
        // The kernel ties nobody to this process, but the guard does.
        var launcher = new Launcher((_, command) => new ProcessStartInfo("setsid", command));
        var options = new SuiteOptions(Path.Combine(_root.FullName, "data"), FreePorts: true, (_, line) => _said.Enqueue(line));
        _suite = new Suite(_sidecars, options with { Farewell = Farewell }, launcher);
    }

    private string Folder => Path.Combine(_root.FullName, "run");

    /// <summary>What was told so far: notes on the template, warnings of the sidecars, ends of programs.</summary>
    public IReadOnlyCollection<string> Said => _said;

    public string Told => string.Join('\n', _said);

    /// <summary>A run of a copy of a folder: what runs may write beside its files.</summary>
    public static async Task<CorpusRun> CopyAsync(string folder)
    {
        var run = new CorpusRun();
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(run.Folder, Path.GetRelativePath(folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        run._head = await File.ReadAllLinesAsync(Path.Combine(folder, "dapr.yaml"), Checkout.Cancel);
        return run;
    }

    /// <summary>The lines of a kind at the top of the template, in order.</summary>
    public IReadOnlyList<string> Expected(string kind) =>
    [
        .. _head.TakeWhile(l => l.StartsWith('#')).Select(l => l[1..].TrimStart())
            .Where(l => l.StartsWith(kind + ": ", StringComparison.Ordinal)).Select(l => l[(kind.Length + 2)..]),
    ];

    /// <summary>Starts all of it.</summary>
    public async Task StartAsync()
    {
        var entries = TemplateReader.Read(Folder, _root.FullName);
        foreach (var note in entries.SelectMany(e => e.Ignored))
            _said.Enqueue(note);
        await _suite.StartAsync(entries, Checkout.Cancel);
        foreach (var unready in await Readiness.WaitAsync(_suite.Members, Patience, Checkout.Cancel))
            _said.Enqueue(unready.Note);
        // One that listens on no port has done its work when it ends.
        await Task.WhenAll(_suite.Members.Where(m => m is { AppPort: null, Entry.IsSidecarAlone: false }).Select(m => m.Rested));
    }

    /// <summary>Every sidecar's API answers.</summary>
    public async Task AnswersAsync()
    {
        Assert.NotEmpty(_suite.Members);
        foreach (var member in _suite.Members)
        {
            using var answer =
                await Http.GetAsync($"http://127.0.0.1:{member.Sidecar.HttpPort}/v1.0/healthz/outbound", Checkout.Cancel);
            Assert.True(answer.IsSuccessStatusCode, member.Name);
        }
    }

    /// <summary>The names of the components of all sidecars, in order of the sidecars.</summary>
    public async Task<IReadOnlyList<string>> ComponentsAsync()
    {
        var names = new List<string>();
        foreach (var member in _suite.Members)
        {
            var address = $"http://127.0.0.1:{member.Sidecar.HttpPort}/v1.0/metadata";
            using var metadata = JsonDocument.Parse(await Http.GetStringAsync(address, Checkout.Cancel));
            if (metadata.RootElement.TryGetProperty("components", out var components))
                names.AddRange(components.EnumerateArray().Select(c => c.GetProperty("name").GetString()!));
        }

        return names;
    }

    public async ValueTask DisposeAsync()
    {
        await _suite.DisposeAsync();
        await _sidecars.DisposeAsync();
        _loggers.Dispose();
        _root.Delete(recursive: true);
    }

    private sealed class Lines(ConcurrentQueue<string> said) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            said.Enqueue(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
