using System.Net;

namespace Samples.Owner;

/// <summary>The ledger by Dapr service invocation.</summary>
public sealed class Ledger(HttpClient http, OwnerOptions options)
{
    /// <summary>Writes one entry. 201: written. 409: the term is not the newest any more.</summary>
    public async Task<HttpStatusCode> WriteAsync(string task, long term, CancellationToken cancel)
    {
        using var answer = await http.PostAsJsonAsync($"/tasks/{task}/entries", new { term, replica = options.Replica }, cancel);
        return answer.StatusCode;
    }
}
