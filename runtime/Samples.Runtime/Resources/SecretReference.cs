namespace Samples.Runtime.Resources;

/// <summary>A setting of a component whose value a secret store knows.</summary>
/// <param name="Setting">The setting.</param>
/// <param name="Store">The secret store's component.</param>
/// <param name="Secret">The secret's name.</param>
/// <param name="Key">Which of the secret's values.</param>
/// <param name="Origin">Where it was written.</param>
public sealed record SecretReference(string Setting, string Store, string Secret, string Key, Origin Origin)
{
    internal static SecretReference Read(string setting, YamlMap reference, YamlMap root, string owner)
    {
        reference.AllowOnly(["name", "key"], owner);
        root.Map("auth")?.AllowOnly(["secretStore"], owner);
        var secret = reference.Text("name")
            ?? throw reference.Error($"the 'secretKeyRef' of '{setting}' in {owner} has no 'name'.", "Name the secret.");
        var store = root.Map("auth")?.Text("secretStore")
            ?? throw reference.Error($"{owner} uses 'secretKeyRef' but names no secret store.",
                "Add 'auth:' with 'secretStore: NAME' beside 'spec', or use 'value' or 'envRef'.");
        return new SecretReference(setting, store, secret, reference.Text("key") ?? secret, reference.Origin);
    }

    /// <summary>
    /// The component with its secrets filled in. Throws <see cref="ResourceException"/> for a store or secret that is not there.
    /// </summary>
    internal static async Task<Component> ResolveAsync(
        Component component, Func<string, ISecretSource?> find, Action<string> warn, CancellationToken cancel)
    {
        if (component.SecretReferences.Count == 0)
            return component;
        var metadata = new Dictionary<string, string>(component.Metadata, StringComparer.OrdinalIgnoreCase);
        foreach (var reference in component.SecretReferences)
            metadata[reference.Setting] = await reference.ReadAsync($"component '{component.Name}'", find(reference.Store), warn, cancel);
        return component with { Metadata = metadata };
    }

    internal async Task<string> ReadAsync(string owner, ISecretSource? store, Action<string> warn, CancellationToken cancel)
    {
        if (store is null)
        {
            throw new ResourceException(Origin, $"{owner} takes '{Setting}' from the secret store '{Store}', which is not there.",
                "Define it in the same resources path, with scopes that include this application, or correct 'auth.secretStore'.");
        }

        var values = await store.GetAsync(Secret, cancel)
            ?? throw new ResourceException(
                Origin, $"{owner} takes '{Setting}' from the secret '{Secret}', which the store '{Store}' does not have.",
                "Add the secret to the store, or correct 'secretKeyRef.name'.");
        // The value itself never appears in a message.
        if (!values.TryGetValue(Key, out var value))
        {
            throw new ResourceException(
                Origin,
                $"{owner} takes '{Setting}' from '{Key}' of the secret '{Secret}', which has only: {string.Join(", ", values.Keys)}.",
                "Correct 'secretKeyRef.key'.");
        }

        // An environment variable that is not set reads as an empty secret.
        if (value.Length == 0)
        {
            warn($"{Origin}: {owner} takes '{Setting}' from the secret '{Secret}' of the store '{Store}', which is empty; "
                + "give the secret a value, or leave the setting out.");
        }

        return value;
    }
}
