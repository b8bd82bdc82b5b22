using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Samples.Runtime.Resources;

namespace Samples.Runtime.Apps;

/// <summary>
/// The spans of one sidecar, exported over OTLP under the application's name where the configuration or
/// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> names a collector. Without one there are no spans, and a caller's trace context passes unchanged.
/// </summary>
internal sealed class TraceExport : IDisposable
{
    private readonly ActivitySource _source;
    private readonly TracerProvider _provider;

    private TraceExport(string appId, Tracing? tracing)
    {
        // A name of its own for each sidecar: replicas and applications of one process must not hear each other.
        _source = new ActivitySource($"dapr.{appId}.{Guid.NewGuid():N}");
        _provider = Sdk.CreateTracerProviderBuilder()
            .AddSource(_source.Name)
            .ConfigureResource(resource => resource.AddService(appId))
            .SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(tracing?.SamplingRate ?? 1)))
            .AddOtlpExporter(otlp =>
            {
                // Without an address here, the variables of OpenTelemetry decide.
                if (tracing?.OtlpEndpoint is not { } endpoint)
                    return;
                (otlp.Endpoint, otlp.Protocol) = (endpoint, tracing.OverHttp ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc);
                if (tracing.Headers.Count > 0)
                    otlp.Headers = string.Join(',', tracing.Headers);
            })
            .Build();
    }

    /// <summary>Null where nothing is exported.</summary>
    public static TraceExport? Create(string appId, Tracing? tracing) =>
        tracing?.OtlpEndpoint is not null || !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT"))
            ? new TraceExport(appId, tracing) : null;

    /// <summary>A span around a call, the child of the caller's; null where it is not sampled.</summary>
    public Activity? Begin(string name, string parent, string? state) =>
        ActivityContext.TryParse(parent, state, isRemote: true, out var context)
            ? _source.StartActivity(name, ActivityKind.Server, context)
            : _source.StartActivity(name, ActivityKind.Server, parentContext: default);

    /// <inheritdoc/>
    public void Dispose()
    {
        _provider.Dispose();
        _source.Dispose();
    }
}
