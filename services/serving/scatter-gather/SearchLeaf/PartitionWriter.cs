using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using Samples.ApiDocs;
using Samples.SearchIndex;

namespace Samples.SearchLeaf;

/// <summary>
/// Writes an index in partitions, a SQLite file each. A file holds two cuts of the same corpus: by document (every n-th document, all its
/// words) for leaf sharding, and by word (every document, but only the words that hash here) for root distribution.
/// </summary>
public static class PartitionWriter
{
    // The words are cut and in lower case already. `ascii` takes every other character as part of a word and changes none of it.
    private const string Schema = """
        PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
        CREATE TABLE corpus (documents INTEGER NOT NULL, mean_length REAL NOT NULL, lengths BLOB NOT NULL);
        CREATE TABLE passage (document INTEGER PRIMARY KEY, id TEXT NOT NULL, kind INTEGER NOT NULL, summary TEXT NOT NULL);
        CREATE TABLE vocabulary (word TEXT PRIMARY KEY, documents INTEGER NOT NULL) WITHOUT ROWID;
        CREATE VIRTUAL TABLE by_document USING fts5(words, content = '', tokenize = 'ascii');
        CREATE VIRTUAL TABLE by_word USING fts5(words, content = '', tokenize = 'ascii');
        """;

    // Only now: nothing has to be read while it is written.
    private const string Readers = """
        CREATE VIRTUAL TABLE by_document_postings USING fts5vocab(by_document, 'instance');
        CREATE VIRTUAL TABLE by_word_postings USING fts5vocab(by_word, 'instance');
        """;

    /// <summary>
    /// Writes all partitions of a corpus into a folder. A document's number is its position in <paramref name="members"/>.
    /// </summary>
    public static void Write(string folder, IReadOnlyList<ApiMember> members, int partitions)
    {
        string[][] documents = [.. members.AsParallel().AsOrdered().Select(m => Words.In($"{m.Name} {m.Summary}").ToArray())];
        var frequencies = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var words in documents)
        {
            foreach (var word in words.Distinct(StringComparer.Ordinal))
                CollectionsMarshal.GetValueRefOrAddDefault(frequencies, word, out _)++;
        }

        var homes = frequencies.Keys.ToDictionary(w => w, w => Words.PartitionOf(w, partitions), StringComparer.Ordinal);
        Parallel.For(0, partitions, partition =>
        {
            var file = Path.Combine(folder, Partition.FileName(partition));
            Write(file, members, documents, partition, partitions, frequencies, homes);
        });
    }

    private static void Write(string file, IReadOnlyList<ApiMember> members, string[][] documents,
        int partition, int partitions, Dictionary<string, int> frequencies, Dictionary<string, int> homes)
    {
        using var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ConnectionString);
        connection.Open();
        Execute(connection, Schema);
        using (var transaction = connection.BeginTransaction())
        {
            WriteStatistics(connection, documents);
            using var passage = new Insert(connection, "INSERT INTO passage VALUES ($1, $2, $3, $4)", 4);
            using var byDocument = new Insert(connection, "INSERT INTO by_document (rowid, words) VALUES ($1, $2)", 2);
            using var byWord = new Insert(connection, "INSERT INTO by_word (rowid, words) VALUES ($1, $2)", 2);
            var own = new HashSet<string>(StringComparer.Ordinal);
            for (var document = 0; document < documents.Length; document++)
            {
                var words = documents[document];
                byWord.Run(document, string.Join(' ', words.Where(w => homes[w] == partition)));
                if (document % partitions != partition)
                    continue;
                passage.Run(document, members[document].Id, (int)members[document].Kind, members[document].Summary);
                byDocument.Run(document, string.Join(' ', words));
                own.UnionWith(words);
            }

            using var vocabulary = new Insert(connection, "INSERT INTO vocabulary VALUES ($1, $2)", 2);
            foreach (var word in own.Order(StringComparer.Ordinal))
                vocabulary.Run(word, frequencies[word]);
            transaction.Commit();
        }

        Execute(connection, Readers);
    }

    private static void WriteStatistics(SqliteConnection connection, string[][] documents)
    {
        int[] lengths = [.. documents.Select(d => d.Length)];
        using var insert = new Insert(connection, "INSERT INTO corpus VALUES ($1, $2, $3)", 3);
        insert.Run(lengths.Length, lengths.DefaultIfEmpty(0).Average(), MemoryMarshal.AsBytes(lengths.AsSpan()).ToArray());
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>A prepared INSERT, run once a row.</summary>
    private sealed class Insert : IDisposable
    {
        private readonly SqliteCommand _command;

        public Insert(SqliteConnection connection, string sql, int columns)
        {
            _command = connection.CreateCommand();
            _command.CommandText = sql;
            for (var i = 1; i <= columns; i++)
                _command.Parameters.Add(new SqliteParameter { ParameterName = $"${i}" });
        }

        public void Run(params ReadOnlySpan<object> values)
        {
            for (var i = 0; i < values.Length; i++)
                _command.Parameters[i].Value = values[i];
            _command.ExecuteNonQuery();
        }

        public void Dispose() => _command.Dispose();
    }
}
