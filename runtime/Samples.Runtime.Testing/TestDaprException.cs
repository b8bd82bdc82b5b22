namespace Samples.Runtime.Testing;

/// <summary>A test asks for what cannot be, or waited in vain. The message says what there is, and the cure.</summary>
public sealed class TestDaprException(string message) : Exception(message);
