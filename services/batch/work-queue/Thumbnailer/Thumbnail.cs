using SkiaSharp;

namespace Samples.Thumbnailer;

/// <summary>Makes thumbnails.</summary>
public static class Thumbnail
{
    /// <summary>Longest side of a thumbnail, in pixels.</summary>
    public const int Side = 160;

    // A picture is decoded whole before it is scaled, except formats that decode at a smaller scale: JPEG of any size stays small.
    private const long MostBytes = 256L << 20;

    /// <summary>Writes the thumbnail of a picture: complete or not at all.</summary>
    /// <exception cref="PictureException">The file is no picture, is cut off, or is too large to decode safely.</exception>
    public static void Make(string file, string output)
    {
        using var thumbnail = Decode(file);
        using var encoded = thumbnail.Encode(SKEncodedImageFormat.Png, quality: 100);
        Directory.CreateDirectory(Path.GetDirectoryName(output)!);
        var draft = $"{output}.{Environment.ProcessId}.part";
        using (var stream = new FileStream(draft, FileMode.Create))
        {
            encoded.SaveTo(stream);
            stream.Flush(flushToDisk: true);
        }

        File.Move(draft, output, overwrite: true);
    }

    private static SKBitmap Decode(string file)
    {
        using var codec = SKCodec.Create(file, out var opened) ?? throw new PictureException($"This is no picture that can be read ({opened}).");
        var full = codec.Info;
        var (width, height) = Fit(full.Width, full.Height);
        var scaled = codec.GetScaledDimensions(Math.Min(1f, 2f * width / full.Width));
        if ((long)scaled.Width * scaled.Height * 4 > MostBytes)
            throw new PictureException($"The picture has {(long)full.Width * full.Height / 1_000_000} megapixels; this format is decoded up to {MostBytes / 4_000_000}.");
        using var bitmap = new SKBitmap(new SKImageInfo(scaled.Width, scaled.Height, SKColorType.Rgba8888, SKAlphaType.Premul));
        var result = codec.GetPixels(bitmap.Info, bitmap.GetPixels());
        if (result != SKCodecResult.Success)
            throw new PictureException($"The picture is damaged ({result}).");
        return bitmap.Resize(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Premul), new SKSamplingOptions(SKCubicResampler.Mitchell))
            ?? throw new PictureException("The picture cannot be scaled.");
    }

    /// <summary>The size of the thumbnail of a picture; a small picture stays as it is.</summary>
    public static (int Width, int Height) Fit(int width, int height)
    {
        var scale = Math.Min(1.0, (double)Side / Math.Max(width, height));
        return (Math.Max(1, (int)Math.Round(width * scale)), Math.Max(1, (int)Math.Round(height * scale)));
    }
}

/// <summary>A picture that no thumbnail can be made of; the message says why.</summary>
public sealed class PictureException(string message) : Exception(message);
