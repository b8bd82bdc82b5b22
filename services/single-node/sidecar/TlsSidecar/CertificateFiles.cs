using System.Security.Cryptography;
using Samples.Defaults;
using Samples.Pod;

namespace Samples.TlsSidecar;

/// <summary>The pair that is served, and what came of the files since.</summary>
/// <param name="HttpsPort">Where the site is.</param>
/// <param name="Serial">The certificate's serial number.</param>
/// <param name="NotAfter">Its end.</param>
/// <param name="Replaced">How often a new pair came into force.</param>
/// <param name="Refused">Why the files on disk are not what is served; null where they are.</param>
public sealed record TlsState(int HttpsPort, string Serial, DateTime NotAfter, int Replaced, string? Refused);

/// <summary>
/// The certificate of the files. A new pair serves from the next handshake on, and no connection is touched. What cannot serve is refused,
/// and the last good pair goes on: two files are not replaced in one moment, so that a pair that does not fit may fit at the next look.
/// </summary>
public sealed class CertificateFiles(TlsOptions options, TimeProvider time, ILogger<CertificateFiles> log)
{
    private CertificatePair? _current;
    private byte[] _seen = [];

    /// <summary>The pair that serves.</summary>
    public CertificatePair Current => Volatile.Read(ref _current) ?? throw new InvalidOperationException("No certificate is loaded.");

    /// <summary>How often a new one came.</summary>
    public int Replaced { get; private set; }

    /// <summary>What is wrong with the files now.</summary>
    public string? Refused { get; private set; }

    private string CertificateFile => options.CertificateFile ?? Path.Combine(options.Files.Folder, "tls", "tls.crt");

    private string KeyFile => options.CertificateFile is null ? Path.Combine(options.Files.Folder, "tls", "tls.key") : options.KeyFile;

    /// <summary>At start: without a pair there is nothing to serve. Throws <see cref="WrongSettingException"/>.</summary>
    public void LoadFirst()
    {
        if (options.CertificateFile is null && !File.Exists(CertificateFile))
            Develop();
        if (!TryReload() && _current is null)
            throw new WrongSettingException(
                $"CERT_FILE is '{CertificateFile}' and KEY_FILE is '{KeyFile}': {Refused}. Give a pair in PEM.");
    }

    /// <summary>Looks at the files; true where a new pair came into force. What is refused is told once.</summary>
    public bool TryReload()
    {
        try
        {
            var (certificate, key) = (File.ReadAllText(CertificateFile), File.ReadAllText(KeyFile));
            var digest = SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(certificate + key));
            if (digest.AsSpan().SequenceEqual(_seen))
                return false;
            var pair = CertificatePair.Read(certificate, key, time.GetUtcNow());
            var isFirst = Interlocked.Exchange(ref _current, pair) is null;
            _seen = digest;
            Replaced += isFirst ? 0 : 1;
            Refused = null;
            log.LogInformation("certificate {Serial} serves until {End:u}", pair.Leaf.SerialNumber, pair.Leaf.NotAfter.ToUniversalTime());
            return true;
        }
        catch (Exception error) when (error is CryptographicException or IOException or UnauthorizedAccessException)
        {
            if (Refused != error.Message && _current is not null)
                log.LogWarning("the certificate on disk is refused and the last good one goes on serving: {Problem}", error.Message);
            Refused = error.Message;
            return false;
        }
    }

    private void Develop()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(CertificateFile)!);
        var (certificate, key) = CertificatePair.MakeForDevelopment(time.GetUtcNow());
        AtomicFile.Write(KeyFile, System.Text.Encoding.ASCII.GetBytes(key));
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(KeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        AtomicFile.Write(CertificateFile, System.Text.Encoding.ASCII.GetBytes(certificate));
    }
}

/// <summary>Looks again and again: events of a file system do not reach every kind of mounted folder.</summary>
public sealed class CertificateWatch(CertificateFiles files, TlsOptions options, TimeProvider time) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Period, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            files.TryReload();
    }
}
