using Samples.FunctionHost;
using Samples.SendWelcome;

var program = FunctionProgram.Create(args);
program.Add<WelcomeUser>(on => on.Event("user-created"));
program.Run();
