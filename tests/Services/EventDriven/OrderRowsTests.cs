using System.Text;
using Samples.OrderSource;
using Xunit;

namespace Samples.Services.EventDriven;

/// <summary>Files of orders as people write them: rows are whole, and a wrong row is named with its line.</summary>
public sealed class OrderRowsTests
{
    private const string Header = "order,customer,country,status,quantity,amount\n";

    [Theory]
    [InlineData("")]
    [InlineData(Header)]
    [InlineData("\n\n")]
    public void An_empty_file_and_a_header_alone_have_no_rows(string text) => Assert.Empty(Read("a.csv", text));

    [Theory]
    [InlineData(',')]
    [InlineData(';')]
    [InlineData('\t')]
    [InlineData('|')]
    public void Separators_are_found_in_the_header(char separator)
    {
        var row = Assert.Single(Read("a.csv", (Header + "1,c1,DE,paid,2,12.50\n").Replace(',', separator)));
        Assert.Equal(new Order("1", "c1", "DE", "paid", 2, 12.50m), row.Order);
    }

    [Fact]
    public void Quotes_round_line_breaks_keep_a_row_whole()
    {
        var rows = Read("a.csv", Header + "1,\"c\n1\",DE,paid,2,1\n2,c2,DE,paid,2,1");
        Assert.Equal([2, 4], rows.Select(r => r.Line));
        Assert.Equal(["c\n1", "c2"], rows.Select(r => r.Order!.Customer));
    }

    [Fact]
    public void A_wrong_row_is_named_with_its_line_and_the_others_pass()
    {
        var rows = Read("a.csv", Header + "1,c1,DE,paid,2,1\n2,c2,DE,paid,none,1\n3,c3,DE\n4,,DE,paid,2,1\n");
        Assert.Equal([true, false, false, true], rows.Select(r => r.Order is not null));
        Assert.Equal((3, 4), (rows[1].Line, rows[2].Line));
        Assert.Contains("quantity", rows[1].Problem, StringComparison.Ordinal);
        Assert.Null(rows[3].Order!.Customer);
    }

    [Fact]
    public void A_header_that_lacks_a_column_is_one_wrong_row() =>
        Assert.Contains("amount", Assert.Single(Read("a.csv", "order,customer,country,status,quantity\n1,c,DE,paid,1")).Problem);

    [Fact]
    public void Another_encoding_is_read_where_it_is_said_and_named_where_it_is_not()
    {
        var content = Encoding.Latin1.GetBytes(Header + "1,Zoë,DE,paid,2,1\n");
        Assert.Equal("Zoë", Assert.Single(Read("a.csv", content, Encoding.Latin1)).Order!.Customer);
        Assert.Contains("customer", Assert.Single(Read("a.csv", content, Encoding.UTF8)).Problem, StringComparison.Ordinal);
        var marked = Encoding.Unicode.GetPreamble().Concat(Encoding.Unicode.GetBytes(Header + "1,Zoë,DE,paid,2,1\n")).ToArray();
        Assert.Equal("Zoë", Assert.Single(Read("a.csv", marked, Encoding.UTF8)).Order!.Customer);
    }

    [Fact]
    public void Json_comes_as_an_array_or_an_order_a_line()
    {
        const string order = """{"order":"1","customer":"c1","country":"DE","status":"paid","quantity":2,"amount":12.5}""";
        Assert.NotNull(Assert.Single(Read("a.json", $"[{order}]")).Order);
        var rows = Read("a.jsonl", $"{order}\nnonsense\n{order}\n");
        Assert.Equal([true, false, true], rows.Select(r => r.Order is not null));
        Assert.Equal(2, rows[1].Line);
    }

    private static List<OrderRow> Read(string name, string text) => Read(name, Encoding.UTF8.GetBytes(text), Encoding.UTF8);

    private static List<OrderRow> Read(string name, byte[] content, Encoding encoding) =>
        [.. OrderRows.Read(new OrderFile(name, "0123456789abcdef", content), encoding)];
}
