using Samples.Defaults;
using Samples.Owner;

var builder = WebApplication.CreateBuilder(args);
builder.AddDefaults();
builder.Services.AddSingleton(OwnerOptions.From(builder.Configuration));
builder.Services.AddSingleton(Random.Shared);
builder.Services.AddSingleton<BeliefHistory>();
builder.Services.AddActors(actors => actors.Actors.RegisterActor<LeaderActor>());

// The pattern: three ways to agree on one owner, and what holds whichever is used.
builder.Services.AddSingleton<Ownership, LockOwnership>();
builder.Services.AddSingleton<Ownership, CompareAndSwapOwnership>();
builder.Services.AddSingleton<ActorOwnership>();
builder.Services.AddSingleton<Ownership>(services => services.GetRequiredService<ActorOwnership>());
builder.Services.AddHostedService<Candidate>();

builder.Services.AddSingleton(services =>
{
    var options = services.GetRequiredService<OwnerOptions>();
    return new Ledger(InvocationClient.Create(options.Ledger), options);
});
builder.Services.AddHostedService<OwnerWork>();

var app = builder.Build();
app.MapDefaults();
app.MapActorsHandlers();
app.MapOwner();
app.Run();
