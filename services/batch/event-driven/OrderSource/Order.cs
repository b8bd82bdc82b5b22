using System.Text.Json;
using System.Text.Json.Serialization;

namespace Samples.OrderSource;

/// <summary>An order that is complete and makes sense.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Customer">Whose; null for a guest's.</param>
/// <param name="Country">Two letters.</param>
/// <param name="Status">Such as <c>paid</c>.</param>
/// <param name="Quantity">Pieces, 1 or more.</param>
/// <param name="Amount">0 or more.</param>
public sealed record Order(
    [property: JsonPropertyName("order")] string Number,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Customer,
    string Country, string Status, int Quantity, decimal Amount)
{
    /// <summary>Columns that a file must have, in any order; <c>customer</c> may be empty.</summary>
    public static readonly string[] Columns = ["order", "customer", "country", "status", "quantity", "amount"];

    private const int LongestText = 100;

    /// <summary>How it is written into events.</summary>
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web);

    /// <summary>
    /// Reads an order from its fields as texts; throws <see cref="FormatException"/> that names the field and what is allowed.
    /// </summary>
    public static Order Parse(Func<string, string?> field)
    {
        var culture = System.Globalization.CultureInfo.InvariantCulture;
        var customer = field("customer")?.Trim();
        return new Order(
            Text("order"), string.IsNullOrEmpty(customer) ? null : Text("customer"), Text("country"), Text("status"),
            int.TryParse(field("quantity"), System.Globalization.NumberStyles.None, culture, out var quantity) && quantity > 0
                ? quantity : throw Wrong("quantity", "a whole number from 1 on"),
            decimal.TryParse(field("amount"), System.Globalization.NumberStyles.AllowDecimalPoint, culture, out var amount)
                ? amount : throw Wrong("amount", "a number from 0 on, such as 12.50"));

        string Text(string name) => field(name)?.Trim() is { Length: > 0 and <= LongestText } text && !text.Contains('\uFFFD')
            ? text : throw Wrong(name, $"a text of 1 to {LongestText} characters, in the file's encoding");

        FormatException Wrong(string name, string allowed) => new($"{name} is '{Short(field(name))}'; give {allowed}");
    }

    private static string? Short(string? text) => text?.Length > LongestText ? text[..LongestText] + "..." : text;
}
