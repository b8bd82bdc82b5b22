using System.Diagnostics;
using Samples.Thumbnailer;
using SkiaSharp;
using Xunit;

namespace Samples.Services.WorkQueue;

public sealed class ThumbnailTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("samples-thumbnail-").FullName;

    [Theory]
    [InlineData(480, 320, 160, 107), InlineData(320, 480, 107, 160), InlineData(100, 50, 100, 50)]
    [InlineData(1, 1, 1, 1), InlineData(10_000, 1, 160, 1)]
    public void It_fits_into_a_square_and_a_small_picture_stays_as_it_is(int width, int height, int thumbnailWidth, int thumbnailHeight)
    {
        Thumbnail.Make(Save("a.png", width, height, SKEncodedImageFormat.Png), Output);
        using var thumbnail = SKBitmap.Decode(Output);
        Assert.Equal((thumbnailWidth, thumbnailHeight), (thumbnail.Width, thumbnail.Height));
        Assert.Equal(
            [Path.GetFileName(Output)], Directory.EnumerateFiles(Path.GetDirectoryName(Output)!).Select(f => Path.GetFileName(f)!));
    }

    [Theory, InlineData(0), InlineData(10), InlineData(2000)]
    public void A_broken_picture_is_refused_and_leaves_nothing(int bytes)
    {
        var whole = File.ReadAllBytes(Save("a.jpg", 1200, 800, SKEncodedImageFormat.Jpeg));
        File.WriteAllBytes(Path.Combine(_folder, "broken.jpg"), whole[..bytes]);
        Assert.Throws<PictureException>(() => Thumbnail.Make(Path.Combine(_folder, "broken.jpg"), Output));
        Assert.False(Directory.Exists(Path.GetDirectoryName(Output)) && Directory.EnumerateFiles(Path.GetDirectoryName(Output)!).Any());
    }

    [Fact]
    public void What_is_no_picture_is_refused()
    {
        File.WriteAllText(Path.Combine(_folder, "a.txt"), "no picture at all");
        Assert.Contains(
            "no picture",
            Assert.Throws<PictureException>(() => Thumbnail.Make(Path.Combine(_folder, "a.txt"), Output)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_JPEG_of_100_megapixels_is_made_small_in_bounded_memory()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Peak memory is read from /proc.");
        var (exitCode, error, peak) = await RunAsync(SaveGray("large.jpg", 10_000, 10_000, SKEncodedImageFormat.Jpeg));
        Assert.Equal((0, ""), (exitCode, error));
        using var thumbnail = SKBitmap.Decode(Output);
        Assert.Equal((160, 160), (thumbnail.Width, thumbnail.Height));
        // Decoded whole it would take 400 MB for the pixels alone.
        Assert.InRange(peak, 1, 200);
    }

    [Fact]
    public async Task A_PNG_of_100_megapixels_is_refused_with_the_limit()
    {
        var (exitCode, error, peak) = await RunAsync(SaveGray("large.png", 10_000, 10_000, SKEncodedImageFormat.Png));
        Assert.Equal((1, "The picture has 100 megapixels; Png must be decoded whole, up to 64."), (exitCode, error));
        Assert.True(peak < 200, $"it took {peak} MB to refuse it");
    }

    [Fact]
    public async Task A_picture_that_claims_to_be_gigantic_is_refused()
    {
        // A header with nothing behind it: what a decompression bomb looks like before it goes off.
        var file = Save("bomb.png", 8, 8, SKEncodedImageFormat.Png);
        var bytes = File.ReadAllBytes(file);
        foreach (var at in (int[])[16, 20])
            (bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]) = (0, 0, 0xFF, 0xFF);
        BitConverter.TryWriteBytes(bytes.AsSpan(29), System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(Crc(bytes.AsSpan(12, 17))));
        File.WriteAllBytes(file, bytes);
        var (exitCode, error, _) = await RunAsync(file);
        Assert.Equal((1, "The picture has 4294 megapixels; a picture may have 200."), (exitCode, error));
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4), InlineData(5), InlineData(6), InlineData(7), InlineData(8)]
    public void A_picture_of_a_camera_held_sideways_stands_upright(byte orientation)
    {
        // Red left of white, above green left of blue: seen so when turned as the number says.
        using var seen = new SKBitmap(64, 32);
        using (var canvas = new SKCanvas(seen))
        {
            foreach (var (colour, x, y) in Corners)
                canvas.DrawRect(x * 32, y * 16, 32, 16, new SKPaint { Color = colour });
        }

        File.WriteAllBytes(
            Path.Combine(_folder, "a.jpg"), WithOrientation(Encode(AsStored(seen, orientation), SKEncodedImageFormat.Jpeg), orientation));
        Thumbnail.Make(Path.Combine(_folder, "a.jpg"), Output);
        using var thumbnail = SKBitmap.Decode(Output);
        Assert.Equal((64, 32), (thumbnail.Width, thumbnail.Height));
        foreach (var (colour, x, y) in Corners)
        {
            var found = thumbnail.GetPixel(x * 32 + 16, y * 16 + 8);
            Assert.True(
                Math.Abs(found.Red - colour.Red) + Math.Abs(found.Green - colour.Green) + Math.Abs(found.Blue - colour.Blue) < 40,
                $"{found} instead of {colour} at {x}, {y}");
        }
    }

    [Theory, InlineData(1), InlineData(6), InlineData(8)]
    public void So_does_a_PNG_whose_eXIf_chunk_says_how(byte orientation)
    {
        using var seen = new SKBitmap(64, 32);
        using (var canvas = new SKCanvas(seen))
        {
            foreach (var (colour, x, y) in Corners)
                canvas.DrawRect(x * 32, y * 16, 32, 16, new SKPaint { Color = colour });
        }

        var png = Encode(AsStored(seen, orientation), SKEncodedImageFormat.Png);
        byte[] exif =
        [
            .. "MM\0*"u8, 0, 0, 0, 8, 0, 2,
            1, 0, 0, 3, 0, 0, 0, 1, 0, 9, 0, 0,
            0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0,
            0, 0, 0, 0,
        ];
        File.WriteAllBytes(Path.Combine(_folder, "a.png"), [.. png[..33], .. Chunk("eXIf", exif), .. png[33..]]);
        Thumbnail.Make(Path.Combine(_folder, "a.png"), Output);
        using var thumbnail = SKBitmap.Decode(Output);
        Assert.Equal((64, 32), (thumbnail.Width, thumbnail.Height));
        Assert.All(Corners, corner => Assert.Equal(corner.Colour, thumbnail.GetPixel(corner.X * 32 + 16, corner.Y * 16 + 8)));
    }

    [Theory, InlineData(0), InlineData(1), InlineData(20), InlineData(1_000_000)]
    public void A_PNG_whose_eXIf_chunk_is_broken_stays_as_it_is(int length)
    {
        var png = File.ReadAllBytes(Save("whole.png", 20, 10, SKEncodedImageFormat.Png));
        var exif = new byte[Math.Min(length, 1000)];
        Array.Fill(exif, (byte)0xFE);
        File.WriteAllBytes(Path.Combine(_folder, "a.png"), [.. png[..33], .. Chunk("eXIf", exif), .. png[33..]]);
        Thumbnail.Make(Path.Combine(_folder, "a.png"), Output);
        using var thumbnail = SKBitmap.Decode(Output);
        Assert.Equal((20, 10), (thumbnail.Width, thumbnail.Height));
    }

    [Theory, InlineData("AdobeRgb"), InlineData("DisplayP3")]
    public void Colours_are_converted_from_the_picture_s_profile_to_sRGB(string gamut)
    {
        var space = SKColorSpace.CreateRgb(
            gamut == "AdobeRgb" ? SKColorSpaceTransferFn.TwoDotTwo : SKColorSpaceTransferFn.Srgb,
            gamut == "AdobeRgb" ? SKColorSpaceXyz.AdobeRgb : SKColorSpaceXyz.DisplayP3);
        var expected = new SKColor(199, 60, 58);
        using var seen = new SKBitmap(new SKImageInfo(64, 64, SKColorType.Rgba8888, SKAlphaType.Premul, SKColorSpace.CreateSrgb()));
        seen.Erase(expected);
        using var stored = new SKBitmap(seen.Info.WithColorSpace(space));
        Assert.True(seen.PeekPixels().ReadPixels(stored.Info, stored.GetPixels(), stored.RowBytes, 0, 0));
        File.WriteAllBytes(Path.Combine(_folder, "a.jpg"), Encode(stored, SKEncodedImageFormat.Jpeg));
        Thumbnail.Make(Path.Combine(_folder, "a.jpg"), Output);
        using var thumbnail = SKBitmap.Decode(Output);
        var found = thumbnail.GetPixel(32, 32);
        var distance = Math.Abs(found.Red - expected.Red) + Math.Abs(found.Green - expected.Green) + Math.Abs(found.Blue - expected.Blue);
        Assert.True(distance <= 6, $"{found} instead of {expected}");
    }

    [Fact]
    public void A_JPEG_without_its_end_marker_is_made_where_all_pixels_are_there_and_only_there()
    {
        var whole = File.ReadAllBytes(Save("whole.jpg", 400, 300, SKEncodedImageFormat.Jpeg));
        Thumbnail.Make(Path.Combine(_folder, "whole.jpg"), Output);
        var expected = File.ReadAllBytes(Output);
        File.WriteAllBytes(Path.Combine(_folder, "unended.jpg"), whole[..^2]);
        Thumbnail.Make(Path.Combine(_folder, "unended.jpg"), Output);
        Assert.Equal(expected, File.ReadAllBytes(Output));
        File.WriteAllBytes(Path.Combine(_folder, "half-ended.jpg"), whole[..^1]);
        Thumbnail.Make(Path.Combine(_folder, "half-ended.jpg"), Output);
        Assert.Equal(expected, File.ReadAllBytes(Output));
        File.WriteAllBytes(Path.Combine(_folder, "cut.jpg"), whole[..^12]);
        Assert.Throws<PictureException>(() => Thumbnail.Make(Path.Combine(_folder, "cut.jpg"), Output));
    }

    [Fact]
    public void The_longest_name_that_a_file_system_takes_is_a_thumbnail_s_too()
    {
        var output = Path.Combine(_folder, "out", new string('a', 251) + ".png");
        Thumbnail.Make(Save("a.png", 10, 10, SKEncodedImageFormat.Png), output);
        Assert.True(File.Exists(output));
    }

    [Fact]
    public async Task A_result_that_cannot_be_written_is_said_in_one_line()
    {
        File.WriteAllText(Path.Combine(_folder, "out"), "a file where the folder should be");
        var (exitCode, error, _) = await RunAsync(Save("a.png", 10, 10, SKEncodedImageFormat.Png));
        Assert.Equal(1, exitCode);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        Assert.Contains("out", error, StringComparison.Ordinal);
    }

    private static readonly (SKColor Colour, int X, int Y)[] Corners =
        [(SKColors.Red, 0, 0), (SKColors.White, 1, 0), (SKColors.Green, 0, 1), (SKColors.Blue, 1, 1)];

    private string Output => Path.Combine(_folder, "out", "thumbnail.png");

    // Each number by its definition: where the first row and the first column of the file are in what was seen (EXIF 2.32, tag 0x0112).
    private static SKBitmap AsStored(SKBitmap seen, int orientation)
    {
        var (width, height) = orientation > 4 ? (seen.Height, seen.Width) : (seen.Width, seen.Height);
        var stored = new SKBitmap(width, height);
        for (var row = 0; row < height; row++)
        {
            for (var column = 0; column < width; column++)
            {
                var (x, y) = orientation switch
                {
                    1 => (column, row),
                    2 => (width - 1 - column, row),
                    3 => (width - 1 - column, height - 1 - row),
                    4 => (column, height - 1 - row),
                    5 => (row, column),
                    6 => (height - 1 - row, column),
                    7 => (height - 1 - row, width - 1 - column),
                    _ => (row, width - 1 - column),
                };
                stored.SetPixel(column, row, seen.GetPixel(x, y));
            }
        }

        return stored;
    }

    private static byte[] WithOrientation(byte[] jpeg, byte orientation) =>
    [
        .. jpeg[..2], 0xFF, 0xE1, 0, 34, .. "Exif\0\0"u8, .. "MM\0*"u8, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0,
        0, 0, 0, 0, 0, .. jpeg[2..],
    ];

    private static byte[] Chunk(string type, byte[] content)
    {
        byte[] checkedPart = [.. System.Text.Encoding.ASCII.GetBytes(type), .. content];
        return [.. BigEndian((uint)content.Length), .. checkedPart, .. BigEndian(Crc(checkedPart))];
    }

    private static byte[] BigEndian(uint value)
    {
        var bytes = new byte[4];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    private async Task<(int ExitCode, string Error, long PeakMegabytes)> RunAsync(string file)
    {
        var info = new ProcessStartInfo("dotnet", [Checkout.Assembly("Samples.Thumbnailer")]) { RedirectStandardError = true };
        (info.Environment["WORK_ITEM_FILE"], info.Environment["WORK_OUTPUT"]) = (file, Output[..^4]);
        using var process = Process.Start(info)!;
        var error = process.StandardError.ReadToEndAsync(Machine.Cancel);
        long peak = 0;
        while (!process.WaitForExit(5))
        {
            process.Refresh();
            // 0 once it is gone: the largest seen before counts.
            peak = Math.Max(peak, process.HasExited ? 0 : process.PeakWorkingSet64);
        }

        return (process.ExitCode, (await error).Trim(), peak >> 20);
    }

    private string Save(string name, int width, int height, SKEncodedImageFormat format)
    {
        using var bitmap = new SKBitmap(width, height);
        var random = new Random(1);
        for (var i = 0; i < Math.Min(width * height, 20_000); i++)
            bitmap.SetPixel(random.Next(width), random.Next(height), (SKColor)(uint)random.Next());
        File.WriteAllBytes(Path.Combine(_folder, name), Encode(bitmap, format));
        return Path.Combine(_folder, name);
    }

    private string SaveGray(string name, int width, int height, SKEncodedImageFormat format)
    {
        using var bitmap = new SKBitmap(width, height, SKColorType.Gray8, SKAlphaType.Opaque);
        File.WriteAllBytes(Path.Combine(_folder, name), Encode(bitmap, format));
        return Path.Combine(_folder, name);
    }

    private static byte[] Encode(SKBitmap bitmap, SKEncodedImageFormat format)
    {
        using var data = bitmap.Encode(format, 95);
        return data.ToArray();
    }

    // PNG's checksum (ISO 3309).
    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? 0xEDB88320 ^ (crc >> 1) : crc >> 1;
        }

        return ~crc;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
