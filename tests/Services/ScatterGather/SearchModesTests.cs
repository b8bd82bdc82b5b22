using CsCheck;
using Microsoft.AspNetCore.WebUtilities;
using Samples.ApiDocs;
using Samples.Experiments.ScatterGather;
using Samples.SearchIndex;
using Samples.SearchLeaf;
using Samples.SearchRoot;
using Xunit;
using SearchRequest = Samples.SearchRoot.SearchRequest;

namespace Samples.Services.ScatterGather;

/// <summary>Root and leaves in one process, over real index files; only the way between them is left out.</summary>
public sealed class SearchModesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("samples-index-").FullName;

    [Theory, CombinatorialModes]
    public async Task Any_number_of_leaves_answers_as_one_index(SearchMode mode, int partitions, int leaves)
    {
        var documents = RandomDocuments(seed: 7, count: 300);
        var oracle = new OneIndex(documents);
        var root = new Root(_folder, documents, partitions, leaves);
        var random = new Random(11);
        for (var i = 0; i < 60; i++)
        {
            var query = oracle.RandomQuery(random);
            var answer = await root.SearchAsync(query, mode);
            Assert.False(answer.Partial);
            Assert.True(
                oracle.Agrees(PageOf(answer), query, 10),
                $"'{query}' found {answer.Total}, and one index {oracle.Search(query, 10).Total}");
        }
    }

    [Fact]
    public async Task Without_a_leaf_the_rest_is_right_and_the_answer_says_so()
    {
        var documents = RandomDocuments(seed: 8, count: 200);
        var oracle = new OneIndex(documents);
        var root = new Root(_folder, documents, partitions: 3, leaves: 3) { Dead = 2 };
        var answer = await root.SearchAsync("w1", SearchMode.LeafSharding);
        Assert.Equal((true, 2), (answer.Partial, Assert.Single(answer.MissingLeaves)));
        Assert.True(oracle.Agrees(PageOf(answer), "w1", 10, leftOut: document => document % 3 == 1));
    }

    [Fact]
    public async Task A_word_whose_list_is_missing_is_named_and_the_others_are_searched()
    {
        string[] words = [.. Enumerable.Range(0, 50).Select(i => $"w{i}")];
        var dead = words.First(w => Words.PartitionOf(w, 2) == 1);
        var alive = words.First(w => Words.PartitionOf(w, 2) == 0);
        var root = new Root(_folder, RandomDocuments(seed: 9, count: 200), partitions: 2, leaves: 2) { Dead = 2 };
        var answer = await root.SearchAsync($"{alive} {dead}", SearchMode.RootDistribution);
        Assert.Equal((true, dead), (answer.Partial, Assert.Single(answer.IgnoredWords)));
        Assert.False((await root.SearchAsync(dead, SearchMode.RootDistribution)).IsAnswered);
    }

    [Fact]
    public async Task With_no_leaf_there_is_no_answer()
    {
        var root = new Root(_folder, RandomDocuments(seed: 9, count: 20), partitions: 1, leaves: 1) { Dead = 1 };
        var answer = await root.SearchAsync("w1", SearchMode.LeafSharding);
        Assert.False(answer.IsAnswered);
        Assert.Equal("1: dead", Assert.Single(answer.Leaves).Problem);
    }

    [Theory]
    [InlineData("", "10", "", "q")]
    [InlineData("w1", "0", "", "k")]
    [InlineData("w1", "101", "", "k")]
    [InlineData("w1", "many", "", "k")]
    [InlineData("w1", "", "magic", "mode")]
    public void What_is_wrong_with_a_request_is_named(string q, string k, string mode, string field)
    {
        var options = new RootOptions { Leaves = [["a"]], Partitions = 1 };
        Assert.Null(SearchRequest.Read(new SearchParameters(q, k, mode, null, null, null), options, out var errors));
        Assert.Equal([field], errors.Keys);
    }

    public void Dispose()
    {
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    private static FoundPage PageOf(SearchAnswer answer) =>
        new(answer.Total, [.. answer.Results.Select(r => new FoundDocument(r.Id, r.Score))], answer.Partial, [.. answer.MissingLeaves], []);

    // Few words, so that documents match; some with letters that a tokenizer could stumble over.
    private static IReadOnlyList<ApiMember> RandomDocuments(int seed, int count)
    {
        var random = new Random(seed);
        string[] vocabulary =
        [
            .. Enumerable.Range(0, 50).Select(i => $"w{i}"),
            "straße", "ΣΊΣΥΦΟΣ", "İstanbul", "naïve", new string('x', 100), "don't", "ǅ", "a_b", "😀half",
        ];
        return
        [
            .. Enumerable.Range(0, count).Select(
                i => new ApiMember($"T:Sample{i:000}", MemberKind.Type, string.Join(' ', random.GetItems(vocabulary, random.Next(0, 30)))))
        ];
    }

    private sealed class CombinatorialModesAttribute : Xunit.v3.DataAttribute
    {
        public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(
            System.Reflection.MethodInfo testMethod, Xunit.Sdk.DisposalTracker disposalTracker) =>
            ValueTask.FromResult<IReadOnlyCollection<ITheoryDataRow>>(
            [
                .. from mode in Enum.GetValues<SearchMode>()
                   from shape in new[]
                   {
                       (Partitions: 1, Leaves: 1),
                       (Partitions: 4, Leaves: 1),
                       (Partitions: 4, Leaves: 2),
                       (Partitions: 4, Leaves: 3),
                       (Partitions: 4, Leaves: 4),
                       (Partitions: 7, Leaves: 5),
                   }
                   select new TheoryDataRow(mode, shape.Partitions, shape.Leaves),
            ]);

        public override bool SupportsDiscoveryEnumeration() => true;
    }

    /// <summary>A root whose leaves are called directly.</summary>
    private sealed class Root : ILeafClient
    {
        private readonly RootOptions _options;
        private readonly LeafIndex[] _leaves;
        private readonly Scatter _scatter;

        public Root(string folder, IReadOnlyList<ApiMember> documents, int partitions, int leaves)
        {
            PartitionWriter.Write(folder, documents, partitions);
            _options = new RootOptions
            {
                Leaves = [.. Enumerable.Range(1, leaves).Select(i => new[] { $"{i}" })],
                Partitions = partitions,
                Hedging = false,
            };
            _leaves =
            [
                .. Enumerable.Range(1, leaves)
                    .Select(i => new LeafIndex(new LeafOptions { Leaf = i, Partitions = partitions, Data = folder, Faults = false }))
            ];
            foreach (var leaf in _leaves)
                leaf.Load(folder);
            _scatter = new Scatter(this, _options, TimeProvider.System);
        }

        public int Dead { get; init; }

        public Task<SearchAnswer> SearchAsync(string query, SearchMode mode)
        {
            var asked = new SearchParameters(query, null, null, "10000", null, null);
            var request = SearchRequest.Read(asked, _options, out _)! with { Mode = mode };
            return mode == SearchMode.LeafSharding
                ? new LeafSharding(_scatter).SearchAsync(request, CancellationToken.None)
                : new RootDistribution(_scatter, _options).SearchAsync(request, TimeProvider.System, CancellationToken.None);
        }

        public Task<T> GetAsync<T>(string appId, string path, CancellationToken cancel)
        {
            var number = int.Parse(appId);
            if (number == Dead)
                return Task.FromException<T>(new HttpRequestException("dead"));
            var (leaf, asked) = (_leaves[number - 1], QueryHelpers.ParseQuery(path[path.IndexOf('?')..]));
            string[] Of(string name) => asked.TryGetValue(name, out var values) ? [.. values.Select(v => v!)] : [];
            var leaves = int.Parse(Of("leaves")[0]);
            object answer = path[..path.IndexOf('?')] switch
            {
                "/search" => leaf.Search(Of("word"), Of("without"), int.Parse(Of("k")[0]), leaves, cancel),
                "/postings" => leaf.Postings(Of("word"), leaves, cancel),
                _ => leaf.Passages([.. Of("document").Select(int.Parse)], leaves).ToList(),
            };
            return Task.FromResult((T)answer);
        }
    }
}
