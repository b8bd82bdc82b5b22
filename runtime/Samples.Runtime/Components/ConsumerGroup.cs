using Microsoft.Extensions.Logging;
using Samples.Runtime.Clocks;

namespace Samples.Runtime.Components;

/// <summary>
/// The competing consumers of one topic. A message goes to one member, the one with least in hand. What a member refuses, or dies with,
/// is delivered again after the redelivery interval, to another member where there is one. Where the messages come from, and what is
/// kept of those that are handled, is the engine's matter.
/// </summary>
internal sealed class ConsumerGroup(
    string name, string topic, BrokerSettings settings, TimeProvider time, ILogger log,
    Action<QueuedMessage> handled) : IThreadPoolWorkItem, IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Queue<QueuedMessage> _ready = [];
    private readonly PriorityQueue<QueuedMessage, long> _delayed = new();
    private readonly List<ConsumerGroupMember> _members = [];
    private ITimer? _wake;
    private IDisposable? _scheduledHold;
    private uint _turn;
    private int _scheduled;
    private int _inHand;

    public string Topic => topic;

    /// <summary>Messages that are not handled yet, those in handlers included.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _ready.Count + _delayed.Count + _inHand;
        }
    }

    /// <summary>Messages that wait for a member, and for nothing else.</summary>
    public int Ready
    {
        get
        {
            lock (_gate)
                return _ready.Count;
        }
    }

    /// <summary>Adds a message at the end. Its delivery begins on another thread: a publisher never waits for handlers.</summary>
    public void Add(QueuedMessage message)
    {
        lock (_gate)
            MakeReady(message);
        Schedule();
    }

    /// <summary>A new member, from now until the result is disposed.</summary>
    public ConsumerGroupMember Join(BrokerSubscription subscription)
    {
        var member = new ConsumerGroupMember(this, subscription, settings, time);
        lock (_gate)
            _members.Add(member);
        Schedule();
        return member;
    }

    /// <summary>Nothing more for this member; true where it has nothing in hand.</summary>
    internal bool Leave(ConsumerGroupMember member)
    {
        lock (_gate)
        {
            _members.Remove(member);
            return member.InHand == 0;
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        var hold = Interlocked.Exchange(ref _scheduledHold, null);
        Volatile.Write(ref _scheduled, 0);
        Dispatch();
        hold?.Dispose();
    }

    private void Schedule()
    {
        if (Interlocked.Exchange(ref _scheduled, 1) != 0)
            return;
        _scheduledHold = time.Hold();
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private void Dispatch()
    {
        while (true)
        {
            ConsumerGroupMember? member;
            QueuedMessage[] batch;
            lock (_gate)
            {
                var rest = TakeBackDelayed();
                (member, batch, var wait) = Next();
                if (batch.Length == 0)
                {
                    WakeIn(wait < rest ? wait : rest);
                    return;
                }
            }

            if (member is not null)
                _ = RunAsync(member, batch);
            else
                handled(batch[0]); // Expired: the group is done with it, and nobody is told.
        }
    }

    private (ConsumerGroupMember?, QueuedMessage[], TimeSpan Wait) Next()
    {
        if (_ready.Count == 0)
            return (null, [], TimeSpan.MaxValue);
        if (IsExpired(_ready.Peek()))
            return (null, [_ready.Dequeue()], default);
        var (member, wait) = Choose(_ready.Peek());
        if (member is null)
            return (null, [], wait);
        var batch = new List<QueuedMessage>(Math.Min(member.MaxBatch, _ready.Count));
        while (batch.Count < member.MaxBatch && _ready.TryPeek(out var message) && !IsExpired(message))
        {
            message.Deliveries++;
            message.LastMember = member;
            batch.Add(_ready.Dequeue());
        }

        member.InHand++;
        _inHand += batch.Count;
        return (member, [.. batch], default);
    }

    private (ConsumerGroupMember? Member, TimeSpan Wait) Choose(QueuedMessage first)
    {
        ConsumerGroupMember? best = null;
        var wait = TimeSpan.MaxValue;
        for (var i = 0; i < _members.Count; i++)
        {
            var member = _members[(int)((_turn + (uint)i) % (uint)_members.Count)];
            if (member.InHand >= member.MaxInHand)
                continue;
            // A batch goes when it is full, or when its first message has waited long enough.
            var rest = member.MaxAwait - time.GetElapsedTime(first.ReadySince);
            if (_ready.Count < member.MaxBatch && rest > TimeSpan.Zero)
                wait = rest < wait ? rest : wait;
            else if (best is null || Rank(member).CompareTo(Rank(best)) < 0)
                best = member;
        }

        if (best is not null)
            _turn++;
        return (best, wait);

        // Who failed with it comes last; then who has least in hand.
        (bool, int) Rank(ConsumerGroupMember member) => (member == first.LastMember, member.InHand);
    }

    private bool IsExpired(QueuedMessage message) => message.Message.Expires is { } end && end <= time.GetUtcNow();

    private async Task RunAsync(ConsumerGroupMember member, QueuedMessage[] batch)
    {
        using var hold = time.Hold();
        IReadOnlyList<Delivery> answers;
        try
        {
            answers = await member.HandleAsync(batch);
        }
        catch (Exception error)
        {
            log.LogWarning("a handler of group {Group} on topic {Topic} failed: {Problem}", name, topic, error.Message);
            answers = [];
        }

        for (var i = 0; i < batch.Length; i++)
        {
            if (i < answers.Count && answers[i] == Delivery.Done)
                handled(batch[i]);
            else if (settings.MaxDeliver > 0 && batch[i].Deliveries >= settings.MaxDeliver)
                GiveUp(batch[i]);
            else
                continue;
            batch[i] = null!;
        }

        bool idle;
        lock (_gate)
        {
            member.InHand--;
            _inHand -= batch.Length;
            idle = member.InHand == 0;
            foreach (var refused in batch.Where(m => m is not null))
                _delayed.Enqueue(refused, time.GetTimestamp() + (long)(settings.RedeliverInterval.TotalSeconds * time.TimestampFrequency));
        }

        if (idle)
            member.ReportIdle();
        // Not called from here: a handler that completes at once would make the stack grow.
        Schedule();
    }

    private void GiveUp(QueuedMessage message)
    {
        log.LogWarning(
            "group {Group} gives up message {Id} on topic {Topic} after {Deliveries} deliveries", name, message.Id, topic,
            message.Deliveries);
        handled(message);
    }

    private void MakeReady(QueuedMessage message)
    {
        message.ReadySince = time.GetTimestamp();
        _ready.Enqueue(message);
    }

    private TimeSpan TakeBackDelayed()
    {
        while (_delayed.TryPeek(out var message, out var due))
        {
            var rest = time.GetElapsedTime(time.GetTimestamp(), due);
            if (rest > TimeSpan.Zero)
                return rest;
            _delayed.Dequeue();
            MakeReady(message);
        }

        return TimeSpan.MaxValue;
    }

    private void WakeIn(TimeSpan wait)
    {
        if (wait == TimeSpan.MaxValue)
            return;
        _wake ??= time.CreateTimer(_ => Dispatch(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        // Rounded up, so that what is due then is due.
        _wake.Change(TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)), Timeout.InfiniteTimeSpan);
    }

    /// <summary>Ends the members that are left; their running handlers finish.</summary>
    public async ValueTask DisposeAsync()
    {
        ConsumerGroupMember[] left;
        lock (_gate)
            left = [.. _members];
        await Task.WhenAll(left.Select(m => m.DisposeAsync().AsTask()));
        if (_wake is not null)
            await _wake.DisposeAsync();
    }
}
