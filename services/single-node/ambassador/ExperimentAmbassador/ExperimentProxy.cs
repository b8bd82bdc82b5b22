using System.Diagnostics;

namespace Samples.ExperimentAmbassador;

/// <summary>One request: whose it is, who answers, and who answers when that one fails.</summary>
public sealed class ExperimentProxy(ExperimentArms arms, ClientIdentity identity, MirrorQueue mirrors)
{
    // What can be sent a second time is kept; a larger body is streamed, and the experiment's failure is then the client's.
    private const int MostKept = 1024 * 1024;

    /// <summary>Answers it.</summary>
    public async Task AnswerAsync(HttpContext http)
    {
        if (!RequestTarget.IsSafe(http.Request))
        {
            await Results.Problem(statusCode: 400, title: "The path has '.' or '..' in it.", type: "unsafe-path").ExecuteAsync(http);
            return;
        }

        var client = identity.Of(http);
        var isExperiment = arms.IsInExperiment(client);
        (isExperiment ? arms.Experiment : arms.Production).See(client);
        if (!isExperiment)
            await ProductionAsync(http);
        else if (arms.Split.Mode == SplitMode.Mirror)
            await MirrorAsync(http);
        else if (await TryExperimentAsync(http) is false)
            await ProductionAsync(http);
    }

    private async Task ProductionAsync(HttpContext http)
    {
        var began = Stopwatch.GetTimestamp();
        var outcome = await arms.ProductionForwarder.AnswerAsync(http);
        if (outcome != ArmOutcome.ClientLeft)
            arms.Production.CountRequest(Stopwatch.GetElapsedTime(began), isError: outcome == ArmOutcome.Failed);
    }

    // False where production shall answer.
    private async Task<bool> TryExperimentAsync(HttpContext http)
    {
        if (!arms.Health.TryEnter())
        {
            arms.Experiment.CountBypass();
            return false;
        }

        var isKept = Keep(http.Request);
        var began = Stopwatch.GetTimestamp();
        var (outcome, isAnswered) = isKept
            ? await arms.ExperimentForwarder.TryAnswerAsync(http)
            : (await arms.ExperimentForwarder.AnswerAsync(http), true);
        // Who breaks off says nothing about the experiment, good or bad.
        if (outcome == ArmOutcome.ClientLeft)
            return true;
        arms.Health.Report(outcome == ArmOutcome.Answered);
        arms.Experiment.CountRequest(Stopwatch.GetElapsedTime(began), isError: outcome == ArmOutcome.Failed);
        if (isAnswered)
            return true;
        arms.Experiment.CountFallback();
        if (http.Request.Body.CanSeek)
            http.Request.Body.Position = 0;
        return false;
    }

    private async Task MirrorAsync(HttpContext http)
    {
        var isKept = Keep(http.Request);
        byte[]? body = null;
        if (isKept && http.Request.ContentLength > 0)
        {
            body = new byte[http.Request.ContentLength.Value];
            try
            {
                await http.Request.Body.ReadExactlyAsync(body, http.RequestAborted);
            }
            catch (Exception error) when (error is IOException or OperationCanceledException)
            {
                // The client broke off: there is nothing to answer, and nobody.
                http.Abort();
                return;
            }

            http.Request.Body.Position = 0;
        }

        if (isKept)
        {
            mirrors.Offer(new MirroredRequest(http.Request.Method, RequestTarget.Of(http.Request), [.. http.Request.Headers
                .Where(h => h.Key is not ("Host" or "Connection" or "Content-Length" or "Transfer-Encoding" or "Upgrade" or "TE"))
                .Select(h => KeyValuePair.Create(h.Key, h.Value.ToString()))], body));
        }

        await ProductionAsync(http);
    }

    // True where the request can be sent a second time.
    private static bool Keep(HttpRequest request)
    {
        if (request.ContentLength is null or 0)
            return !request.Headers.ContainsKey("Transfer-Encoding");
        if (request.ContentLength > MostKept)
            return false;
        request.EnableBuffering(bufferThreshold: MostKept);
        return true;
    }
}
