namespace Samples.ShardAmbassador.Ring;

/// <summary>A server as a distribution sees it.</summary>
/// <param name="Name">
/// What is hashed: the name given, or <c>host:port</c>. A server that moves keeps its keys as long as it keeps its name.
/// </param>
/// <param name="Weight">Its share of the keys, relative to the others' weights; at least 1.</param>
public sealed record ShardServer(string Name, int Weight = 1);
