using Microsoft.Win32.SafeHandles;
using Samples.Files;
using Samples.LogAdapter.Formats;

namespace Samples.LogAdapter.Following;

/// <summary>A file that is being read: its lines, the record that is not finished, and the place up to which all is finished.</summary>
internal sealed class OpenLog : IDisposable
{
    private readonly FileStream _file;
    private readonly LineReader _lines;
    private readonly RecordAssembler _records;
    private readonly TimeProvider _time;
    private FilePlace _read;
    private long _last;

    /// <summary>Opens a file to be read from an offset on.</summary>
    public OpenLog(string path, long offset, ILogFormat format, LogOptions options, TimeProvider time)
    {
        _file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1);
        _file.Position = offset;
        (_lines, _records) = (new LineReader(options.MostLineBytes, offset), new RecordAssembler(format, options.Wait, time));
        _time = time;
        _last = time.GetTimestamp();
        Place = _read = FilePlace.At(_file.SafeFileHandle, offset);
    }

    /// <summary>What is before this is in finished records.</summary>
    public FilePlace Place { get; private set; }

    /// <summary>How long nothing has come of it.</summary>
    public TimeSpan Idle => _time.GetElapsedTime(_last);

    /// <summary>Reads what fits into the buffer, and finishes records; false when there was nothing more.</summary>
    public async Task<bool> ReadAsync(byte[] buffer, List<RecordAssembler.Assembled> finished, CancellationToken cancel)
    {
        var read = await _file.ReadAsync(buffer, cancel);
        if (read > 0)
        {
            foreach (var line in _lines.Add(buffer.AsMemory(0, read)))
                Take(_records.Add(line), finished);
            (_last, _read) = (_time.GetTimestamp(), FilePlace.At(_file.SafeFileHandle, _file.Position));
        }
        else
            Take(_records.Expire(), finished);

        Settle();
        return read > 0;
    }

    /// <summary>Finishes what is open: nothing more will come.</summary>
    public void End(List<RecordAssembler.Assembled> finished)
    {
        if (_lines.End() is { } last)
            Take(_records.Add(last), finished);
        Take(_records.End(), finished);
        Settle();
    }

    /// <summary>True when the file at a path is this one: not renamed, not replaced, and not cut.</summary>
    public bool IsAt(string path)
    {
        using var named = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return FileNode.Of(named) == _read.Node && (HasNothing || _read.IsIn(named));
    }

    /// <summary>True when what was read of it is not in it any more.</summary>
    public bool IsCut => !HasNothing && !_read.IsIn(_file.SafeFileHandle);

    /// <summary>True as long as nothing was read of it.</summary>
    public bool HasNothing => _read.Offset == 0;

    /// <summary>True when a file has what was read of this one.</summary>
    public bool IsIn(SafeFileHandle file) => _read.IsIn(file);

    private static void Take(RecordAssembler.Assembled? record, List<RecordAssembler.Assembled> finished)
    {
        if (record is { } one)
            finished.Add(one);
    }

    private void Settle()
    {
        var offset = _records.Begin ?? _lines.Begin;
        if (offset != Place.Offset)
            Place = FilePlace.At(_file.SafeFileHandle, offset);
    }

    public void Dispose() => _file.Dispose();
}
