using Microsoft.AspNetCore.Routing;
using Samples.Runtime.Api.Grpc;

namespace Samples.Runtime.Api;

/// <summary>
/// A building block of one sidecar as its callers see it: over HTTP, over gRPC, and following the application's life. A new block is its
/// logic in BuildingBlocks, a file each in Api/Http and Api/Grpc that translate, a file here that ties them together, and a line in
/// <see cref="Blocks"/>.
/// </summary>
internal interface IBlockApi : IAsyncDisposable
{
    /// <summary>Maps the HTTP endpoints.</summary>
    void MapHttp(IEndpointRouteBuilder routes);

    /// <summary>Binds the gRPC methods.</summary>
    void BindGrpc(GrpcMethods methods);

    /// <summary>The application answers (again): ask it what it wants and start delivering.</summary>
    Task AppReadyAsync(CancellationToken cancel) => Task.CompletedTask;

    /// <summary>The application stopped answering, or the sidecar stops: deliver nothing more, let what runs finish.</summary>
    Task AppLostAsync(CancellationToken cancel) => Task.CompletedTask;

    /// <summary>Adds what the metadata endpoint tells about this block (for example subscriptions).</summary>
    void Describe(IDictionary<string, object?> metadata)
    {
    }

    ValueTask IAsyncDisposable.DisposeAsync() => ValueTask.CompletedTask;
}
