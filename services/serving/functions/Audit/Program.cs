using Samples.Audit;
using Samples.FunctionHost;

var program = FunctionProgram.Create(args);
program.Add<RecordSignUp>(on => on.Event("user-created").Request("GET", "/records/{id}"));
program.Add<SumUp>(on => on.Binding("audit-tick"));
program.Run();
