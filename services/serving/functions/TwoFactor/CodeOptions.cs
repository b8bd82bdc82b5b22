using Samples.Defaults;

namespace Samples.TwoFactor;

/// <summary>How codes behave; every setting has an environment variable of the name in brackets.</summary>
/// <param name="Store">The state store [STATE_STORE].</param>
/// <param name="Sms">The output binding that sends [SMS_BINDING].</param>
/// <param name="Valid">How long a code can be used [CODE_SECONDS].</param>
/// <param name="MaxTries">Wrong attempts of an account before it is locked [MAX_TRIES].</param>
/// <param name="Locked">How long it is locked; as long without an attempt forgets the wrong ones [LOCK_SECONDS].</param>
/// <param name="Between">How long until an account gets another code [RESEND_SECONDS].</param>
public sealed record CodeOptions(string Store, string Sms, TimeSpan Valid, int MaxTries, TimeSpan Locked, TimeSpan Between)
{
    /// <summary>Reads and checks the settings.</summary>
    public static CodeOptions From(IConfiguration configuration) => new(
        configuration["STATE_STORE"] ?? "statestore",
        configuration["SMS_BINDING"] ?? "sms",
        configuration.Seconds("CODE_SECONDS", 300, 1, 3600),
        configuration.Whole("MAX_TRIES", 5, 1, 10),
        configuration.Seconds("LOCK_SECONDS", 900, 1, 86_400),
        configuration.Seconds("RESEND_SECONDS", 30, 0, 3600));
}
