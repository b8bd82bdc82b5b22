using Samples.Runtime.Components;
using Samples.Runtime.Resilience;
using Samples.Runtime.Resources;

namespace Samples.Runtime.BuildingBlocks;

/// <summary>The way events of input bindings take to an application: HTTP or gRPC.</summary>
internal interface IBindingReceiver
{
    /// <summary>Whether the application wants the events of a binding.</summary>
    Task<bool> WantsAsync(Component component, CancellationToken cancel);

    /// <summary>Delivers an event. Throws where the application did not take it.</summary>
    Task<BindingReply> DeliverAsync(Component component, BindingEvent happened, CancellationToken cancel);
}

/// <summary>What an application answered to an event of a binding.</summary>
/// <param name="Body">For the binding, where it passes answers on.</param>
/// <param name="StoreName">Where <paramref name="States"/> are saved.</param>
/// <param name="States">State to save.</param>
/// <param name="To">Output bindings to invoke.</param>
/// <param name="Operation">Of the output bindings.</param>
/// <param name="Data">For the output bindings.</param>
/// <param name="Parallel">All output bindings at once; else in turn.</param>
internal sealed record BindingReply(
    ReadOnlyMemory<byte> Body, string StoreName, IReadOnlyList<StateWrite> States, IReadOnlyList<string> To, string Operation,
    ReadOnlyMemory<byte> Data, bool Parallel);

/// <summary>
/// Input bindings of one application: it is asked whether it wants a binding, then gets its events. Its answer may save state and invoke
/// output bindings.
/// </summary>
internal sealed class InputBindings(
    SidecarContext context, BindingBlock outputs, StateBlock state, IBindingReceiver app) : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _running = [];

    public async Task StartAsync(CancellationToken cancel)
    {
        await StopAsync();
        foreach (var (component, engine) in context.Components.All)
        {
            if (engine is IInputBinding binding && await IsWantedAsync(component, cancel))
            {
                _running.Add(await binding.StartAsync(
                    context.AppId, (happened, stop) => DeliverUnderPolicyAsync(component, happened, stop), cancel));
            }
        }
    }

    public async Task StopAsync()
    {
        foreach (var running in _running)
            await running.DisposeAsync();
        _running.Clear();
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    private async Task<bool> IsWantedAsync(Component component, CancellationToken cancel) =>
        // Who wrote the direction down has decided: the application is not asked.
        component.Metadata.TryGetValue("direction", out var direction)
            ? direction.Contains("input", StringComparison.OrdinalIgnoreCase)
            : await app.WantsAsync(component, cancel);

    private async Task<ReadOnlyMemory<byte>> DeliverUnderPolicyAsync(Component component, BindingEvent happened, CancellationToken stop)
    {
        var result = DeliveryResult.Failed;
        try
        {
            var answer = await context.Policies.Inbound(component.Name, ComponentKind.Binding)
                .RunAsync(async limit => await DeliverAsync(component, happened, limit), stop);
            result = DeliveryResult.Success;
            return answer;
        }
        finally
        {
            context.Delivered?.Invoke(
                new AppDelivery(DeliveryKind.Binding, context.AppId, component.Name, component.Name, happened.Data, result));
        }
    }

    private async Task<ReadOnlyMemory<byte>> DeliverAsync(Component component, BindingEvent happened, CancellationToken cancel)
    {
        var reply = await app.DeliverAsync(component, happened, cancel);
        if (reply is { States.Count: > 0, StoreName.Length: > 0 })
            await state.SaveAsync(reply.StoreName, reply.States, cancel);
        var calls = reply.To.Select(
            to => (Func<Task>)(() => outputs.InvokeAsync(to, reply.Operation, reply.Data, new Dictionary<string, string>(), cancel)));
        if (reply.Parallel)
            await Task.WhenAll(calls.Select(call => call()));
        else
            foreach (var call in calls)
                await call();
        return reply.Body;
    }
}
