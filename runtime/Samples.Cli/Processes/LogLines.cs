using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Samples.Cli.RunTemplate;

namespace Samples.Cli.Processes;

/// <summary>
/// Sends the sidecars' own lines to the logs, under the name <c>sidecar</c>, from the level on that each template asks for.
/// </summary>
internal sealed class LogLines(ReplicaLogs logs, IReadOnlyList<RunEntry> entries) : ILoggerProvider
{
    private readonly ConcurrentDictionary<string, LogLevel> _levels = new(
        entries.DistinctBy(e => e.AppId).ToDictionary(e => "sidecar." + e.AppId, LevelOf));

    // That a sidecar could not start is told by the command itself, in words, and that nobody took a request is told to whoever sent it.
    public ILogger CreateLogger(string categoryName) => new Line(logs, categoryName,
        categoryName.StartsWith("Microsoft.Extensions.Hosting", StringComparison.Ordinal)
            || categoryName.StartsWith("Yarp.", StringComparison.Ordinal)
            ? LogLevel.None : _levels.GetValueOrDefault(categoryName, LogLevel.Warning));

    public void Dispose()
    {
    }

    // Whoever wants API calls logged wants to see them: they are written at the level `info`.
    private static LogLevel LevelOf(RunEntry entry) => entry.LogLevel switch
    {
        "debug" => LogLevel.Debug,
        "info" => LogLevel.Information,
        "error" => LogLevel.Error,
        "fatal" => LogLevel.Critical,
        _ => entry.ApiLogging ? LogLevel.Information : LogLevel.Warning,
    };

    private sealed class Line(ReplicaLogs logs, string category, LogLevel least) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= least;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                logs.Write(
                    "sidecar",
                    $"{Name(logLevel)}: {category}: {formatter(state, exception)}{(exception is null ? "" : ": " + exception.Message)}",
                    category);
        }

        private static string Name(LogLevel level) => level switch
        {
            LogLevel.Information => "info",
            LogLevel.Warning => "warn",
            LogLevel.Error => "fail",
            LogLevel.Critical => "crit",
            _ => "dbug",
        };
    }
}
