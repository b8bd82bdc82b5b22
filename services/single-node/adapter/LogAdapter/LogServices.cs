using Dapr.Client;
using Samples.LogAdapter.Following;
using Samples.LogAdapter.Formats;

namespace Samples.LogAdapter;

/// <summary>A follower for each log.</summary>
internal static class LogServices
{
    /// <summary>Adds them, and the book that they write into.</summary>
    public static void AddLogAdapter(this IServiceCollection services, LogOptions options)
    {
        services.AddSingleton(provider =>
            new RecordBook(RecordFile.Open(options.StateFile, provider.GetRequiredService<ILogger<RecordBook>>()), options.Keep));
        foreach (var source in options.Sources)
            services.AddSingleton<IHostedService>(provider => Follow(source, options, provider));
    }

    private static BackgroundService Follow(LogSource source, LogOptions options, IServiceProvider provider)
    {
        var (book, time) = (provider.GetRequiredService<RecordBook>(), provider.GetRequiredService<TimeProvider>());
        var log = provider.GetRequiredService<ILogger<RecordBook>>();
        Task<string?> Password(CancellationToken cancel) =>
            PasswordAsync(source.Secret, options, provider.GetRequiredService<DaprClient>(), cancel);
        return source.Format == "slowlog"
            ? new SlowLogFollower(source.Name, source.Path, options, Password, book, time, log)
            : new FileFollower(source.Name, source.Path, LogFormats.Create(source.Format, source.Zone)!, options, book, time, log);
    }

    private static async Task<string?> PasswordAsync(string? secret, LogOptions options, DaprClient dapr, CancellationToken cancel)
    {
        if (secret is null)
            return null;
        var values = await dapr.GetSecretAsync(options.SecretStore, secret, cancellationToken: cancel);
        return values.TryGetValue(secret, out var value)
            ? value
            : throw new IOException($"the secret '{secret}' has no value of that name");
    }
}
