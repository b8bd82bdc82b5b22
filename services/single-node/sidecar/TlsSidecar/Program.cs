using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Samples.Defaults;
using Samples.TlsSidecar;

if (TlsOptions.Usage.IsAsked(args))
    return;

OpenSslPolicy.Use();
EventLoop.RunSocketsOnOneThread();

var builder = WebApplication.CreateBuilder(args);
builder.AddDefaults();
builder.Services.Configure<SocketTransportOptions>(sockets => sockets.UnsafePreferInlineScheduling = true);
// An activity and a log scope for each request are most of what ASP.NET Core itself costs here.
builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
// YARP would write two lines for each request.
builder.Logging.AddFilter("Yarp", LogLevel.Warning);
var options = TlsOptions.From(builder.Configuration);
builder.ListenWithTls(options);
builder.Services.AddHttpForwarder();
builder.Services.AddSingleton(options);
builder.Services.AddSingleton<CertificateFiles>();
builder.Services.AddHostedService<CertificateWatch>();
builder.Services.AddSingleton<SiteForwarder>();

var app = builder.Build();
app.Services.GetRequiredService<CertificateFiles>().LoadFirst();
// What came by TLS is the site's; the sidecar's own paths are on its own port.
var site = app.Services.GetRequiredService<SiteForwarder>();
app.Use(next => http => http.Request.IsHttps ? site.AnswerAsync(http) : next(http));
app.UseRouting();
app.MapDefaults();
app.MapTls();
app.Run();
