using Dapr.Client;

namespace Samples.Defaults;

/// <summary>The way to other applications.</summary>
public static class InvocationClient
{
    /// <summary>
    /// A client for calls through the sidecar: <paramref name="appId"/> answers relative addresses, and a host name is an app id. It
    /// shows the sidecar <c>DAPR_API_TOKEN</c>, which the SDK's own factory leaves out unless it is told.
    /// </summary>
    public static HttpClient Create(string? appId = null) =>
        DaprClient.CreateInvokeHttpClient(appId, daprApiToken: Environment.GetEnvironmentVariable("DAPR_API_TOKEN"));
}
