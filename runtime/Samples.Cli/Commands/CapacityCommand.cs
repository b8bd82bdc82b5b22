using System.CommandLine;
using System.Globalization;
using Samples.Experiments.Replicated;
using Samples.Runtime.Resources;

namespace Samples.Cli.Commands;

/// <summary><c>samples capacity</c>: how many replicas for a load and a promise, step by step, so that a reader can redo it.</summary>
internal static class CapacityCommand
{
    private const double SecondsADay = 86_400;

    public static Command Create()
    {
        var load = Number("--load", "Requests a second that clients send.", 1000);
        var perReplica = Number("--per-replica", "Requests a second that one replica answers within the promised latency.", 400);
        var hitRate = Number("--hit-rate", "Percent of the requests that caches answer.", 89);
        var down = Number("--down", "Seconds a day that one replica is down, for whatever reason.", 86);
        var target = Number("--target", "Percent of the time for which enough replicas shall be up.", 99.9);
        var command = new Command("capacity", "Calculate how many replicas a load and a promise need.")
        {
            load, perReplica, hitRate, down, target,
        }.WithExamples(
            ("samples capacity --load 1000 --per-replica 400 --hit-rate 89", "for 1,000 requests a second, 89% from the caches"),
            ("samples capacity --target 99.99 --down 600", "replicas that are down ten minutes a day, and a stricter promise"));
        command.SetAction((result, _) => Errors.ShowAsync(() => Task.FromResult(Show(
            Checked("--load", result.GetValue(load), 0, 1e9), Checked("--per-replica", result.GetValue(perReplica), 0.001, 1e9),
            Checked("--hit-rate", result.GetValue(hitRate), 0, 100), Checked("--down", result.GetValue(down), 0, SecondsADay - 1),
            Checked("--target", result.GetValue(target), 0, 99.9999999)))));
        return command;
    }

    private static int Show(double load, double perReplica, double hitRate, double down, double target)
    {
        var capacity = new Capacity(load, perReplica, hitRate / 100, down / SecondsADay, target / 100);
        var (warm, cold) = (capacity.ForLoad, capacity.WithColdCaches);
        Say($"load        {load:#,0.##} requests a second, {hitRate:0.##}% of them answered by caches");
        Say($"reaching    {load:#,0.##} * (1 - {hitRate / 100:0.####}) = {capacity.Reaching:#,0.##} a second");
        Say($"needed      ceil({capacity.Reaching:#,0.##} / {perReplica:#,0.##}) = {warm}");
        Say($"cold caches ceil({load:#,0.##} / {perReplica:#,0.##}) = {cold}: all of the load, until they are warm again");
        Say($"one down    {down:0.##} s of {SecondsADay:#,0} s a day: {capacity.DownShare:0.######} of the time");
        Say($"promise     at least as many up as needed for {target:0.#######}% of the time:");
        ShowTarget(capacity, warm, "with warm caches");
        if (cold != warm)
            ShowTarget(capacity, cold, "with cold caches");
        Say($"rollout     one more than needed, so that one can be replaced while the others carry the load: {warm + 1}, cold {cold + 1}");
        return 0;
    }

    private static void ShowTarget(Capacity capacity, int needed, string when)
    {
        if (capacity.ForTarget(needed) is not { } enough)
        {
            Say($"  {when}: no number of replicas is enough");
            return;
        }

        foreach (var all in Enumerable.Range(needed, enough - needed + 1).TakeLast(3))
            Say($"  {when}, {needed} needed: {all} have it for {capacity.Up(needed, all) * 100:0.#########}%");
    }

    private static Option<double> Number(string name, string description, double otherwise) =>
        new(name) { Description = description, DefaultValueFactory = _ => otherwise };

    private static double Checked(string name, double value, double least, double most) => value >= least && value <= most
        ? value
        : throw new ResourceException(
            Origin.Code, string.Create(CultureInfo.InvariantCulture, $"{name} is {value}."),
            string.Create(CultureInfo.InvariantCulture, $"Give a number from {least} to {most}."));

    private static void Say(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
