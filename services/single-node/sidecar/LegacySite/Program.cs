using Samples.LegacySite;

if (SiteOptions.Usage.IsAsked(args))
    return 0;

// As `nginx -t` and `apachectl configtest` do: a file can be tried without touching what runs.
if (args is ["--check", var file])
    return SiteConfiguration.Check(file, Console.Error);

var options = SiteOptions.FromEnvironment();
// Somebody else's application in this one's place; on success it never returns.
if (options.Command is { } command)
    return await OtherApplication.BecomeAsync(command, options);

return await Daemon.RunAsync(options);
