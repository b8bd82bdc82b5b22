using Dapr.Client;
using Samples.Defaults;
using Samples.GitSyncSidecar;
using Samples.Pod;

if (GitOptions.Usage.IsAsked(args))
    return;

var builder = WebApplication.CreateBuilder(args);
builder.AddDefaults();
var options = GitOptions.From(builder.Configuration);
builder.Services.AddSingleton(options);
builder.Services.AddSingleton<FindSecret>(services => async (name, cancel) =>
    (await services.GetRequiredService<DaprClient>().GetSecretAsync(options.SecretStore, name, cancellationToken: cancel))
        .GetValueOrDefault(name));
builder.Services.AddSingleton(AppProcess.From(builder.Configuration));
builder.Services.AddSingleton<RepositoryAccess>();
builder.Services.AddSingleton<RepositoryCopy>();
builder.Services.AddSingleton<PublishedFolder>();
builder.Services.AddSingleton<GitSync>();
builder.Services.AddHostedService(services => services.GetRequiredService<GitSync>());

var app = builder.Build();
app.MapDefaults();
app.MapGet("/sync", (GitSync sync) => TypedResults.Ok(sync.State)).WithSummary("Which commit is published, and why a newer one is not.");
app.Run();
