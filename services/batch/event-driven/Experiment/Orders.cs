using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Samples.Experiments.EventDriven;

/// <summary>An order as it is drawn. Its number says which one of its customer's it is.</summary>
internal sealed record DrawnOrder(string Number, string Customer, string Country, string Status, int Quantity, decimal Amount)
{
    /// <summary>Whether it comes out at the end of the billing branch.</summary>
    public bool IsPaid => Status == "paid";
}

/// <summary>Draws orders, and writes files of them into the folder that the flow begins with.</summary>
internal sealed class Orders(string dataDirectory, Random random)
{
    private const string Header = "order,customer,country,status,quantity,amount\n";
    private const int Customers = 40, GuestsOneIn = 11;

    private static readonly string[] Countries = ["DE", "DE", "FR", "US"];

    private int _drawn, _files;

    /// <summary>The folder.</summary>
    public string Folder { get; } = Path.Combine(dataDirectory, "orders");

    /// <summary>So many orders.</summary>
    public DrawnOrder[] Draw(int count) => [.. Enumerable.Range(0, count).Select(_ => Draw())];

    /// <summary>Writes a file at once: under another name first, which is no file of orders.</summary>
    /// <returns>The run that comes of it.</returns>
    public string Put(IEnumerable<DrawnOrder> orders, params IEnumerable<string> wrongRows) =>
        Put($"orders-{++_files:0000}.csv", Header + Rows(orders) + string.Concat(wrongRows.Select(r => r + "\n")));

    /// <summary>Writes a file at once; returns the run that comes of it.</summary>
    private string Put(string name, string content)
    {
        Directory.CreateDirectory(Folder);
        var path = Path.Combine(Folder, name);
        File.WriteAllText(path + ".part", content);
        File.Move(path + ".part", path, overwrite: true);
        return RunOf(name);
    }

    /// <summary>Writes a file under its own name, a piece after a pause: what a slow copy looks like.</summary>
    public async Task CopySlowlyAsync(string name, DrawnOrder[] orders, int pieces, TimeSpan pause, CancellationToken cancel)
    {
        Directory.CreateDirectory(Folder);
        var content = Encoding.UTF8.GetBytes(Header + Rows(orders));
        await using var file = new FileStream(
            Path.Combine(Folder, name), FileMode.Create, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        foreach (var piece in content.Chunk(content.Length / pieces + 1))
        {
            await file.WriteAsync(piece, cancel);
            await Task.Delay(pause, cancel);
        }
    }

    /// <summary>The same content under another name.</summary>
    public void Copy(string name, string other) => File.Copy(Path.Combine(Folder, name), Path.Combine(Folder, other), overwrite: true);

    /// <summary>The run that comes of a file as it is now: its name, and the digest of what is in it.</summary>
    public string RunOf(string name) =>
        $"{name}-{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(Folder, name))))[..8]}";

    private DrawnOrder Draw()
    {
        var number = ++_drawn;
        var customer = random.Next(Customers);
        return new DrawnOrder(
            number.ToString("00000000", CultureInfo.InvariantCulture),
            random.Next(GuestsOneIn) == 0 ? "" : $"customer-{customer}",
            // A customer stays in his country: orders that take different ways have no order.
            Countries[customer % Countries.Length],
            random.Next(5) == 0 ? "open" : "paid", random.Next(1, 9), random.Next(100, 100_000) / 100m);
    }

    private static string Rows(IEnumerable<DrawnOrder> orders) => string.Concat(orders.Select(o => string.Create(
        CultureInfo.InvariantCulture, $"{o.Number},{o.Customer},{o.Country},{o.Status},{o.Quantity},{o.Amount}\n")));
}
