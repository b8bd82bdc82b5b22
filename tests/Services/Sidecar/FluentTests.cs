using System.Globalization;
using System.Text.RegularExpressions;
using Samples.LegacySite;
using Samples.LogSidecar;
using Samples.Pod;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace Samples.Services.SidecarPattern;

/// <summary>
/// The configurations for Fluent Bit and Fluentd in log-sidecar's place. Neither program is in Debian; what can be checked without them is
/// that the files are well-formed, follow the file that the site writes, read its lines as log-sidecar does, and send to where the
/// collector listens.
/// </summary>
public sealed partial class FluentTests
{
    private static readonly string Folder = Path.Combine(Checkout.Root, "deploy", "observability");

    private static YamlMappingNode FluentBit => Yaml("fluent-bit.yaml");

    private static string Fluentd => File.ReadAllText(Path.Combine(Folder, "fluentd.conf"));

    public static TheoryData<string, string> Expressions => new()
    {
        { "fluent-bit", Text(FluentBit["parsers"][0]["regex"]) }, { "fluentd", Setting("expression").Trim('/') },
    };

    [Theory, MemberData(nameof(Expressions))]
    public void A_line_that_the_site_writes_has_the_fields_that_log_sidecar_reads(string program, string expression)
    {
        var file = Path.GetTempFileName();
        using (var log = new AccessLog(file))
        {
            var at = new DateTimeOffset(2026, 7, 1, 12, 0, 0, TimeSpan.FromHours(2));
            log.Write("203.0.113.9", at, "GET", "/a?b=\"c", "HTTP/1.1", 503, 0);
        }

        var line = File.ReadAllLines(file).Single();
        File.Delete(file);
        var read = AccessLine.Parse(line)!;
        var match = Regex.Match(line, expression, RegexOptions.None, TimeSpan.FromSeconds(1));
        Assert.True(match.Success, $"{program}: {line}");
        string Group(string name) => match.Groups[name].Value;
        Assert.Equal(
            (read.Host, read.Method, read.Path, $"{read.Status}"),
            (Group("client"), Group("method"), Group("path").Split('?')[0], Group("status")));
        Assert.Equal(read.Time, DateTimeOffset.ParseExact(
            Group("time").Insert(24, ":"), "dd/MMM/yyyy:HH:mm:ss zzz", CultureInfo.InvariantCulture));
    }

    [Fact]
    public void Both_follow_the_sites_log_from_its_beginning_and_keep_their_position_beside_it()
    {
        var input = FluentBit["pipeline"]["inputs"][0];
        var log = new PodFiles("/data").AccessLog;
        Assert.Equal(("tail", log, "true"), (Text(input["name"]), Text(input["path"]), Text(input["read_from_head"])));
        Assert.StartsWith("/data/", Text(input["db"]), StringComparison.Ordinal);
        Assert.Equal(Text(FluentBit["parsers"][0]["name"]), Text(input["parser"]));
        Assert.Equal((log + "*", "true", "true"), (Setting("path"), Setting("read_from_head"), Setting("follow_inodes")));
        Assert.StartsWith("/data/", Setting("pos_file"), StringComparison.Ordinal);
        Assert.Equal(Setting("time_format"), Text(FluentBit["parsers"][0]["time_format"]));
    }

    [Fact]
    public void Both_send_to_where_the_collector_takes_log_records()
    {
        var collector = Yaml("collector.yaml");
        var port = Text(collector["receivers"]["otlp"]["protocols"]["http"]["endpoint"]).Split(':')[1];
        var output = FluentBit["pipeline"]["outputs"][0];
        Assert.Equal(("opentelemetry", "collector", port), (Text(output["name"]), Text(output["host"]), Text(output["port"])));
        Assert.Equal($"\"http://collector:{port}\"", Setting("endpoint"));
        Assert.Contains("otlp", ((YamlSequenceNode)collector["service"]["pipelines"]["logs"]["receivers"]).Select(Text));
    }

    [Fact]
    public void What_fluentd_opens_it_closes_in_order()
    {
        var open = new Stack<string>();
        foreach (Match tag in Tag().Matches(Fluentd))
        {
            if (tag.Groups["close"].Success)
                Assert.Equal(open.Pop(), tag.Groups["name"].Value);
            else
                open.Push(tag.Groups["name"].Value);
        }

        Assert.Empty(open);
    }

    private static YamlMappingNode Yaml(string name)
    {
        using var reader = new StreamReader(Path.Combine(Folder, name));
        var stream = new YamlStream();
        stream.Load(reader);
        return (YamlMappingNode)stream.Documents.Single().RootNode;
    }

    private static string Text(YamlNode node) => ((YamlScalarNode)node).Value!;

    private static string Setting(string name) =>
        Regex.Match(Fluentd, $@"^\s*{name} (.+)$", RegexOptions.Multiline).Groups[1].Value.Trim();

    [GeneratedRegex("""^\s*<(?<close>/)?(?<name>\w+)[^>]*>\s*$""", RegexOptions.Multiline)]
    private static partial Regex Tag();
}
