using Dapr.Client.Autogen.Grpc.v1;
using Samples.Runtime.BuildingBlocks;

namespace Samples.Runtime.Api.Grpc;

/// <summary>Jobs over gRPC, under their stable names and the alpha ones.</summary>
internal static class JobGrpc
{
    public static void Bind(GrpcMethods methods, JobBlock block)
    {
        foreach (var suffix in (string[])["", "Alpha1"])
        {
            methods.Unary<ScheduleJobRequest, ScheduleJobResponse>("ScheduleJob" + suffix, async (request, call) =>
            {
                await block.ScheduleAsync(request.Job, request.Overwrite, call.CancellationToken);
                return new ScheduleJobResponse();
            });
            methods.Unary<GetJobRequest, GetJobResponse>(
                "GetJob" + suffix, (request, _) => Task.FromResult(new GetJobResponse { Job = block.Get(request.Name) }));
            methods.Unary<DeleteJobRequest, DeleteJobResponse>("DeleteJob" + suffix, async (request, call) =>
            {
                await block.DeleteAsync(request.Name, call.CancellationToken);
                return new DeleteJobResponse();
            });
        }

        methods.Unary<ListJobsRequest, ListJobsResponse>(
            "ListJobs", (_, _) => Task.FromResult(new ListJobsResponse { Jobs = { block.List().Select(j => j.Job) } }));
        methods.Unary<ListJobsRequestAlpha1, ListJobsResponseAlpha1>("ListJobsAlpha1", (_, _) =>
            Task.FromResult(new ListJobsResponseAlpha1 { Jobs = { block.List().Select(j => j.Job) } }));
        methods.Unary<DeleteJobsByPrefixRequest, DeleteJobsByPrefixResponse>("DeleteJobsByPrefix", async (request, call) =>
        {
            await block.DeleteByPrefixAsync(request.NamePrefix, call.CancellationToken);
            return new DeleteJobsByPrefixResponse();
        });
        methods.Unary<DeleteJobsByPrefixRequestAlpha1, DeleteJobsByPrefixResponseAlpha1>(
            "DeleteJobsByPrefixAlpha1", async (request, call) =>
        {
            await block.DeleteByPrefixAsync(request.NamePrefix, call.CancellationToken);
            return new DeleteJobsByPrefixResponseAlpha1();
        });
    }
}
