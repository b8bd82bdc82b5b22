using System.Globalization;
using System.Text.RegularExpressions;
using Samples.Benchmarks.Ambassador;

namespace Samples.Benchmarks.Replicated;

/// <summary>What a closed loop of wrk cost a server.</summary>
/// <param name="Rate">Requests a second.</param>
/// <param name="UserMicroseconds">Processor time a request outside of the kernel.</param>
/// <param name="KernelMicroseconds">Processor time a request in the kernel.</param>
internal sealed record Cost(double Rate, double UserMicroseconds, double KernelMicroseconds)
{
    /// <summary>Requests a second of processor time.</summary>
    public double PerProcessor => 1e6 / (UserMicroseconds + KernelMicroseconds);

    /// <summary>Where a request's time goes, and how much of a processor the server had.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{UserMicroseconds + KernelMicroseconds:0.0} µs a request, {KernelMicroseconds:0.0} of it in the kernel, "
        + $"{Rate / PerProcessor:0.00} processors");
}

/// <summary>wrk with 32 connections.</summary>
internal static partial class Wrk
{
    private const int Connections = 32, FewestSlices = 3, MostSlices = 15;
    private const double Steady = 1.1;
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(3);

    /// <summary>Until the compiler has finished: a request then costs what it did a moment before.</summary>
    public static async Task WarmUpAsync(Door door, string? script, CancellationToken cancel)
    {
        var (last, next) = (0.0, 0.0);
        for (var slice = 0; slice < MostSlices && (slice < FewestSlices || next > last * Steady); slice++)
            (last, next) = (next, (await MeasureAsync(door, script, Slice, cancel)).PerProcessor);
    }

    /// <summary>Loads a server for a while.</summary>
    public static async Task<Cost> MeasureAsync(Door door, string? script, TimeSpan duration, CancellationToken cancel)
    {
        var before = door.Tool.Times;
        string[] arguments = ["-t", "1", "-c", $"{Connections}", "-d", $"{Math.Max(1, (int)duration.TotalSeconds)}s"];
        string[] paths = script is null ? [] : ["-s", script];
        var said = await Tool.RunAsync(
            Tool.Find("wrk", "wrk"), [.. arguments, .. paths, door.Address + "/define/x"], cancel);
        var (user, kernel) = door.Tool.Times;
        if (said.Contains("Non-2xx", StringComparison.Ordinal))
            throw new InvalidOperationException($"{door.Name}: requests failed: {said}");
        var requests = double.Parse(Requests().Match(said).Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        return new Cost(
            double.Parse(Rate().Match(said).Groups[1].ValueSpan, CultureInfo.InvariantCulture),
            (user - before.User).TotalMicroseconds / requests, (kernel - before.Kernel).TotalMicroseconds / requests);
    }

    [GeneratedRegex(@"(\d+) requests in")]
    private static partial Regex Requests();

    [GeneratedRegex(@"Requests/sec:\s+([\d.]+)")]
    private static partial Regex Rate();
}
