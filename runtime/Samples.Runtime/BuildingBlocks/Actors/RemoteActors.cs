using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Samples.Runtime.Apps;

namespace Samples.Runtime.BuildingBlocks.Actors;

/// <summary>Calls of actors from one sidecar to another: how they look on the way.</summary>
internal static class ActorRelay
{
    /// <summary>Followed by the actor's type, its id and the path of the call.</summary>
    public const string Prefix = "/samples/actors/";

    public const string PatientHeader = "samples-patient";
    public const string StatusHeader = "samples-actor-status";
    public const string OutcomeHeader = "samples-actor-outcome";

    /// <summary>Before the name of each header of the call, so that none is taken for one of the way.</summary>
    public const string Carried = "samples-actor-h-";

    public const string Answered = "answered", Moved = "moved", Stalled = "stalled";
    public const string TooDeep = "too-deep", Lost = "lost", NoHost = "no-host";
}

/// <summary>The actors of a sidecar in another process.</summary>
/// <param name="find">The way there; null where the sidecar is gone.</param>
internal sealed class RemoteActors(Func<AppChannel?> find) : IRemoteActors
{
    public async Task<ActorResponse?> CallAsync(ActorId id, ActorRequest request, bool patient, CancellationToken cancel)
    {
        if (find() is not { BaseAddress: not null } way)
            return null;
        var path = $"{ActorRelay.Prefix}{Uri.EscapeDataString(id.Type)}/{Uri.EscapeDataString(id.Id)}/{Uri.EscapeDataString(request.Path)}";
        using var message = new HttpRequestMessage(HttpMethod.Put, way.Authority + path);
        message.Content = new ReadOnlyMemoryContent(request.Body);
        if (patient)
            message.Headers.Add(ActorRelay.PatientHeader, "true");
        foreach (var (name, value) in request.Headers)
            message.Headers.TryAddWithoutValidation(ActorRelay.Carried + name, value);
        try
        {
            using var answer = await way.Client.SendAsync(message, cancel);
            return await ReadAsync(id, answer, cancel);
        }
        catch (HttpRequestException error) when (error.HttpRequestError == HttpRequestError.ConnectionError)
        {
            return null;
        }
        catch (Exception error) when (error is HttpRequestException or IOException or ObjectDisposedException)
        {
            throw new ActorLostException(
                $"the replica's sidecar broke the connection during the call, which may have been carried out: {error.Message}");
        }
    }

    private static async Task<ActorResponse?> ReadAsync(ActorId id, HttpResponseMessage answer, CancellationToken cancel)
    {
        var body = await answer.Content.ReadAsByteArrayAsync(cancel);
        var outcome = answer.Headers.TryGetValues(ActorRelay.OutcomeHeader, out var values) ? values.First() : "";
        switch (outcome)
        {
            case ActorRelay.Answered:
                var status = int.Parse(answer.Headers.GetValues(ActorRelay.StatusHeader).First(), CultureInfo.InvariantCulture);
                return new ActorResponse((HttpStatusCode)status, body, [.. Carried(answer.Headers)]);
            case ActorRelay.Moved:
                return null;
            case ActorRelay.NoHost:
                throw new NoHostException(id);
            case ActorRelay.Stalled:
                throw new ActorStalledException();
            case ActorRelay.TooDeep:
                throw new StackDepthException();
            case ActorRelay.Lost:
                throw new ActorLostException(Encoding.UTF8.GetString(body));
            default:
                throw new ActorLostException($"the replica's sidecar answered with {(int)answer.StatusCode}");
        }
    }

    private static IEnumerable<KeyValuePair<string, string>> Carried(HttpResponseHeaders headers) => headers.NonValidated
        .Where(h => h.Key.StartsWith(ActorRelay.Carried, StringComparison.OrdinalIgnoreCase))
        .Select(h => KeyValuePair.Create(h.Key[ActorRelay.Carried.Length..], h.Value.ToString()));
}
