namespace Samples.Defaults;

/// <summary>A setting is wrong or missing; the message names it, says what it is and what is allowed. The service does not start.</summary>
public sealed class WrongSettingException(string message) : InvalidOperationException(message);
