using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Samples.Patterns;

/// <summary>A claim as the command's record tells it.</summary>
internal sealed record ClaimRecord(string Claim, string Expected, string Measured, bool? Held, string? Reason);

/// <summary>One pattern of the command's record.</summary>
internal sealed record PatternRecord(string Pattern, double Seconds, IReadOnlyList<ClaimRecord> Claims);

/// <summary><c>samples tour PATTERN --json FILE</c> in a folder of its own, which is removed afterwards.</summary>
internal sealed class Tour(string pattern) : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private const int TailLines = 12;

    private readonly string _folder = Directory.CreateTempSubdirectory("samples-test-").FullName;
    private readonly StringBuilder _said = new();
    private string _kept = "";

    public int ExitCode { get; private set; } = -1;

    public async Task<PatternRecord> RunAsync(CancellationToken cancel)
    {
        var json = Path.Combine(_folder, "record.json");
        var info = new ProcessStartInfo("dotnet", [Checkout.Command, "tour", pattern, "--json", json])
        {
            WorkingDirectory = Checkout.Root, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Limit);
        using var process = Process.Start(info)!;
        // The command keeps data and logs of a tour that failed, in a folder that bears its process id.
        _kept = Path.Combine(Checkout.Root, ".samples", $"tour-{process.Id}-{pattern}");
        process.OutputDataReceived += (_, line) => Say(line.Data);
        process.ErrorDataReceived += (_, line) => Say(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // Everything that the command started dies with it.
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
            cancel.ThrowIfCancellationRequested();
            Assert.Fail($"The tour of {pattern} did not end within {Limit.TotalMinutes:0} minutes.{Environment.NewLine}{Logs()}");
        }

        ExitCode = process.ExitCode;
        if (!File.Exists(json))
            Assert.Fail($"The tour of {pattern} left no record (exit code {ExitCode}).{Environment.NewLine}{Logs()}");
        using var record = JsonDocument.Parse(await File.ReadAllTextAsync(json, cancel));
        var patterns = record.RootElement.GetProperty("patterns").Deserialize<PatternRecord[]>(JsonSerializerOptions.Web)!;
        return patterns.Single(p => p.Pattern == pattern);
    }

    /// <summary>What did not hold, and the last lines of every log.</summary>
    public string Explain(IEnumerable<ClaimRecord> broken)
    {
        var text = new StringBuilder();
        foreach (var claim in broken)
        {
            text.AppendLine($"{(claim.Held is null ? "NOT RUN" : "FAILED")}: {claim.Claim}")
                .AppendLine($"  expected: {claim.Expected}").AppendLine($"  measured: {claim.Measured}");
            if (claim.Reason is { } reason)
                text.AppendLine($"  because:  {reason}");
        }

        return text.AppendLine(Logs()).ToString();
    }

    private string Logs()
    {
        var text = new StringBuilder();
        lock (_said)
            text.AppendLine($"--- the command ---").AppendLine(Tail(_said.ToString().Split('\n')));
        string[] logs = Directory.Exists(_kept) ? Directory.GetFiles(_kept, "*.log", SearchOption.AllDirectories) : [];
        foreach (var log in logs.Order(StringComparer.Ordinal))
            text.AppendLine($"--- {Path.GetFileName(log)} ---").AppendLine(Tail(File.ReadLines(log)));
        return text.ToString();
    }

    private static string Tail(IEnumerable<string> lines) => string.Join('\n', lines.TakeLast(TailLines));

    private void Say(string? line)
    {
        lock (_said)
            _said.Append(line).Append('\n');
    }

    public void Dispose()
    {
        foreach (var folder in (string[])[_folder, _kept])
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }
    }
}
