namespace Samples.Runtime.BuildingBlocks.Actors;

/// <summary>Keeps two processes from having one actor at the same time. A process that is alone on its machine needs none.</summary>
internal interface IActorFence
{
    /// <summary>
    /// Completes when the actor may begin on a host of this process: nobody else has it any more, and all know that it belongs here.
    /// <paramref name="begin"/> ran by then, in one step with the decision. False where it belongs elsewhere: look it up again.
    /// </summary>
    Task<bool> BeginAsync(ActorId id, ActorHost host, Action begin);

    /// <summary>Looks at once whether somebody came.</summary>
    void Refresh();
}

/// <summary>The sidecar of another process that has actors.</summary>
internal interface IRemoteActors
{
    /// <summary>
    /// Calls an actor there. Null where nothing was sent, or the actor does not belong there (any more): look it up again. Throws what
    /// <see cref="ActorRouter.CallAsync"/> throws.
    /// </summary>
    Task<ActorResponse?> CallAsync(ActorId id, ActorRequest request, bool patient, CancellationToken cancel);
}
