using SkiaSharp;

namespace Samples.Lab;

/// <summary>A vehicle that was drawn: what a picture's reader should find.</summary>
/// <param name="Kind"><c>car</c>, <c>van</c> or <c>bus</c>.</param>
/// <param name="Colour">The paint's name, a key of <see cref="StreetPictures.Paints"/>.</param>
/// <param name="X">Left edge in pixels.</param>
/// <param name="Y">Top edge in pixels.</param>
/// <param name="Width">Width in pixels.</param>
/// <param name="Height">Height in pixels.</param>
public sealed record Vehicle(string Kind, string Colour, int X, int Y, int Width, int Height);

/// <summary>A picture and the truth about it.</summary>
public sealed record StreetPicture(byte[] Content, int Width, int Height, IReadOnlyList<Vehicle> Vehicles);

/// <summary>
/// Draws streets with vehicles from a seed, so that what a picture shows is known before anybody looks at it.
/// The same seed gives the same street.
/// </summary>
public static class StreetPictures
{
    private static readonly (string Kind, int Width, int Height)[] Kinds = [("car", 64, 26), ("van", 84, 42), ("bus", 132, 50)];

    /// <summary>The paints of vehicles. None occurs elsewhere in a picture, so that a colour counts as a vehicle.</summary>
    public static IReadOnlyDictionary<string, SKColor> Paints { get; } = new Dictionary<string, SKColor>
    {
        ["red"] = new(0xD0, 0x20, 0x20),
        ["green"] = new(0x20, 0xA0, 0x40),
        ["blue"] = new(0x20, 0x50, 0xD0),
        ["yellow"] = new(0xF0, 0xC8, 0x10),
        ["white"] = new(0xFA, 0xFA, 0xFA),
        ["black"] = new(0x12, 0x12, 0x12),
    };

    /// <summary>Draws one street.</summary>
    public static StreetPicture Draw(int seed, int width = 480, int height = 320, SKEncodedImageFormat format = SKEncodedImageFormat.Jpeg)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 200);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 160);
        var random = new Random(seed);
        using var bitmap = new SKBitmap(width, height);
        using var canvas = new SKCanvas(bitmap);
        var horizon = height * 2 / 5;
        DrawSurroundings(canvas, random, width, height, horizon);
        var vehicles = DrawVehicles(canvas, random, width, height, horizon);
        canvas.Flush();
        using var data = bitmap.Encode(format, quality: 92);
        return new StreetPicture(data.ToArray(), width, height, vehicles);
    }

    private static void DrawSurroundings(SKCanvas canvas, Random random, int width, int height, int horizon)
    {
        // Muted tones of every hue: two streets differ visibly even when they have the same vehicles.
        canvas.Clear(SKColor.FromHsv(180 + random.Next(60), 20 + random.Next(25), 70 + random.Next(25)));
        using var brush = new SKPaint { IsAntialias = false };
        for (var x = 0; x < width;)
        {
            var houseWidth = random.Next(40, 90);
            var houseHeight = random.Next(horizon / 3, horizon);
            brush.Color = SKColor.FromHsv(random.Next(360), 15 + random.Next(20), 45 + random.Next(30));
            canvas.DrawRect(x, horizon - houseHeight, houseWidth, houseHeight, brush);
            x += houseWidth;
        }

        brush.Color = new SKColor(0x60, 0x60, 0x64);
        canvas.DrawRect(0, horizon, width, height - horizon, brush);
    }

    private static List<Vehicle> DrawVehicles(SKCanvas canvas, Random random, int width, int height, int horizon)
    {
        const int laneHeight = 60;
        var colours = Paints.Keys.Order(StringComparer.Ordinal).ToArray();
        var vehicles = new List<Vehicle>();
        using var paint = new SKPaint { IsAntialias = false };
        using var tyre = new SKPaint { Color = new SKColor(0x38, 0x38, 0x3C), IsAntialias = true };
        using var glass = new SKPaint { Color = new SKColor(0x88, 0x98, 0xA4), IsAntialias = false };
        for (var laneTop = horizon + 4; laneTop + laneHeight <= height; laneTop += laneHeight)
        {
            // Vehicles of a lane keep their distance: none hides another, so each can be counted.
            for (var x = random.Next(10, 80); ; x += random.Next(20, 120))
            {
                var (kind, bodyWidth, bodyHeight) = Kinds[random.Next(Kinds.Length)];
                if (x + bodyWidth > width - 4) break;
                var colour = colours[random.Next(colours.Length)];
                var top = laneTop + laneHeight - 8 - bodyHeight;
                paint.Color = Paints[colour];
                canvas.DrawRect(x, top, bodyWidth, bodyHeight, paint);
                canvas.DrawRect(x + 8, top + 4, bodyWidth - 16, bodyHeight / 4, glass);
                canvas.DrawCircle(x + 14, top + bodyHeight, 6, tyre);
                canvas.DrawCircle(x + bodyWidth - 14, top + bodyHeight, 6, tyre);
                vehicles.Add(new Vehicle(kind, colour, x, top, bodyWidth, bodyHeight));
                x += bodyWidth;
            }
        }

        return vehicles;
    }
}
