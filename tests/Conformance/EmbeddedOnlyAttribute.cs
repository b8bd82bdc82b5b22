using System.Reflection;
using Samples.Conformance.Daprd;
using Samples.Testing;
using Xunit;
using Xunit.v3;

namespace Samples.Conformance;

/// <summary>Marks what tests the embedded runtime alone: skipped, with the reason, where the suite is pointed at a daprd.</summary>
/// <param name="reason">What the embedded runtime promises beyond daprd, or does otherwise on purpose.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
internal sealed class EmbeddedOnlyAttribute(string reason) : BeforeAfterTestAttribute
{
    public override void Before(MethodInfo methodUnderTest, IXunitTest test)
    {
        if (!Executables.AreGiven)
            return;
        TestLimitAttribute.Ended(test);
        Assert.Skip("embedded runtime only: " + reason);
    }
}
