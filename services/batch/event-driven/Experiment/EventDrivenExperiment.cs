namespace Samples.Experiments.EventDriven;

/// <summary>Orders through the flow: each once, in order, whatever dies; a slow branch; what an order costs.</summary>
public sealed class EventDrivenExperiment : IExperiment
{
    private const int SeedOrders = 200, SeedSeed = 1;

    /// <inheritdoc/>
    public string Pattern => "event-driven";

    /// <inheritdoc/>
    public IReadOnlyList<string> OptionNames => ["seed", "storm", "orders"];

    /// <inheritdoc/>
    public IReadOnlyList<string> Removable => ["deduplication", "derived-ids", "key-order"];

    /// <inheritdoc/>
    public Task SeedAsync(string dataDirectory, CancellationToken cancellationToken)
    {
        var orders = new Orders(dataDirectory, new Random(SeedSeed));
        orders.Put(orders.Draw(SeedOrders), "00009001,customer-1,DE,paid,none,12.50");
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Claim>> RunAsync(ExperimentContext context, CancellationToken cancellationToken)
    {
        var seed = context.Option("seed", Random.Shared.Next(1, 1_000_000));
        context.Observe(new Observation("seed", seed, $"--set seed={seed}"));
        var random = new Random(seed);
        using var view = new FlowView(context);
        var orders = new Orders(context.DataDirectory, random);
        await using var observer = await Observer.StartAsync(context.ReplicaOf("order-source"), cancellationToken);
        return
        [
            .. await new FilePhase(context, view, orders).RunAsync(cancellationToken),
            .. await new StormPhase(context, view, orders, observer, random).RunAsync(cancellationToken),
            .. await new BranchPhase(context, view, orders, observer).RunAsync(cancellationToken),
            await new SpreadPhase(view).RunAsync(cancellationToken),
            await new CostPhase(context, view, orders, observer).RunAsync(cancellationToken),
        ];
    }
}
