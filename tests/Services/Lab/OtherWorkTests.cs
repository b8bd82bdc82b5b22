using Samples.Lab;
using Xunit;

namespace Samples.Services.Lab;

public sealed class OtherWorkTests
{
    [Fact]
    public void What_nobody_used_and_what_waited_for_a_disk_is_not_busy() =>
        Assert.Equal((36, 36 - 4 - 5), OtherWork.Processors("cpu  1 2 3 4 5 6 7 8 90 100"));

    [Fact]
    public void A_process_is_read_whatever_its_name() =>
        Assert.Equal((42, 7, 11 + 12 + 13 + 14), OtherWork.Process("42 (a) b (c) S 7 1 1 0 -1 4 0 0 0 0 11 12 13 14 20 0 1 0 5 6 7"));

    [Fact]
    public void All_that_a_process_started_is_its_own() =>
        Assert.Equal(1 + 2 + 4, OtherWork.TimeOf(10, [(1, 0, 100), (10, 1, 1), (11, 10, 2), (12, 11, 4), (13, 1, 8)]));
}
