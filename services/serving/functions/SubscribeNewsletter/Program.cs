using Samples.FunctionHost;
using Samples.SubscribeNewsletter;

var program = FunctionProgram.Create(args);
program.Add<SubscribeUser>(on => on.Event("user-created", where: "event.data.newsletter == true").Request("GET", "/subscribers/{id}"));
program.Run();
