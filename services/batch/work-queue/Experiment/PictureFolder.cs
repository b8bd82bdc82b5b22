using SkiaSharp;

namespace Samples.Experiments.WorkQueue;

/// <summary>The folder that the source of items offers, and the folder in which thumbnails appear.</summary>
internal sealed class PictureFolder(string data)
{
    private const double Alike = 6;

    private readonly string _pictures = Path.Combine(data, "pictures");
    private readonly string _thumbnails = Path.Combine(data, "thumbnails");
    private readonly string _draft = Path.Combine(data, "drafts");

    /// <summary>Puts streets into the folder, all at once: drawn elsewhere, then moved.</summary>
    public IReadOnlyList<string> Add(string prefix, int count, int firstSeed)
    {
        string[] names = [.. Enumerable.Range(1, count).Select(i => $"{prefix}-{i:0000}.jpg")];
        for (var i = 0; i < count; i++)
            Write(names[i], StreetPictures.Draw(firstSeed + i).Content);
        foreach (var name in names)
            Publish(name);
        return names;
    }

    /// <summary>Puts a file of any content into the folder, over an older one of that name.</summary>
    public void Put(string name, byte[] content)
    {
        Write(name, content);
        Publish(name);
    }

    /// <summary>True where the item's thumbnail can be decoded and shows the picture, 160 pixels on its longer side.</summary>
    public bool HasCorrectThumbnail(string name)
    {
        using var picture = SKBitmap.Decode(Path.Combine(_pictures, name));
        using var thumbnail = SKBitmap.Decode(Path.Combine(_thumbnails, name + ".png"));
        return thumbnail is not null && Math.Max(thumbnail.Width, thumbnail.Height) == 160 && Difference(picture, thumbnail) < Alike;
    }

    // Mean difference of a channel, 0 to 255, between a thumbnail and the picture averaged over each of its pixels' areas: a computation
    // of its own, so that a mistake of the thumbnailer's scaling would be seen. Two different streets are 30 and more apart.
    internal static double Difference(SKBitmap picture, SKBitmap thumbnail)
    {
        double sum = 0;
        for (var y = 0; y < thumbnail.Height; y++)
        {
            for (var x = 0; x < thumbnail.Width; x++)
            {
                var (red, green, blue) = Mean(picture, x, y, thumbnail.Width, thumbnail.Height);
                var small = thumbnail.GetPixel(x, y);
                sum += Math.Abs(red - small.Red) + Math.Abs(green - small.Green) + Math.Abs(blue - small.Blue);
            }
        }

        return sum / (3.0 * thumbnail.Width * thumbnail.Height);
    }

    private static (double Red, double Green, double Blue) Mean(SKBitmap picture, int x, int y, int columns, int rows)
    {
        double red = 0, green = 0, blue = 0;
        var count = 0;
        for (var py = y * picture.Height / rows; py < (y + 1) * picture.Height / rows; py++)
        {
            for (var px = x * picture.Width / columns; px < (x + 1) * picture.Width / columns; px++)
            {
                var pixel = picture.GetPixel(px, py);
                red += pixel.Red;
                green += pixel.Green;
                blue += pixel.Blue;
                count++;
            }
        }

        return (red / count, green / count, blue / count);
    }

    private void Write(string name, byte[] content)
    {
        Directory.CreateDirectory(_draft);
        File.WriteAllBytes(Path.Combine(_draft, name), content);
    }

    private void Publish(string name)
    {
        Directory.CreateDirectory(_pictures);
        File.Move(Path.Combine(_draft, name), Path.Combine(_pictures, name), overwrite: true);
    }
}
