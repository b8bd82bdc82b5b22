using Microsoft.Data.Sqlite;
using Samples.Runtime.Resources;

namespace Samples.Runtime.Components.Sqlite;

/// <summary>How the SQLite engines find and open their file.</summary>
internal static class SqliteFile
{
    /// <summary>
    /// The full path that <c>connectionString</c> names: a plain path, or <c>Data Source=...</c>; relative to the app directory.
    /// </summary>
    public static string Path(Component component, EngineContext context)
    {
        var text = component.Metadata["connectionString"];
        try
        {
            var path = text.Contains('=', StringComparison.Ordinal) ? new SqliteConnectionStringBuilder(text).DataSource : text;
            return path.Length > 0
                ? System.IO.Path.GetFullPath(path, context.BaseDirectory)
                : throw Wrong(component, "is empty");
        }
        catch (ArgumentException error)
        {
            throw Wrong(component, error.Message);
        }
    }

    /// <summary>
    /// Opens the file in WAL mode, or with a rollback journal where it cannot have a log. <c>synchronous=FULL</c>, as Dapr's own
    /// SQLite components have it: a commit is on the disk before it is acknowledged, so that it survives SIGKILL and a power cut. What an
    /// fsync costs is shared by all that wait (<see cref="SqliteWriter"/>).
    /// </summary>
    public static SqliteConnection Open(string path, string? schema = null, bool hasLog = true)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ConnectionString);
        connection.Open();
        var journal = hasLog ? "WAL" : "DELETE";
        Execute(connection, $"PRAGMA busy_timeout=5000; PRAGMA journal_mode={journal}; PRAGMA synchronous=FULL;" + schema);
        return connection;
    }

    public static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static ResourceException Wrong(Component component, string why) =>
        new(component.MetadataOrigins.GetValueOrDefault("connectionString", component.Origin),
            $"'connectionString' of component '{component.Name}' {why}.", "Write the path of a SQLite file.");
}
