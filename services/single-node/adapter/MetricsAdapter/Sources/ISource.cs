using Samples.MetricsAdapter.Page;

namespace Samples.MetricsAdapter.Sources;

/// <summary>An application that says something about itself in its own way.</summary>
internal interface ISource
{
    /// <summary>The value of the label <c>source</c>.</summary>
    string Name { get; }

    /// <summary>
    /// All that it says now. Throws <see cref="SourceException"/> when what it says cannot be read, and what sockets throw when it says
    /// nothing. A cancelled reading leaves nothing behind: no connection, no request.
    /// </summary>
    Task<Reading> ReadAsync(CancellationToken cancel);
}

/// <summary>What a source said: values, and how many of its lines were no values, by reason.</summary>
internal sealed record Reading(IReadOnlyList<Sample> Samples, IReadOnlyDictionary<string, int>? Refused = null);

/// <summary>A source says what cannot be read.</summary>
/// <param name="reason">One of few words, for the label <c>reason</c>.</param>
/// <param name="message">What was expected.</param>
internal sealed class SourceException(string reason, string message) : Exception(message)
{
    /// <summary>One of few words.</summary>
    public string Reason { get; } = reason;
}
