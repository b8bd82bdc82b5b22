using Samples.Runtime.Resources;
using Xunit;

namespace Samples.Unit;

/// <summary>Configuration resources: what they say, and what is refused.</summary>
public sealed class DaprConfigurationTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    [Fact]
    public void Every_section_is_read()
    {
        var read = Read("""
            tracing:
                samplingRate: "0.5"
                otel: {protocol: http, endpointAddress: "localhost:4318", isSecure: false}
              secrets:
                scopes:
                - {storeName: vault, defaultAccess: deny, allowedSecrets: [a]}
              metric: {enabled: true}
              accessControl:
                policies:
                - appId: caller
                  trustDomain: public
                  namespace: default
                  operations:
                  - {name: orders/**, httpVerb: ["*"], action: allow}
                  - {name: /orders/secret, httpVerb: ["*"], action: deny}
            """);
        Assert.Equal(
            (0.5, new Uri("http://localhost:4318/v1/traces"), true),
            (read.Tracing!.SamplingRate, read.Tracing.OtlpEndpoint, read.Tracing.OverHttp));
        Assert.Equal((true, false), (read.SecretScopes[0].Permits("a"), read.SecretScopes[0].Permits("b")));
        var access = read.AccessControl!;
        Assert.True(access.Permits("caller", "/orders", "GET"));
        Assert.True(access.Permits("caller", "/Orders/1/lines", "GET"));
        Assert.False(access.Permits("caller", "/orders/secret", "GET"));
        Assert.False(access.Permits("caller", "/other", "GET"));
        Assert.False(access.Permits("stranger", "/orders", "GET"));
    }

    [Theory]
    [InlineData("httpPipeline: {handlers: []}", "httpPipeline")]
    [InlineData("api: {denied: []}", "api")]
    [InlineData("tracing: {samplingRate: often}", "samplingRate")]
    [InlineData("accessControl: {policies: [{appId: a}]}", "trustDomain")]
    [InlineData("accessControl: {defaultAction: perhaps}", "perhaps")]
    public void What_would_not_be_enforced_or_is_wrong_stops_the_start(string section, string problem)
    {
        var error = Assert.Throws<ResourceException>(() => Read(section));
        Assert.Contains(problem, error.Message);
        Assert.StartsWith($"{_file}:", error.Message);
    }

    private DaprConfiguration Read(string sections)
    {
        File.WriteAllText(_file, $"apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: {{name: c}}\nspec:\n  {sections}\n");
        return ConfigurationReader.ReadFile(_file);
    }

    public void Dispose() => File.Delete(_file);
}
