namespace Samples.Runtime.Components;

/// <summary>The stored ETag is not the one that the writer has seen. The message is the engine's own.</summary>
public sealed class ETagMismatchException(string message) : Exception(message);

/// <summary>An ETag that this engine can never have given out.</summary>
public sealed class InvalidETagException(string message) : Exception(message);

/// <summary>A setting or metadata value of a request that the engine cannot use (for example a TTL that is no number).</summary>
public class EngineRequestException(string message) : Exception(message);

/// <summary>What the engine stands for failed (a server that was called, for example): another try may succeed.</summary>
public sealed class EngineTargetException(string message) : EngineRequestException(message);
