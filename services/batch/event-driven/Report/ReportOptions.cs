using Samples.Defaults;

namespace Samples.Report;

/// <summary>Where reports go.</summary>
/// <param name="Binding">The output binding [REPORT_BINDING].</param>
/// <param name="Every">How often files of runs that changed are written [REPORT_SECONDS].</param>
public sealed record ReportOptions(string Binding, TimeSpan Every)
{
    /// <summary>Reads the environment. Throws <see cref="WrongSettingException"/>.</summary>
    public static ReportOptions From(IConfiguration configuration) => new(
        configuration["REPORT_BINDING"] is { Length: > 0 } binding ? binding : "report-files",
        configuration.Seconds("REPORT_SECONDS", 1, 0.05, 3600));
}
