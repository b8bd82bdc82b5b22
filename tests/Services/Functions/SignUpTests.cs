using System.Net;
using System.Net.Http.Json;
using System.Text;
using Samples.CreateUser;
using Xunit;

namespace Samples.Services.Functions;

/// <summary>The sign-up pipeline, and what platforms ask of a function's container.</summary>
public sealed class SignUpTests : IAsyncDisposable
{
    private readonly Machine _machine = new();
    private Service? _welcome;

    [Fact]
    public async Task Each_new_user_gets_one_welcome_and_the_newsletter_only_where_asked_for()
    {
        var signUp = await StartPipelineAsync();
        var newsletter = await _machine.StartAsync("Samples.SubscribeNewsletter", "subscribe-newsletter");
        var audit = await _machine.StartAsync("Samples.Audit", "audit");
        var ids = new List<string>();
        for (var i = 0; i < 6; i++)
        {
            var user = new { email = $"user-{i}@example.org", newsletter = i % 2 == 0 };
            var (status, first) = await signUp.AskAsync(HttpMethod.Post, "/sign-ups", user);
            var (again, second) = await signUp.AskAsync(HttpMethod.Post, "/sign-ups", user);
            Assert.Equal((201, 200), (status, again));
            Assert.Equal(first.GetProperty("id").GetString(), second.GetProperty("id").GetString());
            ids.Add(first.GetProperty("id").GetString()!);
        }

        await _machine.WaitAsync("all welcomes and records", async () => ids.All(id => Mails(id).Length == 1)
            && (await Task.WhenAll(ids.Select(id => audit.AskAsync(HttpMethod.Get, $"/records/{id}")))).All(a => a.Status == 200));
        var asked = ids.Where((_, i) => i % 2 == 0).Select(id => $"/subscribers/{id}").ToList();
        await _machine.WaitAsync("the subscriptions", async () =>
            (await Task.WhenAll(asked.Select(a => newsletter.AskAsync(HttpMethod.Get, a)))).All(a => a.Status == 200));
        foreach (var id in ids.Where((_, i) => i % 2 != 0))
            Assert.Equal(404, (await newsletter.AskAsync(HttpMethod.Get, $"/subscribers/{id}")).Status);
        Assert.All(ids, id => Assert.Single(Mails(id)));
        Assert.Equal(204, (await audit.AskAsync(HttpMethod.Post, "/audit-tick")).Status);
    }

    [Fact]
    public async Task A_handler_that_dies_after_the_mail_left_sends_it_again_under_the_same_key()
    {
        var signUp = await StartPipelineAsync();
        var id = SignUp.IdOf("ada@example.org");
        // As it is after such a death: the mail is out, and all that is noted is that a try began.
        var mail = Path.Combine(Directory.CreateDirectory(Path.Combine(Post, id)).FullName, $"user-created-{id}.txt");
        await File.WriteAllTextAsync(mail, "from the try before", Machine.Cancel);
        var mark = new[] { new { key = $"event-welcome-user-user-created-{id}", value = new { begun = 1, failed = 0, state = 0 } } };
        var store = $"http://127.0.0.1:{_welcome!.Sidecar.HttpPort}/v1.0/state/statestore";
        Assert.Equal(204, (await Service.AskAsync(signUp.Http, HttpMethod.Post, store, JsonContent.Create(mark))).Status);

        Assert.Equal(201, (await signUp.AskAsync(HttpMethod.Post, "/sign-ups", new { email = "ada@example.org" })).Status);
        await _machine.WaitAsync(
            "the second try", async () => await File.ReadAllTextAsync(mail, Machine.Cancel) == "Welcome, ada@example.org!");
        Assert.Single(Mails(id));
    }

    [Fact]
    public async Task Wrong_sign_ups_are_told_why_and_make_nobody()
    {
        var signUp = await StartPipelineAsync();
        foreach (var (body, field) in new (string, string)[]
        {
            ("{}", "email"), ("[]", "email"), ("""{"email":7}""", "email"), ("""{"email":"ada"}""", "email"),
            ("""{"email":"a@b.c\n"}""", "email"), ("""{"email":"a@b.c","newsletter":"yes"}""", "newsletter"),
            ("""{"email":"a@b.c","newsletter":null}""", "newsletter"),
        })
        {
            var (status, problem) = await signUp.AskAsync(
                HttpMethod.Post, "/sign-ups", new StringContent(body, Encoding.UTF8, "application/json"));
            Assert.True(status == 400 && problem.GetProperty("errors").TryGetProperty(field, out _), $"{body}: {status} {problem}");
        }

        Assert.False(Directory.Exists(Post) && Directory.EnumerateFileSystemEntries(Post).Any());
    }

    [Fact]
    public async Task A_container_is_what_OpenFaaS_and_Knative_ask_for()
    {
        FunctionComponents.Write(_machine);
        var welcome = await _machine.StartAsync(
            "Samples.SendWelcome", "send-welcome", ("APP_API_TOKEN", "secret"), ("healthcheck_interval", "1s"));
        // Probes need no token.
        Assert.Equal(HttpStatusCode.OK, (await welcome.Http.GetAsync("/_/health", Machine.Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await welcome.Http.GetAsync("/_/ready", Machine.Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await welcome.Http.GetAsync("/_/functions", Machine.Cancel)).StatusCode);
        welcome.Http.DefaultRequestHeaders.Add("dapr-api-token", "secret");

        // A trigger of Knative: the event's attributes in headers, its data the body, at the root.
        for (var i = 0; i < 2; i++)
        {
            using var sent = new HttpRequestMessage(HttpMethod.Post, "/")
            {
                Headers = { { "ce-id", "7" }, { "ce-specversion", "1.0" }, { "ce-type", "user-created" }, { "ce-source", "test" } },
                Content = new StringContent("""{"id":"u7","email":"ada@example.org"}""", Encoding.UTF8, "application/json"),
            };
            Assert.Equal(HttpStatusCode.OK, (await welcome.Http.SendAsync(sent, Machine.Cancel)).StatusCode);
        }

        Assert.EndsWith("7.txt", Assert.Single(Mails("u7")));
        var (_, state) = await welcome.AskAsync(HttpMethod.Get, "/_/functions");
        Assert.Equal((1, 1), (state.GetProperty("calls").GetInt32(), state.GetProperty("dropped").GetInt32()));
        Assert.True(state.GetProperty("coldStartMilliseconds").GetDouble() > 0);
        Assert.Equal("welcome-user", state.GetProperty("functions")[0].GetProperty("function").GetString());
        // It takes no requests.
        Assert.Equal(404, (await welcome.AskAsync(HttpMethod.Post, "/", new { })).Status);
        // No CloudEvent is none.
        using var broken = new StringContent("""{"data":{}}""", Encoding.UTF8, "application/cloudevents+json");
        Assert.Equal(400, (await welcome.AskAsync(HttpMethod.Post, "/", broken)).Status);

        // SIGTERM: unhealthy for the interval, and then the end in order.
        welcome.Signal("TERM");
        await _machine.WaitAsync("that it is shown as unhealthy", async () =>
            (await welcome.Http.GetAsync("/_/health", Machine.Cancel)).StatusCode == HttpStatusCode.ServiceUnavailable);
        Assert.Equal(0, await welcome.WaitForExitAsync(TimeSpan.FromSeconds(12), Machine.Cancel));
    }

    [Fact]
    public async Task It_listens_where_Knative_says_and_shows_its_cold_start_once()
    {
        var port = Service.FreePort();
        await using var decorator = Service.Start("Samples.Decorator", port, null, [("APP_PORT", ""), ("PORT", $"{port}")]);
        await decorator.WaitReadyAsync(Machine.Cancel);
        foreach (var isFirst in (bool[])[true, false])
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/users")
            {
                Headers = { { "X-Call-Id", "call-1" } }, Content = new StringContent("[]", Encoding.UTF8, "application/json"),
            };
            using var answer = await decorator.Http.SendAsync(request, Machine.Cancel);
            Assert.Equal("call-1", answer.Headers.GetValues("X-Call-Id").Single());
            Assert.Single(answer.Headers.GetValues("X-Duration-Seconds"));
            Assert.Equal(isFirst, answer.Headers.Contains("X-Cold-Start"));
        }
    }

    private string Post => Path.Combine(_machine.Folder, "mail");

    private string[] Mails(string user) =>
        Directory.Exists(Path.Combine(Post, user)) ? Directory.GetFiles(Path.Combine(Post, user)) : [];

    private async Task<Service> StartPipelineAsync()
    {
        FunctionComponents.Write(_machine);
        _welcome = await _machine.StartAsync("Samples.SendWelcome", "send-welcome");
        return await _machine.StartAsync("Samples.CreateUser", "create-user");
    }

    public ValueTask DisposeAsync() => _machine.DisposeAsync();
}
