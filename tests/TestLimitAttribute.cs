using System.Collections.Concurrent;
using System.Reflection;
using Xunit;
using Xunit.v3;

namespace Samples.Testing;

/// <summary>
/// Bounds every test of an assembly: one that takes longer is cancelled, which fails it; one that does not heed that ends the run with its
/// name, because nothing else can end it. The limit is for what never ends, not for what is slow.
/// </summary>
/// <param name="seconds">Until it is cancelled; it gets another minute to end.</param>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class TestLimitAttribute(int seconds) : BeforeAfterTestAttribute
{
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    private static readonly ConcurrentDictionary<string, Timer> Running = new(StringComparer.Ordinal);

    public override void Before(MethodInfo methodUnderTest, IXunitTest test)
    {
        var limit = TimeSpan.FromSeconds(seconds);
        var context = TestContext.Current;
        var cancelled = false;
        Running[test.UniqueID] = new Timer(_ =>
        {
            if (cancelled)
                GiveUp(test.TestDisplayName, limit + Grace);
            cancelled = true;
            Console.Error.WriteLine($"{test.TestDisplayName} has not ended within {limit.TotalSeconds} s and is cancelled");
            context.CancelCurrentTest();
        }, null, limit, Grace);
    }

    public override void After(MethodInfo methodUnderTest, IXunitTest test) => Ended(test);

    /// <summary>A test is over that another attribute keeps from running: nobody is asked after it then.</summary>
    public static void Ended(IXunitTest test)
    {
        if (Running.TryRemove(test.UniqueID, out var timer))
            timer.Dispose();
    }

    private static void GiveUp(string test, TimeSpan after)
    {
        Console.Error.WriteLine(
            $"FAILED: {test} hangs: it has not ended within {after.TotalSeconds} s, and does not heed its cancellation");
        Environment.Exit(1);
    }
}
