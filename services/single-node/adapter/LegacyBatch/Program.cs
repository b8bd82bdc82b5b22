using System.Globalization;
using Samples.LegacyBatch;

if (BatchSettings.Usage.IsAsked(args))
    return;

// Old-fashioned on purpose: nobody can ask it anything; whoever wants to know what it did reads its log, whose times have no zone, and
// whose failures are stack traces.
var builder = WebApplication.CreateBuilder(args);
builder.Logging.ClearProviders();
var log = Path.Combine(Directory.CreateDirectory(builder.Configuration["SAMPLES_DATA"] ?? ".samples/adapter").FullName, "batch.log");
var turn = new Lock();

var app = builder.Build();
app.MapPost("/jobs/{name}", (string name, bool fail = false) =>
{
    var time = DateTime.UtcNow.ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture);
    var text = fail
        ? $"{time} b.s.d.executor worker-1 [ERROR] job {name} failed\njava.lang.IllegalStateException: no more {name}\n"
            + string.Concat(Enumerable.Range(1, 40).Select(i => $"\tat backtype.storm.Job.step{i}(Job.java:{i})\n"))
        : $"{time} b.s.d.executor worker-1 [INFO] job {name} done\n";
    lock (turn)
        File.AppendAllText(log, text);
    return fail ? "failed\n" : "done\n";
});
app.Run();
