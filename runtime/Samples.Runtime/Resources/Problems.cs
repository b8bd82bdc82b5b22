namespace Samples.Runtime.Resources;

/// <summary>Gathers what is wrong, so that all of it is told at once and not one problem a try.</summary>
public sealed class Problems
{
    private readonly List<ResourceException> _found = [];

    /// <summary>Does something; a problem with it is kept.</summary>
    public void Try(Action action)
    {
        try
        {
            action();
        }
        catch (ResourceException problem)
        {
            _found.Add(problem);
        }
    }

    /// <summary>Does something that takes its time; a problem with it is kept.</summary>
    public async Task TryAsync(Func<Task> action)
    {
        try
        {
            await action();
        }
        catch (ResourceException problem)
        {
            _found.Add(problem);
        }
    }

    /// <summary>The result, or the default where there is a problem with it.</summary>
    public T? Try<T>(Func<T> read)
    {
        T? result = default;
        Try(() => { result = read(); });
        return result;
    }

    /// <summary>Throws what was found, each message once and on a line of its own: several applications may share a file.</summary>
    public void ThrowIfAny()
    {
        if (_found.Count == 1)
            throw _found[0];
        if (_found.Count > 1)
            throw new ResourceException(_found[0].Origin, _found.SelectMany(problem => problem.Message.Split('\n')).Distinct());
    }
}
