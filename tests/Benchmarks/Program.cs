using System.CommandLine;
using Samples.Benchmarks;
using Samples.Benchmarks.Adapter;
using Samples.Benchmarks.Ambassador;
using Samples.Benchmarks.EventDriven;
using Samples.Benchmarks.Functions;
using Samples.Benchmarks.Replicated;
using Samples.Benchmarks.Runtime;
using Samples.Benchmarks.Sharded;
using Samples.Benchmarks.Sidecar;

// Not commands for people: the programs that a comparison measures, each a process of its own so that its processor time can be told apart.
switch (args)
{
    case ["serve-app"]:
        await BenchmarkApp.RunAsync();
        return 0;
    case ["serve-runtime", var app, var data]:
        await BenchmarkRuntime.RunAsync(int.Parse(app, System.Globalization.CultureInfo.InvariantCulture), data);
        return 0;
    case ["serve-sidecars", var count, var data]:
        await BenchmarkRuntime.RunManyAsync(int.Parse(count, System.Globalization.CultureInfo.InvariantCulture), data);
        return 0;
    case ["serve-functions", var decorator, var api, var data]:
        await FunctionSidecars.RunAsync(decorator, api, data);
        return 0;
    case ["hello"]:
        Console.WriteLine("hello");
        return 0;
    case ["serve-flow", var redis, var place, var ports]:
        await StageFlow.ServeAsync(redis, place, ports);
        return 0;
    case ["serve-streams", var redis]:
        await DirectStreams.RunAsync(redis);
        return 0;
    case ["serve-sidecar", var folder]:
        await OneSidecar.RunAsync(folder);
        return 0;
}

IReadOnlyList<IComparison> comparisons =
[
    new AdapterComparison(), new AmbassadorComparison(), new EventDrivenComparison(), new FunctionsComparison(), new ReplicatedComparison(),
    new RuntimeComparison(), new ShardedComparison(), new SidecarComparison(),
];

var compare = new Command("compare", "Run this project beside peers and print ratios.");
foreach (var comparison in comparisons)
    compare.Add(CompareCommand.For(comparison));
return await new RootCommand("Comparisons with peers, in one run on one machine.") { compare }.Parse(args).InvokeAsync();
