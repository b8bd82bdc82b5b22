using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Samples.ExperimentAmbassador;

/// <summary>What the experiment gets.</summary>
public enum SplitMode
{
    /// <summary>Its clients' requests, which it answers.</summary>
    Split,

    /// <summary>Copies of its clients' requests; production answers all, and what the experiment says is dropped.</summary>
    Mirror,
}

/// <summary>Who belongs to the experiment. A value: it is replaced as a whole when the weights change.</summary>
/// <param name="Production">Production's weight, such as 90.</param>
/// <param name="Experiment">The experiment's weight, such as 10.</param>
/// <param name="Mode">What the experiment gets.</param>
public sealed record Split(int Production, int Experiment, SplitMode Mode)
{
    /// <summary>How weights are written, for messages.</summary>
    public const string Form = "write two whole numbers such as 90/10, each 0 to 1000000 and not both 0.";

    private const int Most = 1_000_000;

    /// <summary>The experiment's share of the clients, 0 to 1.</summary>
    public double Share => (double)Experiment / ((long)Production + Experiment);

    /// <summary>Null for a text that is not of the <see cref="Form"/>.</summary>
    public static Split? Parse(string weights, SplitMode mode)
    {
        var parts = weights.Split('/');
        return parts.Length == 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var production)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var experiment)
            && production <= Most && experiment <= Most && production + experiment > 0
                ? new Split(production, experiment, mode)
                : null;
    }

    /// <summary>
    /// Whether a client belongs to the experiment. The answer depends on names alone: it is the same in every replica and after a restart,
    /// and a client that is in stays in while the share grows.
    /// </summary>
    public bool Includes(string experiment, string client)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{experiment}\n{client}"), hash);
        // 53 bits make a double between 0 and 1, each as likely as the other.
        return (BinaryPrimitives.ReadUInt64LittleEndian(hash) >> 11) * (1.0 / (1UL << 53)) < Share;
    }
}
