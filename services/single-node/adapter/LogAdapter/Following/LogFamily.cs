using Microsoft.Win32.SafeHandles;
using Samples.Files;
using Samples.LogAdapter.Formats;

namespace Samples.LogAdapter.Following;

/// <summary>
/// The file of a name and those that had the name before: which of them were read and how far, and which are open. What happened to them
/// between two looks, or while nobody looked, is found out from what they say.
/// </summary>
internal sealed class LogFamily(string path, ILogFormat format, LogOptions options, TimeProvider time) : IDisposable
{
    private readonly byte[] _buffer = new byte[256 * 1024];
    private List<Member> _members = [];
    private long _surveyed;

    private sealed class Member(FilePlace place, string path, OpenLog? log)
    {
        private FilePlace _place = place;

        public FilePlace Place => Log?.Place ?? _place;

        public string Path { get; set; } = path;

        public OpenLog? Log { get; private set; } = log;

        // When it was found that another has its name; null while it is the one that is written.
        public long? Turned { get; set; }

        // When it was first read to its end after that.
        public long? AtEnd { get; set; }

        public void Open(OpenLog? log)
        {
            _place = Place;
            Log?.Dispose();
            Log = log;
        }
    }

    /// <summary>How far each was read.</summary>
    public IEnumerable<FilePlace> Places => _members.Select(m => m.Place);

    /// <summary>
    /// Takes up what was read before; without that, the file of the name is read from its beginning, and what had the name before is left
    /// alone. False when nothing of what is known is there.
    /// </summary>
    public bool Begin(IReadOnlyList<FilePlace>? known, List<RecordAssembler.Assembled> finished)
    {
        _members = [.. (known ?? []).Select(p => new Member(p, "", null))];
        Survey(finished, isFirst: known is null);
        return _members.Exists(m => known?.Contains(m.Place) == true);
    }

    /// <summary>
    /// Reads the open ones to their ends, the oldest first. The next has its turn when nothing has come of the one before for as long as a
    /// record waits for more: so records keep their order. One that has been left alone for long enough is closed.
    /// </summary>
    /// <param name="finished">Takes the records.</param>
    /// <param name="keep">Is called after each piece.</param>
    /// <param name="cancel">Ends it.</param>
    public async Task ReadAsync(List<RecordAssembler.Assembled> finished, Action keep, CancellationToken cancel)
    {
        foreach (var member in _members.Where(m => m.Log is not null))
        {
            while (await member.Log!.ReadAsync(_buffer, finished, cancel))
                keep();
            if (member.Turned is null)
                continue;
            // What it takes to read what was there is no patience with its writer.
            var isLate = time.GetElapsedTime(member.AtEnd ??= time.GetTimestamp()) >= options.Rest;
            if (isLate && member.Log.Idle >= options.Rest)
            {
                member.Log.End(finished);
                member.Open(null);
            }
            else if (!isLate && member.Log.Idle < options.Wait)
                break;
        }

        keep();
    }

    /// <summary>
    /// True when the file of the name is not the one that is read; and from time to time, for files of which the name alone does not tell.
    /// </summary>
    public bool MayHaveTurned => time.GetElapsedTime(_surveyed) >= options.Rest
        || (RegularFiles.IsRegular(path) && _members.Find(m => m is { Log: not null, Turned: null })?.Log!.IsAt(path) != true);

    /// <summary>Finds out which file is which now; returns how many were cut, of which nobody has the rest.</summary>
    public int Survey(List<RecordAssembler.Assembled> finished) => Survey(finished, isFirst: false);

    private int Survey(List<RecordAssembler.Assembled> finished, bool isFirst)
    {
        _surveyed = time.GetTimestamp();
        var files = new List<Candidate>();
        try
        {
            foreach (var name in FilePlace.Family(path))
            {
                if (Candidate.Open(name) is { } file)
                    files.Add(file);
            }

            return Survey(files, finished, isFirst);
        }
        finally
        {
            files.ForEach(f => f.Dispose());
        }
    }

    private int Survey(List<Candidate> files, List<RecordAssembler.Assembled> finished, bool isFirst)
    {
        var (free, found, cut) = (files.ToList(), new List<Member>(), 0);
        foreach (var member in _members)
        {
            var isCut = member.Log?.IsCut == true;
            // The file itself, or else one that has its content: a copy that was made before it was cut or removed.
            var itself = isCut ? null : free.Find(f => f.Node == member.Place.Node && IsSame(member, f));
            var file = itself ?? free.Find(f => HasContent(member, f));
            if (file is not null)
                free.Remove(file);
            if (isCut && file is null)
            {
                member.Log!.End(finished);
                member.Open(null);
                cut++;
            }
            else if (file is not null || member.Log is not null)
            {
                Continue(member, file, isCut);
                found.Add(member);
            }
        }

        foreach (var file in free)
            found.Add(Meet(file, found, isFirst));
        // As they follow each other; what is open and has no name any more is the oldest.
        _members = [.. found.OrderBy(m => files.FindIndex(f => f.Path == m.Path))];
        return cut;
    }

    private void Continue(Member member, Candidate? file, bool isCut)
    {
        var isCurrent = file?.Path == path;
        member.Turned = isCurrent ? null : member.Turned ?? time.GetTimestamp();
        member.Path = file?.Path ?? "";
        if (file is null)
            return;
        var isElsewhere = member.Log is not null && (isCut || (isCurrent && file.Node != member.Place.Node));
        if (isElsewhere || (member.Log is null && (isCurrent || file.Length > member.Place.Offset)))
            member.Open(Open(file.Path, member.Place.Offset));
    }

    private Member Meet(Candidate file, List<Member> known, bool isFirst)
    {
        var isCurrent = file.Path == path;
        var isCopy = known.Exists(m => m.Place.Offset >= FilePlace.LeastOfCopy && m.Place.IsIn(file.Handle));
        return !isCurrent && (isFirst || isCopy)
            ? new Member(FilePlace.At(file.Handle, file.Length), file.Path, null)
            : new Member(FilePlace.At(file.Handle, 0), file.Path, Open(file.Path, 0)) { Turned = isCurrent ? null : time.GetTimestamp() };
    }

    private OpenLog Open(string file, long offset) => new(file, offset, format, options, time);

    private static bool IsSame(Member member, Candidate file) =>
        member.Log is { } log ? log.HasNothing || log.IsIn(file.Handle) : member.Place.Offset == 0 || member.Place.IsIn(file.Handle);

    private static bool HasContent(Member member, Candidate file) =>
        member.Log is { } log ? log.IsIn(file.Handle) : member.Place.IsIn(file.Handle);

    public void Dispose() => _members.ForEach(m => m.Log?.Dispose());

    private sealed record Candidate(string Path, SafeFileHandle Handle, string Node, long Length) : IDisposable
    {
        // Null when it is gone in the meantime, or not ours to read.
        public static Candidate? Open(string path)
        {
            try
            {
                var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                return new Candidate(path, handle, FileNode.Of(handle), RandomAccess.GetLength(handle));
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }

        public void Dispose() => Handle.Dispose();
    }
}
