using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Samples.Lab;
using Spectre.Console;

namespace Samples.Cli.Commands;

/// <summary>What a tour shows while it runs: one living line in a terminal, a line for each message elsewhere.</summary>
internal static class TourDisplay
{
    public static async Task<IReadOnlyList<Claim>> ShowAsync(
        IAnsiConsole console, string pattern, Func<Action<Observation>, Action<string>, Task<IReadOnlyList<Claim>>> run)
    {
        if (!console.Profile.Capabilities.Interactive)
            return await run(o => Say(console, pattern, o.Message), phase => Say(console, pattern, phase));

        var series = new ConcurrentDictionary<string, double>();
        var began = Stopwatch.GetTimestamp();
        return await console.Status().Spinner(Spinner.Known.Dots).StartAsync(pattern, async status =>
        {
            var phase = "";
            void Refresh()
            {
                var head = $"{pattern} {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s  {phase}";
                // One line: what does not fit beside the spinner is left out.
                var room = console.Profile.Width - head.Length - 4;
                var values = new StringBuilder();
                foreach (var (name, value) in series.OrderBy(s => s.Key, StringComparer.Ordinal))
                {
                    var number = value.ToString("0.##", CultureInfo.InvariantCulture);
                    room -= name.Length + number.Length + 3;
                    if (room < 0)
                        break;
                    values.Append(CultureInfo.InvariantCulture, $"  [grey]{Markup.Escape(name)}[/] {number}");
                }

                status.Status($"[bold]{Markup.Escape(pattern)}[/]{Markup.Escape(head[pattern.Length..])}{values}");
            }

            using var clock = new Timer(_ => Refresh(), null, 0, 250);
            return await run(
                observation =>
                {
                    series[observation.Series] = observation.Value;
                    if (observation.Message is { } message)
                        console.MarkupLine($"[grey]{Stopwatch.GetElapsedTime(began).TotalSeconds,5:0.0} s[/] {Markup.Escape(message)}");
                },
                text => phase = text);
        });
    }

    private static void Say(IAnsiConsole console, string pattern, string? message)
    {
        if (message is not null)
            console.Profile.Out.Writer.WriteLine($"{pattern}: {message}");
    }
}
