namespace Samples.Conformance.Daprd;

/// <summary>
/// The executables of a real Dapr, named by <c>DAPRD</c>, <c>PLACEMENT</c> and <c>SCHEDULER</c>; without <c>DAPRD</c> the embedded runtime
/// is tested.
/// </summary>
internal static class Executables
{
    public static bool AreGiven { get; } = Environment.GetEnvironmentVariable("DAPRD") is { Length: > 0 };

    public static string Sidecar => Find("DAPRD");

    public static string Placement => Find("PLACEMENT");

    public static string Scheduler => Find("SCHEDULER");

    private static string Find(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } path && File.Exists(path)
        ? Path.GetFullPath(path)
        : throw new InvalidOperationException(
            $"{variable} names no file. To test a real Dapr, set DAPRD, PLACEMENT and SCHEDULER to the paths of its executables.");
}
