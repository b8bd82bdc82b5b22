// Exit code 0 when the address answers with success within two seconds, else 1: what a container's health check asks for.
if (args is not [var address] || !Uri.TryCreate(address, UriKind.Absolute, out var uri) || !uri.IsLoopback)
{
    Console.Error.WriteLine("Name one address on this machine, for example http://127.0.0.1:8080/readyz.");
    return 64;
}

using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
try
{
    using var answer = await http.GetAsync(uri);
    if (answer.IsSuccessStatusCode)
        return 0;
    Console.Error.WriteLine($"{uri} answered {(int)answer.StatusCode}.");
}
catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
{
    Console.Error.WriteLine($"{uri}: {error.Message}");
}

return 1;
