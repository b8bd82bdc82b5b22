namespace Samples.Experiments.EventDriven;

/// <summary>
/// Files keep coming while every stage is killed and frozen, one after another and several at once. In the end each order must have come
/// out of each branch once, and each customer's in their order.
/// </summary>
internal sealed class StormPhase(ExperimentContext context, FlowView view, Orders orders, Observer observer, Random random)
{
    private const int Otherwise = 15, OrdersOtherwise = 60, PoisonEvery = 10;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60), Look = TimeSpan.FromMilliseconds(300);

    private readonly List<DrawnOrder> _put = [];
    private readonly List<string> _runs = [];
    private int _poisons, _wrongRows, _doubles;

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel)
    {
        var seconds = context.Option("storm", Otherwise);
        if (context.Faults is not { } faults || seconds <= 0)
        {
            return
            [
                Claim.NotRun(
                    "each order comes out of each branch exactly once, whatever dies", "all",
                    seconds <= 0 ? "--set storm=0" : "Nothing here can kill replicas; run it with `samples tour`."),
            ];
        }

        var began = context.Time.GetTimestamp();
        var weather = new Weather(context, view, faults, random);
        var breaking = weather.RunAsync(() => context.Time.GetElapsedTime(began).TotalSeconds >= seconds, cancel);
        while (!breaking.IsCompleted)
        {
            await PutAsync(cancel);
            await CountDoublesAsync(faults, cancel);
            await Task.WhenAny(breaking, Task.Delay(Look, context.Time, cancel));
        }

        await breaking;
        await weather.GuaranteeAsync(new { deduplication = true, derivedIds = true, keyOrder = true }, cancel);
        return await JudgeAsync(weather, faults, cancel);
    }

    private async Task<IReadOnlyList<Claim>> JudgeAsync(Weather weather, IFaults faults, CancellationToken cancel)
    {
        var (archived, paid) = (Truth.Of(_put), Truth.Of(_put.Where(o => o.IsPaid)));
        var dead = _poisons + _wrongRows;
        await view.WaitAsync(
            async () => (await view.SumAsync(FlowView.Archived, _runs, cancel)).Events >= archived.Events
                && (await view.SumAsync(FlowView.Ready, _runs, cancel)).Events >= paid.Events
                && await DeadAsync(cancel) >= dead,
            Patience, cancel);
        await CountDoublesAsync(faults, cancel);
        var found = (
            Ready: await view.SumAsync(FlowView.Ready, _runs, cancel), Archived: await view.SumAsync(FlowView.Archived, _runs, cancel));
        var storm = $"{weather.Kills} kills and {weather.Freezes} freezes of {weather.Hit.Count} stages";
        context.Observe(new Observation(
            "doubles", observer.Again, $"doubles that were dropped: at least {_doubles} by stages, {observer.Again} by the observer"));
        return
        [
            new Claim(
                $"{storm}: orders through copier, filter, splitter, sharder and merger, each once in the report",
                $"{paid}", $"{found.Ready}", found.Ready == paid && weather.HitAll && paid.Events > 0),
            new Claim(
                "and through the copier's other branch, each once", $"{archived}", $"{found.Archived}", found.Archived == archived),
            new Claim(
                $"{_poisons} events that the splitter can do nothing with, {_wrongRows} wrong rows: dead letters, while the others pass",
                $"{dead}", $"{await DeadAsync(cancel)}", await DeadAsync(cancel) == dead && _poisons > 0),
            new Claim(
                "orders that came after a later one of their customer; under a second id", "0, 0",
                $"{observer.Overtaken.Count}, {observer.Doubled} of {observer.Orders}",
                observer.Overtaken.Count == 0 && observer.Doubled == 0 && observer.Orders > 0,
                observer.Overtaken.FirstOrDefault()),
            new Claim(
                "customers whose orders came through two shards", "0", $"{observer.Moved.Count} of {observer.Sharded}",
                observer.Moved.Count == 0 && observer.Sharded > 0, observer.Moved.FirstOrDefault()),
        ];
    }

    // A file of orders; now and then with a wrong row, and a poisonous event beside it.
    private async Task PutAsync(CancellationToken cancel)
    {
        var drawn = orders.Draw(context.Option("orders", OrdersOtherwise));
        var isPoisoned = _runs.Count % PoisonEvery == 0;
        _put.AddRange(drawn);
        _runs.Add(isPoisoned ? orders.Put(drawn, "broken,customer-1,DE,paid,0,1") : orders.Put(drawn));
        context.Observe(new Observation("orders", _put.Count));
        if (!isPoisoned)
            return;
        _wrongRows++;
        _poisons++;
        await view.PublishAsync(
            "orders-paid",
            new
            {
                specversion = "1.0", id = $"poison-{Guid.NewGuid():N}", source = "experiment", type = "order", subject = "poison",
                datacontenttype = "application/json",
                data = new { order = "poison", customer = $"customer-{_poisons % 5}", status = "paid" },
            },
            cancel);
    }

    private async Task<long> DeadAsync(CancellationToken cancel) =>
        (await view.PartsAsync(FlowView.Dead, _runs, cancel)).Sum(p => p.Events)
        + (await view.RunAsync("poison", cancel)).GetValueOrDefault(FlowView.Dead, new PartRecord(0, 0, 0, "0", [])).Events;

    // A process that is killed takes its count with it: at least so many.
    private async Task CountDoublesAsync(IFaults faults, CancellationToken cancel)
    {
        var running = (await faults.ListAsync(cancel)).Where(r => r.State == "running");
        var now = await Task.WhenAll(running.Select(r => view.CountsAsync(r, cancel)));
        _doubles = Math.Max(_doubles, (int)now.Sum(c => c.Doubles));
    }
}
