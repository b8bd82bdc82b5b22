using System.Diagnostics;
using System.Globalization;
using System.Text;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace Samples.Runtime.Metrics;

/// <summary>
/// What one sidecar counts, at <c>/metrics</c> of its HTTP port: the metrics of daprd whose meaning is the same here, under their names.
/// </summary>
internal sealed class SidecarMetrics(string appId)
{
    private readonly MetricFamily _httpCount = new("dapr_http_server_request_count", "Requests of the HTTP API.", ["method", "status"]);
    private readonly MetricFamily _httpLatency = new(
        "dapr_http_server_latency", "Time to answer a request of the HTTP API, in ms.", ["method", "status"], isLatency: true);
    private readonly MetricFamily _rpcCount = new(
        "dapr_grpc_io_server_completed_rpcs", "Calls of the gRPC API.", ["grpc_server_method", "grpc_server_status"]);
    private readonly MetricFamily _state = new(
        "dapr_component_state_count", "Operations on a state store.", ["component", "operation", "success"]);
    private readonly MetricFamily _egress = new(
        "dapr_component_pubsub_egress_count", "Events that were published.", ["component", "topic", "success"]);
    private readonly MetricFamily _ingress = new(
        "dapr_component_pubsub_ingress_count", "Events that were delivered to the application.", ["component", "topic", "process_status"]);
    private readonly MetricFamily _outputs = new(
        "dapr_component_output_binding_count", "Operations of output bindings.", ["component", "operation", "success"]);

    /// <summary>An operation on a state store.</summary>
    public void State(string store, string operation, bool success) => _state.Add(new(store, operation, Truth(success)));

    /// <summary>Events that were published, or were not taken.</summary>
    public void Published(string pubSub, string topic, bool success) => _egress.Add(new(pubSub, topic, Truth(success)));

    /// <summary>What became of a delivery: <c>success</c>, <c>retry</c> or <c>drop</c>.</summary>
    public void Delivered(string pubSub, string topic, string status) => _ingress.Add(new(pubSub, topic, status));

    /// <summary>An operation of an output binding.</summary>
    public void Output(string binding, string operation, bool success) => _outputs.Add(new(binding, operation, Truth(success)));

    /// <summary>Counts what comes in. It stands before everything else, and so sees the status that the caller gets.</summary>
    public async Task CountAsync(HttpContext http, RequestDelegate next)
    {
        var began = Stopwatch.GetTimestamp();
        try
        {
            await next(http);
        }
        finally
        {
            Count(http, began);
        }
    }

    /// <summary>Serves them.</summary>
    public void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/metrics", () => Results.Text(ToString(), "text/plain; version=0.0.4", Encoding.UTF8));

    /// <summary>Answers on a port that has nothing else.</summary>
    public Task WriteAsync(HttpContext http)
    {
        http.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        return http.Response.WriteAsync(ToString(), http.RequestAborted);
    }

    /// <summary>All of them in the text format.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        var app = $"app_id=\"{MetricFamily.Escape(appId)}\"";
        foreach (var family in (MetricFamily[])[_httpCount, _httpLatency, _rpcCount])
            family.WriteTo(text, app);
        foreach (var family in (MetricFamily[])[_state, _egress, _ingress, _outputs])
            family.WriteTo(text, app + ",namespace=\"default\"");
        return text.ToString();
    }

    private void Count(HttpContext http, long began)
    {
        if (http.Request.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) == true)
        {
            _rpcCount.Add(new(http.Request.Path.Value ?? "", Status(http)));
            return;
        }

        // The probes of an orchestrator and the reader of the metrics would drown the rest; daprd counts them elsewhere.
        if (http.Request.Path.StartsWithSegments("/v1.0/healthz") || http.Request.Path == "/metrics")
            return;
        var labels = new Labels(http.Request.Method, http.Response.StatusCode.ToString(CultureInfo.InvariantCulture));
        _httpCount.Add(labels);
        _httpLatency.Add(labels, began);
    }

    private static string Status(HttpContext http)
    {
        var trailer = http.Features.Get<IHttpResponseTrailersFeature>()?.Trailers["grpc-status"].ToString();
        var text = string.IsNullOrEmpty(trailer) ? http.Response.Headers["grpc-status"].ToString() : trailer;
        return int.TryParse(text, out var status) ? ((StatusCode)status).ToString() : nameof(StatusCode.Unknown);
    }

    private static string Truth(bool value) => value ? "true" : "false";
}
