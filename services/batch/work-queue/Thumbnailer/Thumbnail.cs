using SkiaSharp;

namespace Samples.Thumbnailer;

/// <summary>Makes thumbnails in bounded memory, whatever the picture's size.</summary>
public static class Thumbnail
{
    /// <summary>Longest side of a thumbnail, in pixels.</summary>
    public const int Side = 160;

    /// <summary>
    /// Most pixels of a picture. A decoder may need some bytes a pixel for itself (a progressive JPEG does), even at a smaller scale.
    /// </summary>
    public const long MostPixels = 200_000_000;

    /// <summary>Most pixels that are decoded: of the whole picture for most formats, of one at a smaller scale for JPEG.</summary>
    public const long MostDecoded = 64_000_000;

    /// <summary>Writes the thumbnail of a picture: complete or not at all.</summary>
    /// <exception cref="PictureException">The file is no picture, is cut off, or is too large to decode safely.</exception>
    public static void Make(string file, string output)
    {
        using var thumbnail = Decode(file);
        using var encoded = thumbnail.Encode(SKEncodedImageFormat.Png, quality: 100);
        Directory.CreateDirectory(Path.GetDirectoryName(output)!);
        // A name of its own, whatever the output's is: appended to it, the longest names that a file system takes would not fit.
        var draft = Path.Combine(Path.GetDirectoryName(output)!, $".{Guid.NewGuid():n}.part");
        using (var stream = new FileStream(draft, FileMode.Create))
        {
            encoded.SaveTo(stream);
            stream.Flush(flushToDisk: true);
        }

        File.Move(draft, output, overwrite: true);
    }

    private static SKBitmap Decode(string file)
    {
        using var codec = SKCodec.Create(file, out var opened)
            ?? throw new PictureException($"This is no picture that can be read ({opened}).");
        var full = codec.Info;
        Limit(full, full.Width, full.Height, MostPixels, "a picture may have");
        var (width, height) = Fit(full.Width, full.Height);
        // Twice the thumbnail's size leaves something to average; the codec answers with the nearest scale that it can decode at.
        var scaled = codec.GetScaledDimensions(Math.Min(1f, 2f * width / full.Width));
        Limit(full, scaled.Width, scaled.Height, MostDecoded, $"{codec.EncodedFormat} must be decoded whole, up to");
        using var bitmap = new SKBitmap(InSrgb(scaled.Width, scaled.Height));
        var result = codec.GetPixels(bitmap.Info, bitmap.GetPixels());
        if (result == SKCodecResult.IncompleteInput && codec.EncodedFormat == SKEncodedImageFormat.Jpeg
            && UnendedJpeg.TryDecode(file, bitmap))
            result = SKCodecResult.Success;
        if (result != SKCodecResult.Success)
            throw new PictureException($"The picture is damaged ({result}).");
        using var small = bitmap.Resize(InSrgb(width, height), new SKSamplingOptions(SKCubicResampler.Mitchell))
            ?? throw new PictureException("The picture cannot be scaled.");
        return Orientation.Upright(small, codec.EncodedFormat == SKEncodedImageFormat.Png ? PngOrientation.Of(file) : codec.EncodedOrigin);
    }

    // Asked for sRGB, the decoder converts from whatever profile the picture has: a thumbnail has none, and is shown as sRGB everywhere.
    private static SKImageInfo InSrgb(int width, int height) =>
        new(width, height, SKColorType.Rgba8888, SKAlphaType.Premul, SKColorSpace.CreateSrgb());

    private static void Limit(SKImageInfo full, int width, int height, long most, string rule)
    {
        if ((long)width * height > most)
            throw new PictureException(
                $"The picture has {(long)full.Width * full.Height / 1_000_000} megapixels; {rule} {most / 1_000_000}.");
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
