namespace Samples.ShardAmbassador.Resp;

/// <summary>What one client may ask for before it is refused, and one server may answer.</summary>
/// <param name="Arguments">Arguments of one command; Redis' own limit.</param>
/// <param name="Bytes">Bytes of one command, or of one reply.</param>
public sealed record RespLimits(int Arguments = 1024 * 1024, int Bytes = 64 * 1024 * 1024)
{
    /// <summary>Bytes of a line: a length, or a command typed by hand.</summary>
    public const int Line = 64 * 1024;
}

/// <summary>The bytes are not the Redis protocol, or ask for more than the limits.</summary>
public sealed class RespException(string message) : Exception(message);
