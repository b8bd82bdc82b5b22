namespace Samples.HealthAdapter.Probes;

/// <summary>A question that only a database that works can answer.</summary>
internal interface IProbe
{
    /// <summary>
    /// Connects, asks, reads the whole answer and closes the connection. Returns when the answer was right, throws otherwise; a cancelled
    /// one closes its connection as soon as it can.
    /// </summary>
    Task AskAsync(CancellationToken cancel);
}

/// <summary>The database answers, but not what it should.</summary>
internal sealed class WrongAnswerException(string message) : Exception(message);
