using Samples.Decorator;
using Samples.Defaults;
using Samples.FunctionHost;

var program = FunctionProgram.Create(args);
program.Builder.Services.AddSingleton(InvocationClient.Create(program.Builder.Configuration["API_APP_ID"] ?? "user-api"));
program.Builder.Services.AddSingleton(Random.Shared);
program.Add<DecorateUser>(on => on.Request("POST", "/users"));
program.Run();
