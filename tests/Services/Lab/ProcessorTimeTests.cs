using Samples.Lab.Measuring;
using Xunit;

namespace Samples.Services.Lab;

public sealed class ProcessorTimeTests
{
    [Fact]
    public void A_process_is_read_whatever_its_name() => Assert.Equal(
        (42, 7, TimeSpan.FromSeconds(0.23)), ProcessorTime.Parse("42 (a) b (c) S 7 1 1 0 -1 4 0 0 0 0 11 12 13 14 20 0 1 0 5 6 7"));

    [Fact]
    public void All_that_a_process_started_counts_and_nothing_else() => Assert.Equal(
        TimeSpan.FromSeconds(1 + 2 + 4),
        ProcessorTime.OfTree(10, [Of(1, 0, 100), Of(10, 1, 1), Of(11, 10, 2), Of(12, 11, 4), Of(13, 1, 8)]));

    [Fact]
    public void It_grows_with_work()
    {
        var before = ProcessorTime.OfAll();
        var until = Environment.CpuUsage.TotalTime + TimeSpan.FromMilliseconds(200);
        while (Environment.CpuUsage.TotalTime < until)
        {
            // Works.
        }

        Assert.True(ProcessorTime.OfAll() - before >= TimeSpan.FromMilliseconds(150));
    }

    private static (int Pid, int Parent, TimeSpan Time) Of(int pid, int parent, double seconds) =>
        (pid, parent, TimeSpan.FromSeconds(seconds));
}
