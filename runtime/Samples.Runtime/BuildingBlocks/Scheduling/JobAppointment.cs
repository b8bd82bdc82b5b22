using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf.WellKnownTypes;

namespace Samples.Runtime.BuildingBlocks.Scheduling;

/// <summary>A job of an application, or a reminder of an actor: what Dapr's scheduler keeps.</summary>
internal sealed class JobAppointment(JobTarget target, Job job) : Appointment(target.Key)
{
    public JobTarget Target => target;

    /// <summary>As it was asked for.</summary>
    public Job Job => job;

    /// <summary>Reads what was asked for; throws <see cref="FormatException"/> with daprd's words.</summary>
    /// <param name="target">Whom it is for.</param>
    /// <param name="job">The schedule, in the notations of Dapr's API.</param>
    /// <param name="now">What lengths of time count from.</param>
    /// <param name="zone">What cron fields mean.</param>
    public static JobAppointment Create(JobTarget target, Job job, DateTimeOffset now, TimeZoneInfo zone)
    {
        var recurrence = job.HasSchedule ? Scheduling.Recurrence.Parse(job.Schedule, zone) : null;
        var due = (job.HasDueTime ? TimeNotation.ParseTime(job.DueTime, now) : recurrence?.Next(now))
            ?? throw new FormatException(
                recurrence is null ? "job must have either a due time or a schedule" : $"the schedule '{job.Schedule}' never comes due");
        if (recurrence is null && job.HasRepeats && job.Repeats > 0)
            throw new FormatException("job must have a schedule to repeat");
        if (recurrence is null && job.HasTtl)
            throw new FormatException("job must have a schedule to have a ttl");
        // A time to live counts from the due time, where there is one; one that is over before the schedule begins is no error.
        DateTimeOffset? expires = job.HasTtl ? TimeNotation.ParseTime(job.Ttl, job.HasDueTime ? due : now) : null;
        if (job.HasDueTime && expires < due)
            throw new FormatException("ttl must be greater than due time");
        var kept = job.Clone();
        if (expires is { } end)
            kept.Ttl = end.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'");
        kept.FailurePolicy ??= new JobFailurePolicy
        {
            Constant = new JobFailurePolicyConstant { MaxRetries = 3, Interval = Duration.FromTimeSpan(TimeSpan.FromSeconds(1)) },
        };
        return Restore(target, kept, due, expires, zone);
    }

    /// <summary>One that was created earlier, at the time that it is due next.</summary>
    public static JobAppointment Restore(
        JobTarget target, Job job, DateTimeOffset due, DateTimeOffset? expires, TimeZoneInfo zone, string? generation = null) =>
        new(target, job)
        {
            Generation = generation ?? Guid.NewGuid().ToString("N"),
            Recurrence = job.HasSchedule ? Scheduling.Recurrence.Parse(job.Schedule, zone) : null,
            Expires = expires,
            Repeats = job.HasRepeats && job.Repeats > 0 ? (int)Math.Min(job.Repeats, int.MaxValue) : null,
            Failure = ToPolicy(job.FailurePolicy),
            Due = due,
        };

    private static FailurePolicy ToPolicy(JobFailurePolicy policy) => policy.Constant is { } constant
        ? new FailurePolicy(
            constant.HasMaxRetries ? (int)Math.Min(constant.MaxRetries, int.MaxValue) : null,
            constant.Interval?.ToTimeSpan() ?? TimeSpan.Zero)
        : FailurePolicy.Drop;
}

/// <summary>Whom a job is for: an application, or one actor.</summary>
/// <param name="Owner">The app id, or the actor's type.</param>
/// <param name="ActorId">Null for a job of an application.</param>
/// <param name="Name">The job's or the reminder's name.</param>
internal sealed record JobTarget(string Owner, string? ActorId, string Name)
{
    /// <summary>Unique over both kinds, as Dapr's scheduler names them.</summary>
    public string Key => Prefix(Owner, ActorId) + Name;

    /// <summary>What the keys of all jobs of one application, or of all reminders of one actor, begin with.</summary>
    public static string Prefix(string owner, string? actorId) =>
        actorId is null ? $"app||default||{owner}||" : $"actorreminder||default||{owner}||{actorId}||";
}
