using Microsoft.AspNetCore.Http;

namespace Samples.FunctionHost;

/// <summary>A function: one class, one thing that it does. One instance handles all calls, and keeps nothing between them.</summary>
public interface IFunction
{
    /// <summary>
    /// Handles a request, an event, or what an input binding brought. What it returns is the answer to a request; of an event nobody
    /// reads it (null is well). An event that it throws at comes again, until its tries are used up.
    /// </summary>
    /// <param name="call">What came.</param>
    /// <param name="cancel">The time limit of the function, and the caller's patience.</param>
    Task<IResult?> HandleAsync(FunctionCall call, CancellationToken cancel);
}
