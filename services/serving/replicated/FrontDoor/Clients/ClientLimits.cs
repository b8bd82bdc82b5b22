namespace Samples.FrontDoor.Clients;

/// <summary>What the limit says of one request.</summary>
/// <param name="IsAllowed">False for one too many.</param>
/// <param name="Remaining">Requests left in this window.</param>
/// <param name="Reset">Time until the window ends.</param>
public readonly record struct Allowance(bool IsAllowed, int Remaining, TimeSpan Reset);

/// <summary>
/// A fixed window a client: so many requests from its first one on, then none until the window ends. The platform's own limiter tells
/// neither what remains together with its answer nor takes a clock; both are what clients and tests need here.
/// </summary>
public sealed class ClientLimits(int limit, TimeSpan window, TimeProvider time)
{
    // About 150 bytes a client.
    private const int MostClients = 100_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, (long Began, int Used)> _clients = new(StringComparer.Ordinal);

    /// <summary>Counts a request of a client.</summary>
    public Allowance Take(string client)
    {
        lock (_gate)
        {
            if (!_clients.TryGetValue(client, out var count) || time.GetElapsedTime(count.Began) >= window)
            {
                MakeRoom();
                count = (time.GetTimestamp(), 0);
            }

            var reset = window - time.GetElapsedTime(count.Began);
            if (count.Used >= limit)
                return new Allowance(false, 0, reset);
            _clients[client] = count with { Used = count.Used + 1 };
            return new Allowance(true, limit - count.Used - 1, reset);
        }
    }

    // Windows that have ended say nothing any more. Where even then there are too many clients, all begin again: a limit must not be what
    // fills the memory.
    private void MakeRoom()
    {
        if (_clients.Count < MostClients)
            return;
        foreach (var (client, _) in _clients.Where(c => time.GetElapsedTime(c.Value.Began) >= window).ToList())
            _clients.Remove(client);
        if (_clients.Count >= MostClients)
            _clients.Clear();
    }
}
