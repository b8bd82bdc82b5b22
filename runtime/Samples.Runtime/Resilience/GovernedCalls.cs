using Grpc.Core;
using Samples.Runtime.Errors;

namespace Samples.Runtime.Resilience;

/// <summary>Calls of components whose failures have one error code each.</summary>
internal static class GovernedCalls
{
    /// <summary>
    /// Calls a component under its policy. Throws <see cref="ApiException"/> with status 500 and <paramref name="code"/> where it fails.
    /// </summary>
    public static async Task<T> GovernAsync<T>(
        this Policies policies,
        string component,
        ComponentKind kind,
        string code,
        string what,
        Func<CancellationToken, Task<T>> call,
        CancellationToken cancel)
    {
        try
        {
            return await policies.Outbound(component, kind).RunAsync(async stop => await call(stop), cancel);
        }
        catch (Exception error) when (error is not ApiException && !cancel.IsCancellationRequested)
        {
            throw new ApiException(500, code, StatusCode.Internal, $"{what}: {Failure.Explain(error) ?? error.Message}");
        }
    }
}
