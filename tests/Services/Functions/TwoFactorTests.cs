using System.Text.RegularExpressions;
using Xunit;

namespace Samples.Services.Functions;

/// <summary>Codes: once, six characters, five tries of an account, whoever asks at the same time.</summary>
public sealed class TwoFactorTests : IAsyncDisposable
{
    private readonly Machine _machine = new();

    [Fact]
    public async Task A_code_is_accepted_once_under_200_attempts_at_once_at_two_replicas()
    {
        Service[] replicas = [await StartAsync(), await StartAsync()];
        await SendAsync(replicas[0], "ada");
        var code = Sent("ada", 1);
        var statuses = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => CheckAsync(replicas[i % 2], "ada", code)));
        Assert.Equal((1, 199), (statuses.Count(s => s == 200), statuses.Count(s => s == 410)));
    }

    [Fact]
    public async Task After_five_wrong_ones_at_once_nobody_looks_at_any_not_even_the_right_one()
    {
        Service[] replicas = [await StartAsync(), await StartAsync()];
        await SendAsync(replicas[0], "ada");
        var code = Sent("ada", 1);
        var wrong = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => CheckAsync(replicas[i % 2], "ada", Other(code, i))));
        Assert.Equal((5, 195), (wrong.Count(s => s == 403), wrong.Count(s => s == 429)));
        Assert.Equal(429, await CheckAsync(replicas[1], "ada", code));
        // Another account is another account.
        await SendAsync(replicas[0], "bob");
        Assert.Equal(200, await CheckAsync(replicas[0], "bob", Sent("bob", 1)));
    }

    [Fact]
    public async Task A_new_code_makes_the_old_one_worthless_and_forgives_no_attempt()
    {
        var service = await StartAsync();
        await SendAsync(service, "ada");
        var first = Sent("ada", 1);
        for (var i = 0; i < 4; i++)
            Assert.Equal(403, await CheckAsync(service, "ada", Other(first, i)));
        await SendAsync(service, "ada");
        var second = Sent("ada", 2);
        if (second != first)
            Assert.Equal(403, await CheckAsync(service, "ada", first));
        Assert.Equal(429, await CheckAsync(service, "ada", second));
    }

    [Theory]
    [InlineData("12345")]
    [InlineData("1234567")]
    [InlineData(" 12345")]
    [InlineData("12345 ")]
    [InlineData("12 345")]
    [InlineData("１２３４５６")]
    [InlineData("١٢٣٤٥٦")]
    [InlineData("12345\n")]
    [InlineData("")]
    public async Task Malformed_input_costs_nothing(string code)
    {
        var service = await StartAsync();
        await SendAsync(service, "ada");
        for (var i = 0; i < 10; i++)
            Assert.Equal(400, await CheckAsync(service, "ada", code));
        // 012345 sent as a number is no text of six characters either.
        Assert.Equal(400, (await service.AskAsync(HttpMethod.Post, "/codes/check", new { account = "ada", code = 12345 })).Status);
        Assert.Equal(200, await CheckAsync(service, "ada", Sent("ada", 1)));
    }

    [Fact]
    public async Task A_code_expires_and_the_lock_ends()
    {
        var service = await StartAsync(("CODE_SECONDS", "1"), ("LOCK_SECONDS", "1"));
        await SendAsync(service, "ada");
        var code = Sent("ada", 1);
        await _machine.WaitAsync("the code to expire", async () => await CheckAsync(service, "bob", code) == 410
            && (await service.AskAsync(HttpMethod.Post, "/codes/check", new { account = "ada", code = Other(code, 1) })).Status == 410);
        Assert.Equal(410, await CheckAsync(service, "ada", code));
        await SendAsync(service, "ada");
        await _machine.WaitAsync("the lock to end", async () =>
        {
            await SendAsync(service, "ada");
            return await CheckAsync(service, "ada", Sent("ada", Directory.GetFiles(Outbox, "ada-*").Length)) == 200;
        });
    }

    [Fact]
    public async Task Codes_are_not_sent_faster_than_allowed_and_wrong_requests_are_told_why()
    {
        var service = await StartAsync(("RESEND_SECONDS", "60"));
        var both = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => PostAsync(service, "ada")));
        Assert.Equal((1, 9), (both.Count(s => s == 202), both.Count(s => s == 429)));
        Assert.Single(Directory.GetFiles(Outbox));
        foreach (var (account, phone, field) in new (object?, object?, string)[]
        {
            ("../ada", "+491701234567", "account"), ("", "+491701234567", "account"), (null, "+491701234567", "account"),
            ("ADA", "+491701234567", "account"), ("ada", "0170", "phone"), ("ada", null, "phone"), ("ada\n", "+491701234567", "account"),
        })
        {
            var (status, problem) = await service.AskAsync(HttpMethod.Post, "/codes", new { account, phone });
            Assert.True(status == 400 && problem.GetProperty("errors").TryGetProperty(field, out _), $"{account} {phone}: {problem}");
        }
    }

    [Fact]
    public async Task What_could_not_be_sent_is_no_code_and_may_be_asked_for_again()
    {
        var service = await StartAsync(("RESEND_SECONDS", "60"), ("SMS_BINDING", "no-such-binding"));
        Assert.Equal(502, await PostAsync(service, "ada"));
        Assert.Equal(502, await PostAsync(service, "ada"));
    }

    private string Outbox => Path.Combine(_machine.Folder, "sms");

    private static string Other(string code, int i) => $"{(int.Parse(code) + 1 + i) % 1_000_000:D6}";

    private Task<Service> StartAsync(params (string, string)[] settings)
    {
        FunctionComponents.Write(_machine);
        return _machine.StartAsync("Samples.TwoFactor", "two-factor", [("RESEND_SECONDS", "0"), .. settings]);
    }

    private static async Task SendAsync(Service service, string account) => Assert.Equal(202, await PostAsync(service, account));

    private static async Task<int> PostAsync(Service service, string account) =>
        (await service.AskAsync(HttpMethod.Post, "/codes", new { account, phone = "+491701234567" })).Status;

    private static async Task<int> CheckAsync(Service service, string account, string code) =>
        (await service.AskAsync(HttpMethod.Post, "/codes/check", new { account, code })).Status;

    private string Sent(string account, int number) =>
        Regex.Match(File.ReadAllText(Path.Combine(Outbox, $"{account}-{number}.txt")), "^[0-9]{6}").Value;

    public ValueTask DisposeAsync() => _machine.DisposeAsync();
}
