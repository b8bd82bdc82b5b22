using Grpc.Core;
using Samples.Runtime.Components;
using Samples.Runtime.Errors;
using Samples.Runtime.Resilience;

namespace Samples.Runtime.BuildingBlocks;

/// <summary>Output bindings of one application, with daprd's words for what fails.</summary>
public sealed class BindingBlock(SidecarContext context)
{
    /// <summary>Carries out one operation.</summary>
    public async Task<BindingResult> InvokeAsync(
        string name, string? operation, ReadOnlyMemory<byte> data, IReadOnlyDictionary<string, string> metadata, CancellationToken cancel)
    {
        if (string.IsNullOrEmpty(operation))
            throw Failed(name, "operation field is missing from request");
        if (context.Components.Find<IOutputBinding>(name) is not { } binding
            || !Directions(name).Contains("output", StringComparison.OrdinalIgnoreCase))
            throw Failed(name, $"couldn't find output binding {name}");
        if (!binding.Operations.Contains(operation, StringComparer.Ordinal))
            throw Failed(
                name,
                $"binding {name} does not support operation {operation}. supported operations:{string.Join(' ', binding.Operations)}");
        var succeeded = false;
        try
        {
            var result = await context.Policies.Outbound(name, ComponentKind.Binding).RunAsync(
                async stop => await binding.InvokeAsync(operation, data, metadata, stop), cancel);
            succeeded = true;
            return result;
        }
        catch (Exception error) when (Failure.Explain(error) is { } why)
        {
            throw Failed(name, why);
        }
        catch (EngineRequestException error)
        {
            throw Failed(name, error.Message);
        }
        finally
        {
            context.Metrics.Output(name, operation, succeeded);
        }
    }

    /// <summary>What the component's <c>direction</c> says; both where it says nothing.</summary>
    private string Directions(string name) =>
        context.Components.All.First(c => c.Component.Name == name).Component.Metadata.GetValueOrDefault("direction", "input, output");

    private static ApiException Failed(string name, string why) =>
        new(500, "ERR_INVOKE_OUTPUT_BINDING", StatusCode.Internal, $"error invoking output binding {name}: {why}");
}
