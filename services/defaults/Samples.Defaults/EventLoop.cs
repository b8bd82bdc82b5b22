namespace Samples.Defaults;

/// <summary>How the sockets of a proxy are served.</summary>
public static class EventLoop
{
    /// <summary>
    /// Handles what comes in on the thread that waits for it, as event loops in C do. A proxy's work for one command is far less than
    /// waking another thread would be, and nothing of a proxy blocks. .NET reads these variables when the first socket is used; what is
    /// set outside wins.
    /// </summary>
    public static void RunSocketsOnOneThread()
    {
        SetUnlessSet("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
        SetUnlessSet("DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT", "1");
    }

    private static void SetUnlessSet(string name, string value)
    {
        if (Environment.GetEnvironmentVariable(name) is null)
            Environment.SetEnvironmentVariable(name, value);
    }
}
