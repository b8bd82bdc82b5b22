using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.Logging;

namespace Samples.Runtime.Testing;

/// <summary>An application that a test runs.</summary>
internal abstract class HostedApp : IAsyncDisposable
{
    /// <summary>The application's services; null where it runs in a process of its own.</summary>
    public abstract IServiceProvider? Services { get; }

    /// <summary>Completes with the reason when the application ended by itself.</summary>
    public virtual Task<string> Ended { get; } = new TaskCompletionSource<string>().Task;

    public abstract ValueTask DisposeAsync();
}

/// <summary>A whole program in the test's process.</summary>
internal sealed class ProgramApp<TProgram> : HostedApp where TProgram : class
{
    private readonly WebApplicationFactory<TProgram> _factory;

    public ProgramApp(TestApp app, Action<IWebHostBuilder>? configure)
    {
        var all = new WebApplicationFactory<TProgram>();
        _factory = all.WithWebHostBuilder(host =>
        {
            configure?.Invoke(host);
            host.UseSidecar(app);
        });
        _factory.UseKestrel();
        _factory.StartServer();
    }

    public override IServiceProvider Services => _factory.Services;

    public override ValueTask DisposeAsync() => _factory.DisposeAsync();
}

/// <summary>A few routes that the test itself writes.</summary>
internal sealed class RoutesApp(WebApplication web) : HostedApp
{
    public override IServiceProvider Services => web.Services;

    public static async Task<HostedApp> StartAsync(TestApp app, Action<WebApplication> map, Action<WebApplicationBuilder>? configure)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        configure?.Invoke(builder);
        builder.WebHost.UseSidecar(app);
        var web = builder.Build();
        map(web);
        await web.StartAsync();
        return new RoutesApp(web);
    }

    public override ValueTask DisposeAsync() => web.DisposeAsync();
}

/// <summary>A program in a process of its own.</summary>
internal sealed class ProcessApp : HostedApp
{
    private const int LinesShown = 20;

    private readonly ConcurrentQueue<string> _lines = [];
    private readonly Process _process;

    public ProcessApp(TestApp app, ProcessStartInfo program)
    {
        program.RedirectStandardOutput = true;
        program.RedirectStandardError = true;
        program.UseShellExecute = false;
        foreach (var (name, value) in app.Environment)
            program.Environment[name] = value;
        app.Port.Dispose();
        _process = Start(program);
        _process.OutputDataReceived += Keep;
        _process.ErrorDataReceived += Keep;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Ended = WaitAsync();
    }

    public override IServiceProvider? Services => null;

    public override Task<string> Ended { get; }

    public override async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await Ended;
        _process.Dispose();
    }

    private static Process Start(ProcessStartInfo program)
    {
        try
        {
            return Process.Start(program)!;
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            throw new TestDaprException($"'{program.FileName}' cannot be started: {error.Message}. Check its path, and build it first.");
        }
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        _lines.Enqueue(line.Data ?? "");
        while (_lines.Count > LinesShown)
            _lines.TryDequeue(out _);
    }

    private async Task<string> WaitAsync()
    {
        await _process.WaitForExitAsync();
        return $"it ended with exit code {_process.ExitCode}; its last lines:\n{string.Join('\n', _lines)}";
    }
}
