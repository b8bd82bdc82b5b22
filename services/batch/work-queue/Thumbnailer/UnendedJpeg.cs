using SkiaSharp;

namespace Samples.Thumbnailer;

/// <summary>
/// A JPEG without its end marker: some cameras and cut-off copies leave it out, and the decoder waits for it with every pixel at hand.
/// Whether every pixel is there, nothing in the file says. But what comes after the last pixel's bits changes no pixel, and what comes
/// before it does: so the picture is whole where two different ends decode to the same pixels.
/// </summary>
internal static class UnendedJpeg
{
    private const long MostBytes = 64 << 20;
    private const int FillLength = 256;
    private static readonly byte[] EndMarker = [0xFF, 0xD9];

    /// <summary>Decodes it into the bitmap, in the bitmap's size and colours. False where pixels are missing.</summary>
    public static bool TryDecode(string file, SKBitmap into)
    {
        if (new FileInfo(file).Length > MostBytes)
            return false;
        var bytes = File.ReadAllBytes(file);
        // Half of a marker belongs to what is missing.
        if (bytes[^1] == 0xFF)
            bytes = bytes[..^1];
        using var other = new SKBitmap(into.Info);
        return Decode([.. bytes, .. EndMarker], into)
            && Decode([.. bytes, .. Fill(), .. EndMarker], other)
            && into.GetPixelSpan().SequenceEqual(other.GetPixelSpan());
    }

    // No 0xFF among them: it would begin a marker.
    private static byte[] Fill()
    {
        var fill = new byte[FillLength];
        new Random(1).NextBytes(fill);
        return [.. fill.Select(b => (byte)Math.Min(b, (byte)0xFE))];
    }

    private static bool Decode(byte[] bytes, SKBitmap into)
    {
        using var data = SKData.CreateCopy(bytes);
        using var codec = SKCodec.Create(data);
        return codec is not null && codec.GetPixels(into.Info, into.GetPixels()) == SKCodecResult.Success;
    }
}
