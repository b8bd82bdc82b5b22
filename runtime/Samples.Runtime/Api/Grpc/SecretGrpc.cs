using Dapr.Client.Autogen.Grpc.v1;
using Samples.Runtime.BuildingBlocks;

namespace Samples.Runtime.Api.Grpc;

/// <summary>Secrets over gRPC.</summary>
internal static class SecretGrpc
{
    public static void Bind(GrpcMethods methods, SecretBlock block)
    {
        methods.Unary<GetSecretRequest, GetSecretResponse>("GetSecret", async (request, call) =>
        {
            var response = new GetSecretResponse();
            response.Data.Add((await block.GetAsync(request.StoreName, request.Key, call.CancellationToken)).ToDictionary());
            return response;
        });
        methods.Unary<GetBulkSecretRequest, GetBulkSecretResponse>("GetBulkSecret", async (request, call) =>
        {
            var response = new GetBulkSecretResponse();
            foreach (var (name, values) in await block.GetAllAsync(request.StoreName, call.CancellationToken))
            {
                var secret = response.Data[name] = new SecretResponse();
                secret.Secrets.Add(values.ToDictionary());
            }

            return response;
        });
    }
}
