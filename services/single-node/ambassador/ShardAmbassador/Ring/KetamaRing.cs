using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Samples.ShardAmbassador.Ring;

/// <summary>
/// Consistent hashing (Karger et al., 1997) with the points of libketama, as twemproxy computes them: for equal weights 160 points a
/// server, four from each MD5 of <c>name-0</c> to <c>name-39</c>. A key belongs to the first point at or after its hash. When a server
/// goes, only its own keys move.
/// </summary>
public sealed class KetamaRing : IDistribution
{
    private const int PointsPerServer = 160, PointsPerHash = 4;

    private readonly uint[] _points;
    private readonly int[] _owners;

    /// <summary>The ring of the servers at the places <paramref name="live"/>.</summary>
    [SuppressMessage("Security", "CA5351", Justification = "MD5 is what the ring is defined by; it places points and protects nothing.")]
    public KetamaRing(IReadOnlyList<ShardServer> servers, IReadOnlyList<int> live)
    {
        var totalWeight = live.Sum(i => servers[i].Weight);
        var points = new List<(uint Value, int Owner)>(live.Count * PointsPerServer);
        foreach (var owner in live)
        {
            // Single precision on purpose: the number of points depends on its rounding, and must be twemproxy's.
            var share = (float)servers[owner].Weight / totalWeight;
            var hashes = (int)MathF.Floor((float)((double)(share * PointsPerServer / PointsPerHash * live.Count) + 0.0000000001));
            for (var i = 0; i < hashes; i++)
            {
                var digest = MD5.HashData(Encoding.UTF8.GetBytes($"{servers[owner].Name}-{i}"));
                for (var part = 0; part < PointsPerHash; part++)
                    points.Add((BinaryPrimitives.ReadUInt32LittleEndian(digest.AsSpan(part * 4)), owner));
            }
        }

        points.Sort();
        _points = [.. points.Select(p => p.Value)];
        _owners = [.. points.Select(p => p.Owner)];
    }

    /// <inheritdoc/>
    public int ServerFor(ReadOnlySpan<byte> key)
    {
        var place = Array.BinarySearch(_points, Fnv1a.Hash(key));
        if (place < 0)
            place = ~place;
        // Past the last point the ring begins again.
        return _owners[place == _owners.Length ? 0 : place];
    }
}
