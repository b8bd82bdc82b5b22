using Polly.CircuitBreaker;
using Polly.Timeout;
using Samples.Runtime.Components;
using Samples.Runtime.Errors;
using Samples.Runtime.Resources;

namespace Samples.Runtime.Resilience;

/// <summary>An answer that counts as a failure of the target.</summary>
/// <param name="status">Its HTTP status, or its gRPC status.</param>
/// <param name="answer">What the caller gets when no try is left; null where that is kept elsewhere.</param>
/// <param name="isGrpc">Which of both it is.</param>
/// <param name="again">False where the request cannot be sent a second time.</param>
public sealed class FailedAnswerException(int status, Exception? answer = null, bool isGrpc = false, bool again = true)
    : Exception($"the target answered {status}", answer)
{
    /// <summary>The status.</summary>
    public int Status { get; } = status;

    /// <summary>True for a gRPC status.</summary>
    public bool IsGrpc { get; } = isGrpc;

    /// <summary>False where the request cannot be sent a second time.</summary>
    public bool Again { get; } = again;
}

/// <summary>Which exceptions are failures of a target, and which are the caller's own doing.</summary>
public static class Failure
{
    /// <summary>A wrong request, a lost compare-and-swap or a caller who left say nothing about the target.</summary>
    public static bool IsOfTarget(Exception error) => error switch
    {
        EngineTargetException => true,
        ETagMismatchException or InvalidETagException or EngineRequestException => false,
        ApiException { HttpStatus: < 500 } => false,
        OperationCanceledException => false,
        _ => true,
    };

    /// <summary>True where the retry policy speaks about this failure. An open breaker ends the tries, as in Dapr.</summary>
    public static bool IsWorthAnotherTry(Exception error, RetryPolicy retry) => error switch
    {
        FailedAnswerException { Again: false } or BrokenCircuitException => false,
        FailedAnswerException answer => Matches(answer.IsGrpc ? retry.GrpcStatuses : retry.HttpStatuses, answer.Status),
        _ => IsOfTarget(error),
    };

    /// <summary>What to tell a caller; null where the exception is none of a policy's own.</summary>
    public static string? Explain(Exception error) => error switch
    {
        TimeoutRejectedException => "context deadline exceeded",
        BrokenCircuitException => "circuit breaker is open",
        _ => null,
    };

    private static bool Matches(IReadOnlyList<(int From, int To)> ranges, int status) =>
        ranges.Count == 0 || ranges.Any(r => status >= r.From && status <= r.To);
}
