using Samples.CreateUser;
using Samples.FunctionHost;

var program = FunctionProgram.Create(args);
program.Add<SignUp>(on => on.Request("POST", "/sign-ups"));
program.Run();
