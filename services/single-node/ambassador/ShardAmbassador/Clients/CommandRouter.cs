using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Samples.ShardAmbassador.Resp;
using Samples.ShardAmbassador.Shards;

namespace Samples.ShardAmbassador.Clients;

/// <summary>Sends each command where its keys are.</summary>
internal sealed class CommandRouter(ShardPool pool, OwnAnswers own)
{
    private static readonly byte[] NotRun = RespWriter.Error("ERR not run: the transaction that it belongs to was refused");
    private static readonly byte[] NobodyLeft = RespWriter.Error("ERR no shard is in use: all have failed");

    /// <summary>Ends a turn: what was collected for the servers leaves.</summary>
    public void Flush() => pool.Turn.End();

    /// <summary>Routes the command that <paramref name="reader"/> has found in <paramref name="command"/>.</summary>
    public void Route(ClientConnection client, CommandReader reader, ReadOnlySpan<byte> command)
    {
        var name = reader.Argument(command, 0);
        var spec = CommandTable.Find(name);
        if (client.IsInRefusedTransaction && spec?.Name is not ("exec" or "discard" or "reset" or "quit"))
        {
            client.Answer(NotRun);
            return;
        }

        client.IsInRefusedTransaction = spec?.Name == "multi";
        switch (spec?.Handling)
        {
            case Handling.Forward or Handling.Split:
                if (TryLocate(reader, command, spec, out var first, out var last, out var error))
                    Send(client, reader, command, spec, first, last);
                else
                    client.Answer(RespWriter.Error(error));
                break;
            case Handling.Own:
                own.Answer(client, spec.Name, reader, command);
                break;
            case Handling.Refuse:
                client.Answer(RespWriter.Error($"ERR '{spec.Name}' cannot be sharded: {spec.Why}"));
                break;
            default:
                client.Answer(RespWriter.Error($"ERR unknown command '{Printable(name)}'"));
                break;
        }
    }

    // The places of the first and last key; a key before a counted list (a destination) is checked with them.
    private static bool TryLocate(
        CommandReader reader, ReadOnlySpan<byte> command, CommandSpec spec, out int first, out int last, out string error)
    {
        error = $"ERR wrong number of arguments for '{spec.Name}' command";
        (first, last) = (spec.First, spec.Last < 0 ? reader.Count + spec.Last : spec.Last);
        if (spec.CountAt > 0)
        {
            if (reader.Count <= spec.CountAt)
                return false;
            var text = reader.Argument(command, spec.CountAt);
            if (!Utf8Parser.TryParse(text, out int count, out var used) || used != text.Length || count < 0)
                error = "ERR value is not an integer or out of range";
            else if (count == 0 && spec.First == 0)
                error = $"ERR '{spec.Name}' cannot be sharded without a key: the first key says where it runs";
            else if (count < reader.Count - spec.CountAt)
            {
                (first, last) = (spec.CountAt + 1, spec.CountAt + count);
                return true;
            }

            return false;
        }

        return last < reader.Count && last >= first && (spec.Step == 1 || (reader.Count - first) % spec.Step == 0);
    }

    private void Send(ClientConnection client, CommandReader reader, ReadOnlySpan<byte> command, CommandSpec spec, int first, int last)
    {
        var shard = pool.Find(reader.Argument(command, first));
        if (shard is null)
        {
            client.Answer(NobodyLeft);
            return;
        }

        var isOne = spec is not { CountAt: > 0, First: > 0 } || pool.Find(reader.Argument(command, spec.First)) == shard;
        for (var i = first + spec.Step; isOne && i <= last; i += spec.Step)
            isOne = pool.Find(reader.Argument(command, i)) == shard;
        if (spec.OptionsAt > 0 && !AreOptionsFor(shard, client, reader, command, spec))
            return;
        if (isOne)
            shard.Connection(client.Protocol).Send(client.Owe(), 0, reader.IsInline ? Encode(reader, command) : command);
        else if (spec.Handling == Handling.Split)
            Split(client, reader, command, spec);
        else
            client.Answer(OnDifferentShards(spec));
    }

    private static byte[] OnDifferentShards(CommandSpec spec) =>
        RespWriter.Error($"CROSSSLOT the keys of '{spec.Name}' are on different shards; a hash tag such as {{user7}} keeps keys together");

    // Whether all that the options name is on the key's server; if not, the client is told.
    private bool AreOptionsFor(Shard shard, ClientConnection client, CommandReader reader, ReadOnlySpan<byte> command, CommandSpec spec)
    {
        for (var i = spec.OptionsAt; i < reader.Count - 1; i++)
        {
            var option = Printable(reader.Argument(command, i)).ToLowerInvariant();
            var value = reader.Argument(command, i + 1);
            if (spec.Patterns.Contains(option) && value.Contains((byte)'*'))
                client.Answer(RespWriter.Error(
                    $"ERR '{spec.Name}' with {option.ToUpperInvariant()} cannot be sharded: its pattern stands for keys on all servers"));
            else if (spec.Destinations.Contains(option) && pool.Find(value) != shard)
                client.Answer(OnDifferentShards(spec));
            else
                continue;
            return false;
        }

        return true;
    }

    private void Split(ClientConnection client, CommandReader reader, ReadOnlySpan<byte> command, CommandSpec spec)
    {
        var parts = new Dictionary<Shard, List<int>>();
        for (var i = spec.First; i < reader.Count; i += spec.Step)
        {
            // The distribution may change between two keys; each key then goes where it belongs now.
            if (pool.Find(reader.Argument(command, i)) is not { } shard)
            {
                client.Answer(NobodyLeft);
                return;
            }

            if (!parts.TryGetValue(shard, out var places))
                parts[shard] = places = [];
            places.Add((i - spec.First) / spec.Step);
        }

        var merge = new MergedReply(spec.Merging, [.. parts.Values.Select(p => p.ToArray())]);
        var owed = client.Owe(merge);
        var output = new ArrayBufferWriter<byte>();
        foreach (var (part, (shard, places)) in parts.Index())
        {
            output.ResetWrittenCount();
            RespWriter.Header(output, '*', 1 + places.Count * spec.Step);
            RespWriter.Bulk(output, reader.Argument(command, 0));
            foreach (var place in places)
            {
                for (var i = 0; i < spec.Step; i++)
                    RespWriter.Bulk(output, reader.Argument(command, spec.First + place * spec.Step + i));
            }

            shard.Connection(client.Protocol).Send(owed, part, output.WrittenSpan);
        }
    }

    private static ReadOnlySpan<byte> Encode(CommandReader reader, ReadOnlySpan<byte> command)
    {
        var output = new ArrayBufferWriter<byte>();
        RespWriter.Header(output, '*', reader.Count);
        for (var i = 0; i < reader.Count; i++)
            RespWriter.Bulk(output, reader.Argument(command, i));
        return output.WrittenSpan;
    }

    private static string Printable(ReadOnlySpan<byte> name) =>
        string.Concat(Encoding.ASCII.GetString(name[..Math.Min(name.Length, 64)]).Select(c => char.IsControl(c) ? '?' : c));
}
