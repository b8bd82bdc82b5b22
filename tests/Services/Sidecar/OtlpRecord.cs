using System.Globalization;
using System.Text;

namespace Samples.Services.SidecarPattern;

/// <summary>
/// A log record of OTLP, read from protobuf's wire format: what the tests look at of opentelemetry/proto/logs/v1/logs.proto.
/// </summary>
internal sealed record OtlpRecord(string Scope, string Severity, string Body, IReadOnlyDictionary<string, string> Attributes)
{
    private const int ResourceLogs = 1, ScopeLogs = 2, ScopeItself = 1, LogRecords = 2, SeverityText = 3, BodyValue = 5, Attribute = 6;

    /// <summary>All records of an ExportLogsServiceRequest.</summary>
    public static List<OtlpRecord> ReadAll(byte[] request) =>
    [
        .. from resource in Fields(request).Where(f => f.Number == ResourceLogs)
           from scope in Fields(resource.Bytes).Where(f => f.Number == ScopeLogs)
           let name = Text(Fields(scope.Bytes).First(f => f.Number == ScopeItself).Bytes, 1)
           from record in Fields(scope.Bytes).Where(f => f.Number == LogRecords)
           select Read(name, record.Bytes),
    ];

    private static OtlpRecord Read(string scope, ReadOnlyMemory<byte> record)
    {
        var fields = Fields(record);
        return new OtlpRecord(
            scope,
            Text(record, SeverityText),
            fields.Where(f => f.Number == BodyValue).Select(f => Value(f.Bytes)).FirstOrDefault() ?? "",
            fields.Where(f => f.Number == Attribute).DistinctBy(f => Text(f.Bytes, 1)).ToDictionary(
                f => Text(f.Bytes, 1), f => Value(Fields(f.Bytes).FirstOrDefault(v => v.Number == 2)?.Bytes ?? default)));
    }

    // AnyValue: a string or an integer is all that is sent here.
    private static string Value(ReadOnlyMemory<byte> any) => Fields(any).FirstOrDefault() switch
    {
        { Number: 1 } text => Encoding.UTF8.GetString(text.Bytes.Span),
        { Number: 3 } whole => whole.Whole.ToString(CultureInfo.InvariantCulture),
        _ => "",
    };

    private static string Text(ReadOnlyMemory<byte> message, int number) =>
        Encoding.UTF8.GetString((Fields(message).FirstOrDefault(f => f.Number == number)?.Bytes ?? default).Span);

    private static List<Field> Fields(ReadOnlyMemory<byte> message)
    {
        var fields = new List<Field>();
        for (var at = 0; at < message.Length;)
        {
            var tag = Varint(message.Span, ref at);
            var number = (int)(tag >> 3);
            switch (tag & 7)
            {
                case 0:
                    fields.Add(new Field(number, default, (long)Varint(message.Span, ref at)));
                    break;
                case 1:
                    at += 8;
                    break;
                case 2:
                    var length = (int)Varint(message.Span, ref at);
                    fields.Add(new Field(number, message.Slice(at, length), 0));
                    at += length;
                    break;
                default:
                    at += 4;
                    break;
            }
        }

        return fields;
    }

    private static ulong Varint(ReadOnlySpan<byte> bytes, ref int at)
    {
        var (value, shift) = (0UL, 0);
        byte next;
        do
        {
            next = bytes[at++];
            value |= (ulong)(next & 0x7F) << shift;
            shift += 7;
        }
        while ((next & 0x80) != 0);
        return value;
    }

    private sealed record Field(int Number, ReadOnlyMemory<byte> Bytes, long Whole);
}
