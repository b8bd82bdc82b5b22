using Microsoft.Extensions.Configuration;
using Samples.QueueManager;

namespace Samples.Services.WorkQueue;

/// <summary>Settings as the manager reads them from its environment.</summary>
internal static class QueueSettings
{
    public static QueueOptions Read(params (string Name, string Value)[] settings) => QueueOptions.From(
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Name, (string?)s.Value))).Build());
}
