using Samples.Thumbnailer;

// The worker's whole interface: a file comes in by WORK_ITEM_FILE, the result goes to WORK_OUTPUT, and the exit code tells.
if (Environment.GetEnvironmentVariable("WORK_ITEM_FILE") is not { Length: > 0 } file
    || Environment.GetEnvironmentVariable("WORK_OUTPUT") is not { Length: > 0 } output)
{
    Console.Error.WriteLine("Set WORK_ITEM_FILE (the picture) and WORK_OUTPUT (where the thumbnail goes, without extension).");
    return 64;
}

try
{
    Thumbnail.Make(file, output + ".png");
    return 0;
}
catch (Exception error) when (error is PictureException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine(error.Message);
    return 1;
}
