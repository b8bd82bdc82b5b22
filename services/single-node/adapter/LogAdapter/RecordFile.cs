using Microsoft.Data.Sqlite;
using Samples.Defaults;

namespace Samples.LogAdapter;

/// <summary>The SQLite file of a <see cref="RecordBook"/>.</summary>
internal static class RecordFile
{
    private const int Busy = 5, Corrupt = 11, NoDatabase = 26;

    /// <summary>
    /// Opens it, for this process alone. One that is damaged, or empty, is put aside as <c>FILE.damaged</c>, and the book begins anew: logs
    /// are read from their beginning again.
    /// </summary>
    public static SqliteConnection Open(string path, ILogger log)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (new FileInfo(path) is { Exists: true, Length: 0 })
            PutAside(path, "it is empty", log);
        try
        {
            return OpenWhole(path);
        }
        catch (SqliteException error) when (error.SqliteErrorCode is Corrupt or NoDatabase)
        {
            PutAside(path, error.Message, log);
            return OpenWhole(path);
        }
        catch (SqliteException error) when (error.SqliteErrorCode == Busy)
        {
            throw new WrongSettingException(
                $"{path} belongs to another log-adapter that is running; give this one its own file as STATE_FILE.");
        }
        catch (SqliteException error)
        {
            throw new WrongSettingException($"{path} cannot be opened: {error.Message} Give another file as STATE_FILE.");
        }
    }

    private static SqliteConnection OpenWhole(string path)
    {
        var settings = new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = 2 };
        var file = new SqliteConnection(settings.ConnectionString);
        try
        {
            file.Open();
            using var command = file.CreateCommand();
            // What is kept is on the disk: a reader may have it already. Nobody else opens the file.
            command.CommandText =
                """
                PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
                CREATE TABLE IF NOT EXISTS book (id TEXT NOT NULL);
                CREATE TABLE IF NOT EXISTS records (number INTEGER PRIMARY KEY, text TEXT NOT NULL);
                CREATE TABLE IF NOT EXISTS sources (source TEXT PRIMARY KEY, position TEXT,
                    records INTEGER NOT NULL, errors INTEGER NOT NULL, lost INTEGER NOT NULL, truncations INTEGER NOT NULL);
                INSERT INTO book SELECT lower(hex(randomblob(8))) WHERE NOT EXISTS (SELECT * FROM book);
                """;
            command.ExecuteNonQuery();
            command.CommandText = "PRAGMA quick_check(1)";
            return command.ExecuteScalar() is "ok" ? file : throw new SqliteException("parts of it are damaged", Corrupt);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static void PutAside(string path, string problem, ILogger log)
    {
        log.LogWarning("{Path} cannot be used ({Problem}) and is put aside; logs are read from their beginning.", path, problem);
        File.Move(path, path + ".damaged", overwrite: true);
        foreach (var rest in (string[])["-wal", "-shm", "-journal"])
            File.Delete(path + rest);
    }
}
