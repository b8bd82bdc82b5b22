using Dapr.Client.Autogen.Grpc.v1;
using Grpc.Core;
using Samples.Runtime.BuildingBlocks.Scheduling;
using Samples.Runtime.Errors;

namespace Samples.Runtime.BuildingBlocks;

/// <summary>The jobs of one application, with daprd's words for what fails.</summary>
internal sealed class JobBlock(SidecarContext context)
{
    /// <summary>What could not be delivered while the application was away is due now.</summary>
    public void DeliverMissed() => context.Jobs.Wake();

    /// <summary>Schedules a job; the time and number of its runs are in it.</summary>
    public async Task ScheduleAsync(Job? job, bool overwrite, CancellationToken cancel)
    {
        if (job is null)
            throw Empty("Job", "DAPR_SCHEDULER_EMPTY");
        CheckName(job.Name);
        if (!job.HasSchedule && !job.HasDueTime)
            throw Empty("Schedule", "DAPR_SCHEDULER_SCHEDULE_EMPTY");
        var target = new JobTarget(context.AppId, null, job.Name);
        bool added;
        try
        {
            added = await context.Jobs.AddAsync(
                JobAppointment.Create(target, job, context.Time.GetUtcNow(), context.Time.LocalTimeZone), overwrite, cancel);
        }
        catch (FormatException error)
        {
            throw Failed(
                500, "SCHEDULE_JOB", StatusCode.Internal,
                $"failed to schedule job due to: rpc error: code = Unknown desc = job failed validation: {error.Message}");
        }

        if (!added)
            throw Failed(
                409, "SCHEDULE_JOB", StatusCode.AlreadyExists,
                $"failed to schedule job due to: rpc error: code = AlreadyExists desc = job already exists: '{target.Key}'");
    }

    /// <summary>The job as it is kept.</summary>
    public Job Get(string name)
    {
        CheckName(name);
        return (context.Jobs.Find(new JobTarget(context.AppId, null, name).Key) as JobAppointment)?.Job
            ?? throw Failed(
                500, "GET_JOB", StatusCode.Internal, $"failed to get job due to: rpc error: code = NotFound desc = job not found: {name}");
    }

    /// <summary>All jobs whose names begin so.</summary>
    public IReadOnlyList<JobAppointment> List(string prefix = "") =>
        [
            .. context.Jobs
                .List(JobTarget.Prefix(context.AppId, null) + prefix)
                .Cast<JobAppointment>()
                .Where(j => j.Target.Owner == context.AppId)
        ];

    /// <summary>Removes a job; one that does not exist is no error.</summary>
    public Task DeleteAsync(string name, CancellationToken cancel)
    {
        CheckName(name);
        return context.Jobs.RemoveAsync([new JobTarget(context.AppId, null, name).Key], cancel);
    }

    /// <summary>Removes all jobs whose names begin so.</summary>
    public Task DeleteByPrefixAsync(string prefix, CancellationToken cancel) =>
        context.Jobs.RemoveAsync([.. List(prefix).Select(j => j.Key)], cancel);

    private void CheckName(string name)
    {
        if (name.Length == 0)
            throw Empty("Name", "DAPR_SCHEDULER_JOB_NAME_EMPTY");
    }

    private ApiException Empty(string what, string code) =>
        Failed(400, code["DAPR_SCHEDULER_".Length..], StatusCode.InvalidArgument, $"{what} is empty");

    private ApiException Failed(int status, string code, StatusCode grpc, string message) =>
        new(status, "DAPR_SCHEDULER_" + code, grpc, message)
        {
            Details = new ErrorDetails("DAPR_SCHEDULER_" + code)
            {
                Metadata = new Dictionary<string, string> { ["appID"] = context.AppId, ["namespace"] = context.Namespace },
            },
        };
}
