using Microsoft.Extensions.Logging;

namespace Samples.Cli.Processes;

/// <summary>Sends the sidecars' own warnings to the logs, under the name <c>sidecar</c>.</summary>
internal sealed class LogLines(ReplicaLogs logs) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => new Line(logs, categoryName);

    public void Dispose()
    {
    }

    private sealed class Line(ReplicaLogs logs, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                logs.Write("sidecar", $"{logLevel.ToString().ToLowerInvariant()}: {category}: {formatter(state, exception)}{(exception is null ? "" : ": " + exception.Message)}");
        }
    }
}
