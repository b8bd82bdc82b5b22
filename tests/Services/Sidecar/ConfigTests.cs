using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Samples.ConfigSidecar;
using Samples.Defaults;
using Samples.LegacySite;
using Samples.Pod;
using Xunit;

namespace Samples.Services.SidecarPattern;

/// <summary>An application that tells which version it has read, and one that never takes any.</summary>
public sealed class ConfigTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("samples-config-").FullName;
    private WebApplication _app = null!;
    private volatile bool _isStubborn;

    private string Live => Path.Combine(_folder, "site.conf");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.MapGet("/version", () => _isStubborn ? "old" : SiteConfiguration.Read(Live, "").Version);
        await _app.StartAsync(Cancel);
    }

    [Fact]
    public async Task A_refused_configuration_never_touches_the_live_file_and_the_next_good_one_is_applied_without_help()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The check is a shell's.");
        // Nobody may see a bad one in the live file, not even for a moment.
        await using var delivery = await StartAsync(("CHECK_COMMAND", $"sh {CheckScript()} {{file}}"));
        delivery.Value.Offer(new Dictionary<string, string> { ["site.greeting"] = "one" });
        await WaitAsync(() => delivery.Value.State.Delivered == 1);
        var good = await File.ReadAllTextAsync(Live, Cancel);
        var written = File.GetLastWriteTimeUtc(Live);
        delivery.Value.Offer(new Dictionary<string, string> { ["site.greeting"] = "two", ["site.expires"] = "soon" });
        await WaitAsync(() => delivery.Value.State.Refused == 1);
        Assert.Equal((good, written), (await File.ReadAllTextAsync(Live, Cancel), File.GetLastWriteTimeUtc(Live)));
        delivery.Value.Offer(new Dictionary<string, string> { ["site.greeting"] = "three" });
        await WaitAsync(() => delivery.Value.State is { Delivered: 2, Problem: null });
        Assert.Contains("greeting three", await File.ReadAllTextAsync(Live, Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_application_does_not_take_is_taken_back_and_told()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no SIGHUP.");
        // The process that is asked to reload is this one's child: it ignores the signal, as the application ignores the file.
        using var process = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("sh", ["-c", "trap '' HUP; sleep 60 & wait; sleep 60"]))!;
        await File.WriteAllTextAsync(Path.Combine(_folder, "site.pid"), $"{process.Id}", Cancel);
        try
        {
            await using var delivery = await StartAsync(("TAKEN_SECONDS", "0.5"));
            delivery.Value.Offer(new Dictionary<string, string> { ["site.greeting"] = "one" });
            await WaitAsync(() => delivery.Value.State.Delivered == 1);
            var good = await File.ReadAllTextAsync(Live, Cancel);
            _isStubborn = true;
            delivery.Value.Offer(new Dictionary<string, string> { ["site.greeting"] = "two" });
            await WaitAsync(() => delivery.Value.State.Refused == 1);
            Assert.Equal(good, await File.ReadAllTextAsync(Live, Cancel));
            Assert.Contains("did not take it", delivery.Value.State.Problem, StringComparison.Ordinal);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    [Theory]
    [InlineData("10s; return 500")]
    [InlineData("a\nend")]
    [InlineData("$host")]
    [InlineData("\"")]
    public void A_value_is_never_syntax(string value)
    {
        var template = new ConfigTemplate("greeting {{site.greeting}}");
        var values = new Dictionary<string, string> { ["site.greeting"] = value };
        Assert.Throws<FormatException>(() => template.Render(values, null, ""));
    }

    [Fact]
    public void The_same_values_are_the_same_version()
    {
        var template = new ConfigTemplate("v {{version}} {{site.a=1}} {{site.b=2}}");
        var one = template.Render(new Dictionary<string, string> { ["site.a"] = "x", ["site.b"] = "y" }, null, "");
        var other = template.Render(new Dictionary<string, string> { ["site.b"] = "y", ["site.a"] = "x" }, null, "");
        Assert.Equal(one, other);
        Assert.Equal($"v {one.Version} x y", one.Text);
        Assert.NotEqual(one.Version, template.Render(new Dictionary<string, string>(), null, "").Version);
    }

    [Theory]
    [InlineData("greeting x\nend\n", true)]
    [InlineData("greeting x\n", false)]
    [InlineData("expires soon\nend\n", false)]
    [InlineData("end\ngreeting x\n", false)]
    [InlineData("colour red\nend\n", false)]
    public async Task The_site_says_what_it_would_take(string text, bool isGood)
    {
        await File.WriteAllTextAsync(Live, text, Cancel);
        Assert.Equal(isGood, SiteConfiguration.Check(Live, TextWriter.Null) == 0);
    }

    [Fact]
    public async Task A_process_id_that_outlived_its_process_is_not_believed()
    {
        var file = Path.Combine(_folder, "site.pid");
        await File.WriteAllTextAsync(file, $"{Environment.ProcessId}", Cancel);
        Assert.Equal(Environment.ProcessId, new AppProcess(file, null).Find());
        // Written before the process began: it was another one's.
        File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddDays(-30));
        Assert.Null(new AppProcess(file, null).Find());
    }

    private async Task<Started> StartAsync(params (string Name, string Value)[] settings)
    {
        var values = settings.ToDictionary(s => s.Name, s => (string?)s.Value);
        values["SITE"] = _app.Urls.Single();
        values["SAMPLES_DATA"] = _folder;
        values["TEMPLATE"] = Path.Combine(Checkout.Root, "services/single-node/sidecar/templates/site.conf");
        var options = ConfigOptions.From(new ConfigurationBuilder().AddInMemoryCollection(values).Build());
        var app = new AppProcess(Path.Combine(_folder, "site.pid"), null);
        var delivery = new ConfigDelivery(
            options, new ConfigTrial(options), app, new Readiness(), TimeProvider.System, NullLogger<ConfigDelivery>.Instance);
        await delivery.StartAsync(Cancel);
        return new Started(delivery);
    }

    private string CheckScript()
    {
        var script = Path.Combine(_folder, "check.sh");
        File.WriteAllText(script, "! grep -q soon \"$1\"\n");
        return script;
    }

    private static async Task WaitAsync(Func<bool> isSo)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (!isSo())
            await Task.Delay(10, limit.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private sealed record Started(ConfigDelivery Value) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Value.StopAsync(CancellationToken.None);
            Value.Dispose();
        }
    }
}
