namespace Samples.Experiments.Functions;

/// <summary>
/// Users sign up, each twice, as those do who have heard no answer. Meanwhile handlers are killed, and one is frozen for a while. What
/// everybody got is counted afterwards.
/// </summary>
internal sealed class SignUpPhase(ExperimentContext context, IFaults faults, FunctionsView view, Random random)
{
    private static readonly string[] Handlers = ["send-welcome", "audit", "subscribe-newsletter"];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40), Frozen = TimeSpan.FromSeconds(2);

    private readonly List<(string Id, bool Newsletter)> _users = [];
    private int _killed;

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel)
    {
        var count = context.Option("sign-ups", 60);
        await SwitchMarksAsync(cancel);
        var frozen = Task.CompletedTask;
        for (var i = 0; i < count; i++)
        {
            await SignUpAsync($"user-{i}@example.org", newsletter: random.Next(2) == 0, cancel);
            if (i % (count / 6) == count / 12)
                await KillAsync(Handlers[_killed % 2 == 0 ? 0 : random.Next(Handlers.Length)], cancel);
            if (i == count / 2)
                frozen = FreezeAsync("send-welcome", cancel);
            context.Observe(new Observation("signed up", _users.Count));
        }

        await frozen;
        var all = await view.WaitAsync(Patience, async () => await MissingAsync(cancel) == 0, cancel);
        // A double would come with what is still on its way.
        await Task.Delay(1000, cancel);
        var (none, more) = (_users.Count(u => Mails(u.Id) == 0), _users.Count(u => Mails(u.Id) > 1));
        var subscribed = await CountAsync("subscribe-newsletter", "subscribers", _users.Where(u => u.Newsletter), cancel);
        var wrongly = await CountAsync("subscribe-newsletter", "subscribers", _users.Where(u => !u.Newsletter), cancel);
        var recorded = await CountAsync("audit", "records", _users, cancel);
        var asked = _users.Count(u => u.Newsletter);
        return
        [
            new Claim(
                $"{count} users sign up, each twice, while handlers are killed {_killed} times and one is frozen: "
                    + "users with exactly one welcome",
                $"{count}", $"{count - none - more}{(more > 0 ? $"; {more} got more" : "")}{(none > 0 ? $"; {none} got none" : "")}",
                none == 0 && more == 0 && _killed > 0),
            new Claim(
                "the newsletter goes to those who asked for it, and to nobody else", $"{asked} of {asked}, 0 of {count - asked}",
                $"{subscribed} of {asked}, {wrongly} of {count - asked}", subscribed == asked && wrongly == 0),
            new Claim(
                "handlers that were down have caught up: each sign-up is on record", $"{count}", $"{recorded}", recorded == count && all),
        ];
    }

    private async Task SignUpAsync(string email, bool newsletter, CancellationToken cancel)
    {
        for (var i = 0; i < 2; i++)
        {
            var answer = await view.PostAsync("create-user", "sign-ups", new { email, newsletter }, cancel);
            if (answer.Status is not (200 or 201))
                throw new InvalidOperationException($"{email} could not sign up: {answer.Status} {answer.Body}");
            if (i == 0)
                _users.Add((answer.Body.GetProperty("id").GetString()!, newsletter));
        }
    }

    private async Task KillAsync(string handler, CancellationToken cancel)
    {
        if ((await view.ReplicasAsync(handler, cancel)).FirstOrDefault(r => r.Pid > 0) is not { } victim)
            return;
        await faults.KillAsync(victim.Name, cancel);
        context.Observe(new Observation("killed", ++_killed, $"killed {victim.Name}"));
        if (handler == "send-welcome")
            await SwitchMarksAsync(cancel);
    }

    private async Task FreezeAsync(string handler, CancellationToken cancel)
    {
        var victim = (await view.ReplicasAsync(handler, cancel))[0];
        await faults.FreezeAsync(victim.Name, cancel);
        context.Observe(new Observation("frozen", 1, $"froze {victim.Name} for {Frozen.TotalSeconds:0} s"));
        await Task.Delay(Frozen, cancel);
        await faults.ResumeAsync(victim.Name, cancel);
    }

    private Task SwitchMarksAsync(CancellationToken cancel) => context.IsWithout("marks")
        ? view.SwitchAsync("send-welcome", new { marks = false }, cancel)
        : Task.CompletedTask;

    private int Mails(string user)
    {
        var folder = Path.Combine(view.Data, "mail", user);
        return Directory.Exists(folder) ? Directory.GetFiles(folder).Length : 0;
    }

    private async Task<int> MissingAsync(CancellationToken cancel) => _users.Count(u => Mails(u.Id) == 0)
        + _users.Count - await CountAsync("audit", "records", _users, cancel)
        + _users.Count(u => u.Newsletter)
        - await CountAsync("subscribe-newsletter", "subscribers", _users.Where(u => u.Newsletter), cancel);

    private async Task<int> CountAsync(string appId, string what, IEnumerable<(string Id, bool)> users, CancellationToken cancel)
    {
        var found = await Task.WhenAll(users.Select(u => view.GetAsync(appId, $"{what}/{u.Id}", cancel)));
        return found.Count(s => s == 200);
    }
}
