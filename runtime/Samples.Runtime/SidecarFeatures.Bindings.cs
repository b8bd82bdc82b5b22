namespace Samples.Runtime;

public static partial class SidecarFeatures
{
    private static IEnumerable<ISidecarFeature> Bindings(SidecarContext context) => [];
}
