namespace Samples.Services.Functions;

/// <summary>The bindings of the functions, on folders of a test's machine.</summary>
internal static class FunctionComponents
{
    public static void Write(Machine machine)
    {
        var folder = Directory.CreateDirectory(Path.Combine(machine.Folder, "components")).FullName;
        foreach (var name in (string[])["sms", "mail"])
        {
            File.WriteAllText(Path.Combine(folder, $"{name}.yaml"), $"""
                apiVersion: dapr.io/v1alpha1
                kind: Component
                metadata:
                  name: {name}
                spec:
                  type: bindings.localstorage
                  version: v1
                  metadata:
                  - name: rootPath
                    value: '{Path.Combine(machine.Folder, name)}'
                """);
        }
    }
}
