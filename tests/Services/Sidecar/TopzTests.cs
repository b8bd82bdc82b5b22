using System.Text;
using Samples.TopzSidecar;
using Xunit;

namespace Samples.Services.SidecarPattern;

public sealed class TopzTests
{
    [Theory]
    [InlineData("web (1) x")]
    [InlineData(":-) 1")]
    [InlineData(") R 7 (")]
    public void A_name_may_be_anything(string name)
    {
        var process = ProcFolder.Parse(Stat(name), "web\0--port\n1\0"u8.ToArray());
        Assert.Equal((42, 7, 'Z', "web --port 1"), (process.Pid, process.Parent, process.State, process.Command));
        Assert.Equal(3, process.Used.TotalSeconds, 6);
    }

    [Theory]
    [InlineData("")]
    [InlineData("42 (x")]
    [InlineData("42 (x) R 1 2")]
    public void One_that_ends_while_it_is_read_is_left_out(string stat) =>
        Assert.Throws<FormatException>(() => ProcFolder.Parse(Encoding.UTF8.GetBytes(stat), []));

    [Fact]
    public void A_zombie_has_no_command_line_and_is_shown_by_its_name() => Assert.Equal("[sh]", ProcFolder.Parse(Stat("sh"), []).Command);

    [Fact]
    public void Two_cores_are_200_percent_and_a_process_with_an_old_ones_id_is_another()
    {
        ProcessReading[] before = [Reading(1, began: 5, seconds: 10), Reading(2, began: 5, seconds: 100)];
        ProcessReading[] after = [Reading(1, began: 5, seconds: 14), Reading(2, began: 9, seconds: 1)];
        var uses = ProcessMeter.Measure(before, after, TimeSpan.FromSeconds(2), 1000, default);
        Assert.Equal([200.0, 50.0], uses.Processes.Select(p => p.CpuPercent));
        Assert.Equal("1 200.0 10.0 x\n2 50.0 10.0 x\n", TopzEndpoints.Lines(uses));
    }

    [Fact]
    public void It_sees_itself_and_reads_what_is_there()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "There is no /proc.");
        Assert.Contains(new ProcFolder("/proc").Read(), p => p.Pid == Environment.ProcessId && p.Memory > 0);
    }

    private static byte[] Stat(string name) =>
        Encoding.UTF8.GetBytes($"42 ({name}) Z 7 1 1 0 -1 0 0 0 0 0 100 200 0 0 20 0 1 0 555 1000 25 0 0 0 0\n");

    private static ProcessReading Reading(int pid, long began, int seconds) =>
        new(pid, 0, began, 'R', TimeSpan.FromSeconds(seconds), 100, "x");
}
