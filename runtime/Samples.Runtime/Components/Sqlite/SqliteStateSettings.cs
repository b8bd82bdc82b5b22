using System.Globalization;
using Microsoft.Data.Sqlite;
using Samples.Runtime.Resources;

namespace Samples.Runtime.Components.Sqlite;

/// <summary>What the metadata of a <c>state.sqlite</c> comes to, but for its file.</summary>
/// <param name="Table">The table of the values; several stores may share a file.</param>
/// <param name="Cleanup">The pause between two removals of what has expired; null removes nothing (it is not found all the same).</param>
/// <param name="Busy">How long another process that writes is waited for.</param>
/// <param name="HasLog">Write-ahead logging; else the rollback journal, for file systems without shared memory.</param>
internal sealed record SqliteStateSettings(string Table, TimeSpan? Cleanup, TimeSpan Busy, bool HasLog)
{
    /// <summary>The settings.</summary>
    public static IEnumerable<ComponentSetting> Known =>
    [
        new("tableName"), new("cleanupInterval"), new("cleanupIntervalInSeconds"), new("busyTimeout"), new("disableWAL"),
        new("metadataTableName") { WithoutEffect = "nothing is kept beside the values" },
        .. ((string[])["timeout", "timeoutInSeconds"]).Select(name => new ComponentSetting(name)
        {
            WithoutEffect = "writers wait in turn; 'busyTimeout' bounds the wait for another process",
        }),
    ];

    /// <summary>Throws <see cref="ResourceException"/> with the place of what is wrong.</summary>
    public static SqliteStateSettings Read(Component component)
    {
        var table = component.Metadata.GetValueOrDefault("tableName") is { Length: > 0 } name ? name : "state";
        if (!table.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') || char.IsAsciiDigit(table[0]))
            throw Wrong(component, "tableName", table, "no table's name", "letters, digits and underscores");
        var asked = Duration(component, "cleanupInterval") ?? Duration(component, "cleanupIntervalInSeconds");
        var cleanup = asked ?? TimeSpan.FromMinutes(1);
        return new SqliteStateSettings(
            table, cleanup > TimeSpan.Zero ? cleanup : null, Duration(component, "busyTimeout") ?? TimeSpan.FromSeconds(5),
            component.Metadata.GetValueOrDefault("disableWAL", "").ToLowerInvariant()
                is not ("true" or "1" or "yes" or "y" or "on" or "t"));
    }

    /// <summary>Opens the file so.</summary>
    public SqliteConnection Open(string path)
    {
        var connection = SqliteFile.Open(path, hasLog: HasLog);
        SqliteFile.Execute(
            connection, string.Create(CultureInfo.InvariantCulture, $"PRAGMA busy_timeout={(int)Busy.TotalMilliseconds};"));
        // Beyond SQLite's own wait, commands are tried again until their limit, in whole seconds; 0 would be for ever.
        connection.DefaultTimeout = Math.Max(1, (int)Math.Ceiling(Busy.TotalSeconds));
        return connection;
    }

    // As Dapr reads it: Go's notation, or a number of seconds; what is not above zero means never.
    private static TimeSpan? Duration(Component component, string key)
    {
        if (component.Metadata.GetValueOrDefault(key) is not { Length: > 0 } text)
            return null;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds))
            return TimeSpan.FromSeconds(Math.Max(0, seconds));
        if (text[0] == '-' || text is "0s")
            return TimeSpan.Zero;
        try
        {
            return GoDuration.Parse(text);
        }
        catch (FormatException)
        {
            throw Wrong(component, key, text, "no duration", "for example '1h' or '30s'");
        }
    }

    private static ResourceException Wrong(Component component, string key, string text, string what, string cure) =>
        new(component.MetadataOrigins.GetValueOrDefault(key, component.Origin),
            $"'{key}' of component '{component.Name}' is '{text}', which is {what}.", $"Write {cure}.");
}
