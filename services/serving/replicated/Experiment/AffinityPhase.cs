namespace Samples.Experiments.Replicated;

/// <summary>Clients stay on their replica, by address or by cookie, and only those of a dead one move.</summary>
internal sealed class AffinityPhase(ExperimentContext context, ReplicatedView view, Random random)
{
    // No multiple of the number of replicas: turns must not look like affinity.
    private const int Clients = 61, Each = 5;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel)
    {
        var claims = new List<Claim>();
        // What broke replicas before may have left one that is not back yet.
        await view.WaitHealthyAsync(3, cancel);
        foreach (var mode in new[] { "address", "cookie" })
        {
            if (!context.IsWithout("affinity"))
                await context.ConfigureAsync("balancer.affinity", mode, cancel);
            claims.AddRange(await MeasureAsync(mode, cancel));
        }

        await context.ConfigureAsync("balancer.affinity", "none", cancel);
        return claims;
    }

    private async Task<IReadOnlyList<Claim>> MeasureAsync(string mode, CancellationToken cancel)
    {
        var clients = Enumerable.Range(0, Clients).Select(i => new Client($"203.0.113.{i + 1}")).ToList();
        await SettleAsync(mode, cancel);
        var (asked, strayed) = (0, 0);
        for (var round = 0; round < Each; round++)
        {
            foreach (var client in clients)
            {
                var answer = await AskAsync(client, mode, cancel);
                strayed += client.Home is { } home && home != answer.Replica ? 1 : 0;
                client.Home ??= answer.Replica;
                asked++;
            }
        }

        var homes = clients.Select(c => c.Home).Distinct().Count();
        var stays = new Claim(
            $"affinity by {mode}: requests of {Clients} clients that left their replica", $"0 of {asked}, on 3 replicas",
            $"{strayed}, on {homes}",
            strayed == 0 && homes == 3);
        return context.Faults is { } faults
            ? [stays, await LoseAsync(mode, faults, clients, cancel)]
            : [
                stays,
                Claim.NotRun(
                    $"affinity by {mode}: a replica dies, and only its clients move",
                    "all",
                    "Nothing here can kill replicas; run it with `samples tour`."),
            ];
    }

    private async Task<Claim> LoseAsync(string mode, IFaults faults, List<Client> clients, CancellationToken cancel)
    {
        var victim = (await faults.ListAsync(cancel)).First(r => r.AppId == "dictionary" && clients.Any(c => c.Home == r.Name));
        var its = clients.Where(c => c.Home == victim.Name).ToList();
        // Terminated after it was killed: it stays down until it is asked to start.
        await faults.KillAsync(victim.Name, cancel);
        await faults.TerminateAsync(victim.Name, cancel);
        var (failed, moved) = (0, 0);
        foreach (var client in clients)
        {
            var answer = await AskAsync(client, mode, cancel);
            failed += answer.IsAnswered ? 0 : 1;
            moved += answer.IsAnswered && answer.Replica != client.Home ? 1 : 0;
        }

        await faults.StartAsync(victim.Name, cancel);
        await view.WaitHealthyAsync(3, cancel);
        context.Observe(
            new Observation("moved", moved, $"affinity by {mode}: {victim.Name} died, {moved} of its {its.Count} clients moved, no other"));
        return new Claim(
            $"affinity by {mode}: a replica with {its.Count} clients dies: clients that move, requests that fail", $"{its.Count}, 0",
            $"{moved}, {failed}",
            moved == its.Count && failed == 0);
    }

    // The mode is in force when a client that is asked again and again stays.
    private async Task SettleAsync(string mode, CancellationToken cancel)
    {
        if (context.IsWithout("affinity"))
            return;
        var began = context.Time.GetTimestamp();
        while (context.Time.GetElapsedTime(began) < Patience)
        {
            var probe = new Client("203.0.113.200");
            var homes = new HashSet<string?>();
            for (var i = 0; i < 6; i++)
                homes.Add((await AskAsync(probe, mode, cancel)).Replica);
            if (homes.Count == 1 && (mode == "cookie") == (probe.Cookie is not null))
                return;
            await Task.Delay(100, cancel);
        }
    }

    private async Task<Asked> AskAsync(Client client, string mode, CancellationToken cancel)
    {
        var answer = await view.GetAsync(
            view.Balancer, ReplicatedView.Define(view.AnyWord(random)), cancel, client.Address, mode == "cookie" ? client.Cookie : null);
        client.Cookie = answer.Cookie ?? client.Cookie;
        return answer;
    }

    private sealed class Client(string address)
    {
        public string Address => address;

        public string? Home { get; set; }

        public string? Cookie { get; set; }
    }
}
