using Microsoft.Extensions.Configuration;

namespace Samples.Defaults;

/// <summary>A port that a service opens besides <c>APP_PORT</c>, for a protocol that is not HTTP.</summary>
public static class OwnPort
{
    /// <summary>
    /// The port in an environment variable, or <paramref name="otherwise"/>. Zero, for a free one, where the run was asked to ignore the
    /// template's ports (<c>SAMPLES_FREE_PORTS=true</c>); the service then says where it listens.
    /// </summary>
    public static int From(IConfiguration configuration, string name, int otherwise)
    {
        if (configuration["SAMPLES_FREE_PORTS"] == "true")
            return 0;
        if (configuration[name] is not { Length: > 0 } text)
            return otherwise;
        return int.TryParse(text, out var port) && port is >= 0 and < 65536
            ? port
            : throw new WrongSettingException($"{name} is '{text}'; give a port, or 0 for a free one.");
    }
}
