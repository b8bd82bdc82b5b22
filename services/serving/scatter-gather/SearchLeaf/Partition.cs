using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;
using Samples.ApiDocs;
using Samples.SearchIndex;

namespace Samples.SearchLeaf;

/// <summary>
/// One partition of the index, read from its file. Safe for concurrent use: every call has a connection of its own from the pool.
/// </summary>
public sealed class Partition
{
    private readonly string _connection;
    private readonly int[] _lengths;

    /// <summary>Opens a file that <see cref="PartitionWriter"/> wrote.</summary>
    public Partition(string folder, int number)
    {
        _connection = new SqliteConnectionStringBuilder
        {
            DataSource = Path.Combine(folder, FileName(number)),
            Mode = SqliteOpenMode.ReadOnly,
        }.ConnectionString;
        using var connection = Open();
        using var command = Command(connection, "SELECT documents, mean_length, lengths FROM corpus");
        using var row = command.ExecuteReader();
        row.Read();
        Corpus = new CorpusStatistics(row.GetInt32(0), row.GetDouble(1));
        _lengths = MemoryMarshal.Cast<byte, int>((byte[])row.GetValue(2)).ToArray();
    }

    /// <summary>The same in every partition.</summary>
    public CorpusStatistics Corpus { get; }

    /// <summary>The name of a partition's file.</summary>
    public static string FileName(int number) => $"partition-{number}.db";

    /// <summary>A word's whole posting list; empty where the word has its home in another partition.</summary>
    public PostingList WholeList(string word, CancellationToken cancel) => ReadPostings("by_word_postings", word, cancel);

    /// <summary>The best documents of this partition.</summary>
    public LeafHits Search(IReadOnlyList<string> required, IReadOnlyList<string> excluded, int k, CancellationToken cancel)
    {
        var page = Ranking.Top(
            [.. required.Select(w => new WordPostings(OwnList(w, cancel), FrequencyOf(w)))],
            [.. excluded.Select(w => OwnList(w, cancel))],
            Corpus,
            k);
        var passages = Passages([.. page.Best.Select(r => r.Document)]).ToDictionary(p => p.Document);
        return new LeafHits(page.Total, [.. page.Best.Select(r => new LeafHit(passages[r.Document], r.Score))]);
    }

    /// <summary>Those of the documents that are in this partition.</summary>
    public IReadOnlyList<Passage> Passages(IReadOnlyList<int> documents)
    {
        using var connection = Open();
        using var command = Command(
            connection, $"SELECT document, id, kind, summary FROM passage WHERE document IN ({string.Join(',', documents)})");
        using var row = command.ExecuteReader();
        var passages = new List<Passage>();
        while (row.Read())
            passages.Add(new Passage(row.GetInt32(0), row.GetString(1), (MemberKind)row.GetInt32(2), row.GetString(3)));
        return passages;
    }

    private PostingList OwnList(string word, CancellationToken cancel) => ReadPostings("by_document_postings", word, cancel);

    // Of the whole corpus, not of this partition: ranking is global.
    private int FrequencyOf(string word)
    {
        using var connection = Open();
        using var command = Command(connection, "SELECT documents FROM vocabulary WHERE word = $word");
        command.Parameters.AddWithValue("$word", word);
        return command.ExecuteScalar() is long documents ? (int)documents : 0;
    }

    private PostingList ReadPostings(string table, string word, CancellationToken cancel)
    {
        using var connection = Open();
        using var command = Command(connection, $"SELECT doc FROM {table} WHERE term = $word");
        command.Parameters.AddWithValue("$word", word);
        using var row = command.ExecuteReader();
        var (documents, counts) = (new List<int>(), new List<int>());
        while (row.Read())
        {
            // The index gives every occurrence, in the order of the documents.
            var document = row.GetInt32(0);
            if (documents.Count > 0 && documents[^1] == document)
                counts[^1]++;
            else
            {
                cancel.ThrowIfCancellationRequested();
                documents.Add(document);
                counts.Add(1);
            }
        }

        return new PostingList([.. documents], [.. counts], [.. documents.Select(d => _lengths[d])]);
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(_connection);
        connection.Open();
        return connection;
    }

    private static SqliteCommand Command(SqliteConnection connection, string sql)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        return command;
    }
}
