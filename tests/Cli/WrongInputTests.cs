using System.Net;
using System.Net.Sockets;
using Xunit;
using static Samples.Cli.Tests.Checkout;

namespace Samples.Cli.Tests;

/// <summary>Whatever is wrong: one message, exit code 1 within two seconds, nothing left running.</summary>
public sealed class WrongInputTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    [Theory]
    [InlineData("there is no pattern 'nope'. Patterns: tiny.", "run", "nope")]
    [InlineData("nothing to run. Name a pattern (tiny) or a template with -f FILE.", "run")]
    [InlineData("there is no option '--nope'. `samples run --help`", "run", "tiny", "--nope")]
    [InlineData("Unrecognized command or argument 'dance'. `samples --help`", "dance")]
    [InlineData("Required argument missing for option: '-f'.", "run", "-f")]
    [InlineData("nowhere.yaml: there is no such template.", "run", "-f", "nowhere.yaml")]
    [InlineData("nowhere' does not exist. Name one with your files.", "run", "tiny", "--folder", "nowhere")]
    [InlineData("there is no pattern 'nope'.", "tour", "nope")]
    [InlineData("'tiny' has no experiment yet. With one: ", "tour", "tiny")]
    [InlineData("'--set pictures' is no NAME=NUMBER.", "tour", "--set", "pictures")]
    [InlineData("'many' is no whole number.", "tour", "--set", "pictures=many")]
    [InlineData("'--rounds 0' is no number of rounds.", "tour", "--rounds", "0")]
    [InlineData("--runtime is one of embedded, daprd, auto.", "run", "tiny", "--runtime", "nope")]
    [InlineData("'nope' does not run. Nothing runs.", "stop", "nope")]
    [InlineData("there are no logs yet. Run a pattern first.", "logs")]
    [InlineData("--lines is 0 or more.", "logs", "-n", "-1")]
    public async Task A_wrong_command_line(string message, params string[] arguments)
    {
        await using var checkout = new Checkout();
        checkout.Add("tiny", Template(Entry("web", "appPort: 1")));
        await AssertRefusedAsync(checkout, message, arguments);
    }

    [Theory]
    [InlineData("appPrt: 1", "dapr.yaml:6: app 'web' has the unknown field 'appPrt'. Known: ")]
    [InlineData("appPort: [", "dapr.yaml:")]
    [InlineData("command: [\"no-such-program\"]", "Duplicate key")]
    public async Task A_wrong_template(string field, string message)
    {
        await using var checkout = new Checkout();
        checkout.Add("tiny", Template(Entry("web", field)));
        await AssertRefusedAsync(checkout, message, "run", "tiny");
    }

    [Theory]
    [InlineData(
        "type: state.sqlight",
        "",
        "statestore.yaml:6: component 'statestore' has the unknown type 'state.sqlight'. The embedded runtime has: ")]
    [InlineData(
        "type: state.sqlite",
        "",
        "component 'statestore' (state.sqlite) lacks the setting 'connectionString'. Add it under 'spec.metadata'.")]
    [InlineData(
        "type: state.sqlite",
        "- name: conectionString",
        "statestore.yaml:8: component 'statestore' (state.sqlite) has the unknown setting 'conectionString'.")]
    public async Task A_wrong_component(string type, string metadata, string message)
    {
        await using var checkout = new Checkout();
        var folder = checkout.Add("tiny", Template(Entry("web", "appPort: 1", "resourcesPaths: [\"./resources\"]")));
        Directory.CreateDirectory(Path.Combine(folder, "resources"));
        await File.WriteAllTextAsync(Path.Combine(folder, "resources", "statestore.yaml"),
            $"apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: statestore\nspec:\n  {type}\n  metadata:\n  {metadata}\n",
            Cancel);
        await AssertRefusedAsync(checkout, message, "run", "tiny", "--free-ports");
    }

    [Theory]
    [InlineData("appPort")]
    [InlineData("daprHTTPPort")]
    public async Task A_port_that_is_taken(string which)
    {
        await using var checkout = new Checkout();
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        checkout.Add("tiny", Template(Entry("good"), Entry("web", $"{which}: {port}")));
        var ended = await AssertRefusedAsync(checkout, $"{port}", "run", "tiny");
        Assert.Contains("with --free-ports", ended.Errors);
        Assert.Contains("'web'", ended.Errors);
    }

    [Fact]
    public async Task Two_patterns_that_cannot_be_neighbours()
    {
        await using var checkout = new Checkout();
        checkout.Add("one", Template(Entry("web", "appPort: 5001")));
        checkout.Add("two", Template(Entry("other", "appPort: 5001")));
        checkout.Add("three", Template(Entry("web", "appPort: 5003")));
        await AssertRefusedAsync(checkout, "'one' and 'two' both want port 5001. Run with --free-ports", "run", "one", "two");
        await AssertRefusedAsync(checkout, "'one' and 'three' both have an app 'web'.", "run", "one", "three", "--free-ports");
    }

    private static async Task<Ended> AssertRefusedAsync(Checkout checkout, string message, params string[] arguments)
    {
        var ended = await checkout.RunAsync(arguments);
        // A machine that is busy with something else is slow with everything, and not every time.
        var limit = Limit;
        for (var i = 0; i < 5 && ended.Took > limit; i++)
        {
            ended = await checkout.RunAsync(arguments);
            var other = await checkout.RunAsync("list");
            limit = other.Took * 5 > Limit ? other.Took * 5 : Limit;
        }

        Assert.Equal(1, ended.Code);
        Assert.StartsWith("error: ", ended.Errors, StringComparison.Ordinal);
        Assert.Contains(message, ended.Errors);
        // One line a mistake, and all mistakes at once: a misspelt setting is also one that is missing.
        Assert.InRange(ended.Errors.Trim().Split('\n').Length, 1, 2);
        Assert.DoesNotContain("Exception", ended.Errors);
        Assert.Equal("", ended.Output);
        Assert.True(ended.Took < limit, $"{ended.Took}, and the limit is {limit}");
        Assert.False(Directory.Exists(checkout.Data) && Directory.GetFiles(checkout.Data, "run-*").Length > 0);
        return ended;
    }
}
