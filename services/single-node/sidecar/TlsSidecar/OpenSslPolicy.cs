using System.Runtime.InteropServices;

namespace Samples.TlsSidecar;

/// <summary>
/// Which ciphers are spoken, told to OpenSSL by its own configuration file. .NET's <c>CipherSuitesPolicy</c> says the same, but with one
/// .NET makes OpenSSL's whole context anew for each connection, and no client can resume a session.
/// </summary>
internal static partial class OpenSslPolicy
{
    private const string Variable = "OPENSSL_CONF";

    /// <summary>
    /// Has to come before anything else of this process uses cryptography: OpenSSL reads its file once. A file that is given from outside
    /// wins. Other systems have a policy of their own, for the whole machine.
    /// </summary>
    public static void Use()
    {
        // OpenSSL asks the C library, which does not hear of what .NET sets.
        if (OperatingSystem.IsLinux())
            _ = SetVariable(Variable, Path.Combine(AppContext.BaseDirectory, "openssl.cnf"), overwrite: 0);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int overwrite);
}
