using System.Text;
using System.Text.Json;
using Samples.Decorator;
using Xunit;

namespace Samples.Services.Functions;

/// <summary>What the decorator does with each kind of input: the page's table, line by line.</summary>
public sealed class DecoratorTests : IAsyncDisposable
{
    private readonly Machine _machine = new();

    public static TheoryData<string, string> Filled => new()
    {
        { "{}", """{"name":"NAME","colour":"blue"}""" },
        { " { } ", """ { "name":"NAME","colour":"blue"}""" },
        { """{"name":"Ada"}""", """{"name":"Ada","colour":"blue"}""" },
        { """{"colour":"red"}""", """{"colour":"red","name":"NAME"}""" },
        { """{"name":"Ada","colour":"red"}""", """{"name":"Ada","colour":"red"}""" },
        // Set is set, also where it is nothing: the schema refuses these, the defaults leave them alone.
        { """{"name":null,"colour":""}""", """{"name":null,"colour":""}""" },
        { """{"Name":"Ada"}""", """{"Name":"Ada","name":"NAME","colour":"blue"}""" },
        {
            """{"name":"Ada","colour":"red","id":9007199254740993,"x":1.0E+2,"nested":{"name":null,"a":[1,{}]}}""",
            """{"name":"Ada","colour":"red","id":9007199254740993,"x":1.0E+2,"nested":{"name":null,"a":[1,{}]}}"""
        },
        {
            """{"big":123456789012345678901234567890,"t":"\u00e9}","a":[] }""",
            """{"big":123456789012345678901234567890,"t":"\u00e9}","a":[] ,"name":"NAME","colour":"blue"}"""
        },
    };

    [Theory]
    [MemberData(nameof(Filled))]
    public void What_is_missing_is_filled_in_and_what_is_set_stays_byte_for_byte(string sent, string expected)
    {
        var filled = Encoding.UTF8.GetString(
            UserDefaults.Fill(JsonDocument.Parse(sent).RootElement, Encoding.UTF8.GetBytes(sent), new Random(1)).Span);
        using var user = JsonDocument.Parse(filled);
        if (expected.Contains("NAME", StringComparison.Ordinal))
            expected = expected.Replace("NAME", user.RootElement.GetProperty("name").GetString()!, StringComparison.Ordinal);
        Assert.Equal(expected.Trim(), filled.Trim());
    }

    [Theory]
    [InlineData("""{"name":null}""", "name")]
    [InlineData("""{"name":""}""", "name")]
    [InlineData("""{"name":{}}""", "name")]
    [InlineData("""{"name":[]}""", "name")]
    [InlineData("""{"name":7}""", "name")]
    [InlineData("""{"colour":null}""", "colour")]
    [InlineData("""{"colour":"mauve"}""", "colour")]
    [InlineData("""{"age":-1}""", "age")]
    [InlineData("""{"age":1e400}""", "age")]
    [InlineData("""{"age":12345678901234567890123}""", "age")]
    [InlineData("""{"address":"here"}""", "address")]
    [InlineData("""{"tags":["a",1]}""", "tags.1")]
    public void The_schema_refuses_with_the_members_name(string sent, string member)
    {
        var filled = UserDefaults.Fill(JsonDocument.Parse(sent).RootElement, Encoding.UTF8.GetBytes(sent), new Random(1));
        using var user = JsonDocument.Parse(filled);
        Assert.Contains(member, UserSchema.Problems(user.RootElement).Keys);
    }

    [Fact]
    public async Task It_stands_before_the_API_and_refuses_what_the_API_never_sees()
    {
        await _machine.StartAsync("Samples.UserApi", "user-api");
        var decorator = await _machine.StartAsync("Samples.Decorator", "decorator");
        const string sent = """{"nick":"A\u0064a","n":9007199254740993,"nested":{"colour":null}}""";
        var (status, answer) = await AskAsync(decorator, "/users", sent);
        Assert.Equal(201, status);
        var user = answer.GetProperty("user");
        Assert.Equal(("blue", "9007199254740993"), (user.GetProperty("colour").GetString(), user.GetProperty("n").GetRawText()));
        Assert.NotEqual("", user.GetProperty("name").GetString());
        var api = $"http://127.0.0.1:{decorator.Sidecar.HttpPort}/v1.0/invoke/user-api/method";
        var id = answer.GetProperty("id").GetString();
        var (_, kept) = await Service.AskAsync(decorator.Http, HttpMethod.Get, $"{api}/users/{id}", null);
        Assert.Equal("Ada", kept.GetProperty("nick").GetString());

        foreach (var (body, expected, type) in new (string, int, string?)[]
        {
            ("[]", 422, "against-schema"), ("\"text\"", 422, "against-schema"), ("null", 422, "against-schema"),
            ("""{"name":""}""", 422, "against-schema"), ("""{"name":"a","name":"b"}""", 400, "unreadable-request"),
            ("{", 400, "unreadable-request"), ("", 422, "against-schema"),
            (new string('[', 100) + new string(']', 100), 400, "unreadable-request"),
            ($$"""{"name":"{{new string('x', 1_100_000)}}"}""", 413, "unreadable-request"),
        })
        {
            (status, var problem) = await AskAsync(decorator, "/users", body);
            var said = $"{body[..Math.Min(40, body.Length)]}: {problem}";
            Assert.True(status == expected && problem.GetProperty("type").GetString() == type, said);
            Assert.DoesNotContain("   at ", problem.ToString(), StringComparison.Ordinal);
        }

        using var form = new FormUrlEncodedContent([KeyValuePair.Create("name", "Ada")]);
        Assert.Equal(415, (await decorator.AskAsync(HttpMethod.Post, "/users", form)).Status);
        // As OpenFaaS' gateway calls it.
        Assert.Equal(201, (await AskAsync(decorator, "/", "{}")).Status);
    }

    private static Task<(int Status, JsonElement Body)> AskAsync(Service service, string path, string body) =>
        service.AskAsync(HttpMethod.Post, path, new StringContent(body, Encoding.UTF8, "application/json"));

    public ValueTask DisposeAsync() => _machine.DisposeAsync();
}
