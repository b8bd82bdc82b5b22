using Samples.FunctionHost;
using Samples.TwoFactor;

var program = FunctionProgram.Create(args);
program.Builder.Services.AddSingleton(CodeOptions.From(program.Builder.Configuration));
program.Builder.Services.AddSingleton<Accounts>();
program.Add<SendCode>(on => on.Request("POST", "/codes"));
program.Add<CheckCode>(on => on.Request("POST", "/codes/check"));
program.Run();
