using Samples.FunctionHost;

namespace Samples.Audit;

/// <summary>Says now and then what was recorded: called by the input binding <c>audit-tick</c>, which wakes it where it sleeps.</summary>
public sealed class SumUp(Counts counts, ILogger<SumUp> log) : IFunction
{
    /// <inheritdoc/>
    public Task<IResult?> HandleAsync(FunctionCall call, CancellationToken cancel)
    {
        var (calls, failures, dropped, _) = counts.Read();
        log.LogInformation("since its start: {Calls} calls, {Failures} failed, {Dropped} doubles dropped", calls, failures, dropped);
        return Task.FromResult<IResult?>(null);
    }
}
