using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Samples.Defaults;

/// <summary>Reads settings from the environment, checked: a wrong one stops the start with its name and what is allowed.</summary>
public static class Settings
{
    /// <summary>A duration in seconds, within bounds.</summary>
    public static TimeSpan Seconds(this IConfiguration configuration, string name, double otherwise, double least, double most) =>
        TimeSpan.FromSeconds(configuration.Number(name, otherwise, least, most));

    /// <summary>A number within bounds.</summary>
    public static double Number(this IConfiguration configuration, string name, double otherwise, double least, double most)
    {
        if (configuration[name] is not { Length: > 0 } text)
            return otherwise;
        return double.TryParse(text, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
            ? value
            : throw new WrongSettingException($"{name} is '{text}'; give a number between {least} and {most}.");
    }

    /// <summary>A whole number within bounds.</summary>
    public static int Whole(this IConfiguration configuration, string name, int otherwise, int least, int most)
    {
        if (configuration[name] is not { Length: > 0 } text)
            return otherwise;
        return int.TryParse(text, out var value) && value >= least && value <= most
            ? value
            : throw new WrongSettingException($"{name} is '{text}'; give a whole number between {least} and {most}.");
    }
}
