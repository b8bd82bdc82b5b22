using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Samples.FunctionHost;

/// <summary>Calls a function within its time limit, and counts.</summary>
public sealed class Calls(IFunction function, FunctionOptions options, Counts counts, ColdStart start)
{
    /// <summary>The answer. Throws <see cref="TimeoutException"/> past the limit, also where the function does not heed it.</summary>
    public async Task<(IResult? Answer, TimeSpan Took, bool WasCold)> CallAsync(FunctionCall call, CancellationToken cancel)
    {
        var began = Stopwatch.GetTimestamp();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(options.TimeLimit);
        var isWell = false;
        try
        {
            var answer = await function.HandleAsync(call, limit.Token).WaitAsync(limit.Token);
            var took = Stopwatch.GetElapsedTime(began);
            isWell = true;
            return (answer, took, start.Answered(took));
        }
        catch (Exception) when (limit.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            throw new TimeoutException($"It took longer than {options.TimeLimit.TotalSeconds:0.###} s.");
        }
        finally
        {
            counts.Called(isWell);
        }
    }
}
