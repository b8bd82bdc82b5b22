namespace Samples.Runtime;

public static partial class SidecarFeatures
{
    private static IEnumerable<ISidecarFeature> Locks(SidecarContext context) => [];
}
