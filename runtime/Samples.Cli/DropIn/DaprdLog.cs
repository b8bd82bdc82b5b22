using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Samples.Cli.DropIn;

/// <summary>Log lines in the shape of daprd's, which tools read: <c>time="..." level=info msg="..."</c>, or a JSON object a line.</summary>
internal sealed class DaprdLog(string appId, LogLevel least, bool asJson, TextWriter output, TimeProvider time) : ILoggerFactory
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly string _instance = Environment.MachineName;
    private readonly Lock _gate = new();

    /// <summary>daprd's word for a level; null for one that it does not know.</summary>
    public static LogLevel? Level(string word) => word.ToLowerInvariant() switch
    {
        "debug" => LogLevel.Debug,
        "info" => LogLevel.Information,
        "warn" or "warning" => LogLevel.Warning,
        "error" => LogLevel.Error,
        "fatal" => LogLevel.Critical,
        _ => null,
    };

    public ILogger CreateLogger(string categoryName) => new Scope(this, "dapr.runtime." + categoryName.Split('.')[0]);

    /// <summary>A line of the program itself.</summary>
    public void Say(LogLevel level, string message) => Write("dapr.runtime", level, message);

    public void AddProvider(ILoggerProvider provider)
    {
    }

    private void Write(string scope, LogLevel level, string message)
    {
        if (level < least)
            return;
        var now = time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
        var line = asJson
            ? JsonSerializer.Serialize(
                new SortedDictionary<string, string>(StringComparer.Ordinal)
                {
                    ["app_id"] = appId, ["instance"] = _instance, ["level"] = Word(level), ["msg"] = message, ["scope"] = scope,
                    ["time"] = now, ["type"] = "log", ["ver"] = DropInVersion.Text,
                }, Plain)
            : $"time=\"{now}\" level={Word(level)} msg={JsonSerializer.Serialize(message, Plain)} app_id={appId} instance={_instance} "
                + $"scope={scope} type=log ver={DropInVersion.Text}";
        lock (_gate)
        {
            output.WriteLine(line);
            output.Flush();
        }
    }

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warning",
        LogLevel.Error => "error",
        _ => "fatal",
    };

    public void Dispose() => output.Dispose();

    private sealed class Scope(DaprdLog log, string name) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= log.Least;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            log.Write(name, logLevel, exception is null ? formatter(state, exception) : $"{formatter(state, exception)}: {exception}");
    }

    private LogLevel Least => least;
}

/// <summary>The version that the drop-in says it is.</summary>
internal static class DropInVersion
{
    public const string Text = "1.18.3-samples";
}
