namespace Samples.RedisWire;

/// <summary>A reply of the protocol's version 2.</summary>
public abstract record RespValue;

/// <summary>A status or a bulk string; what is no UTF-8 is replaced.</summary>
public sealed record RespText(string Text) : RespValue;

/// <summary>An integer.</summary>
public sealed record RespNumber(long Number) : RespValue;

/// <summary>An array.</summary>
public sealed record RespList(IReadOnlyList<RespValue> Items) : RespValue;

/// <summary>The null of bulk strings and arrays.</summary>
public sealed record RespNothing : RespValue;

/// <summary>The server's own <c>-ERR</c>: the connection is fine, the question was not.</summary>
public sealed class RedisRefusedException(string message) : IOException(message);
