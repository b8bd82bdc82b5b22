using System.Buffers;
using System.Text;
using Samples.ShardAmbassador.Resp;
using Samples.ShardAmbassador.Shards;

namespace Samples.ShardAmbassador.Clients;

/// <summary>
/// What clients ask when they connect, before they ask for keys. The ambassador looks like one Redis server without replicas.
/// </summary>
internal sealed class OwnAnswers(ShardPool pool, TimeProvider time)
{
    // What clients choose their commands by; the oldest that has everything the table of commands has.
    private const string Version = "7.4.0";

    private static readonly Dictionary<string, string> Settings = new()
    {
        ["appendonly"] = "no", ["databases"] = "1", ["maxmemory"] = "0", ["save"] = "",
        ["slave-read-only"] = "no", ["replica-read-only"] = "no", ["timeout"] = "0",
    };

    private static readonly byte[] NoName = RespWriter.Error("ERR Client names cannot contain spaces, newlines or special characters.");

    private readonly long _began = time.GetTimestamp();

    /// <summary>Answers one of the commands with <see cref="Handling.Own"/>.</summary>
    public void Answer(ClientConnection client, string name, CommandReader reader, ReadOnlySpan<byte> command)
    {
        var given = Texts(reader, command);
        string[] arguments = [.. given.Select(g => g.ToLowerInvariant())];
        var output = new ArrayBufferWriter<byte>();
        switch (name)
        {
            case "ping" when arguments.Length == 0:
                output.Write("+PONG\r\n"u8);
                break;
            case "ping" or "echo" when arguments.Length == 1:
                RespWriter.Bulk(output, reader.Argument(command, 1));
                break;
            case "hello":
                Hello(client, arguments, given, output);
                break;
            case "client" when arguments.Length > 0:
                Client(client, arguments, given, output);
                break;
            case "command":
                Command(client, arguments, output);
                break;
            case "config" when arguments is ["get", _, ..]:
                Map(client, output, [.. arguments[1..].Where(Settings.ContainsKey).Distinct().Select(a => (a, Settings[a]))]);
                break;
            case "info":
                RespWriter.Bulk(output, Info());
                break;
            case "select" when arguments is ["0"]:
                output.Write("+OK\r\n"u8);
                break;
            case "reset":
                (client.Protocol, client.Name) = (2, "");
                output.Write("+RESET\r\n"u8);
                break;
            case "quit":
                client.IsLeaving = true;
                output.Write("+OK\r\n"u8);
                break;
            default:
                output.Write(RespWriter.Error(Refusal(name, arguments)));
                break;
        }

        client.Answer(output.WrittenSpan);
    }

    private static string Refusal(string name, string[] arguments) => name switch
    {
        "auth" => "ERR the ambassador listens on loopback and has no password",
        "config" when arguments.Length > 0 => "ERR only CONFIG GET is answered; servers are administered directly",
        "select" when arguments.Length == 1 => "ERR there is one database, 0",
        _ => $"ERR wrong number of arguments for '{name}' command",
    };

    private static void Hello(ClientConnection client, string[] arguments, string[] given, ArrayBufferWriter<byte> output)
    {
        if (arguments.Length > 0 && arguments[0] is not ("2" or "3"))
        {
            output.Write("-NOPROTO unsupported protocol version\r\n"u8);
            return;
        }

        var name = client.Name;
        for (var i = 1; i < arguments.Length; i++)
        {
            if (arguments[i] == "setname" && i + 1 < arguments.Length)
                name = given[++i];
            else if (arguments[i] == "auth")
            {
                output.Write(RespWriter.Error(Refusal("auth", [])));
                return;
            }
        }

        if (!IsName(name))
        {
            output.Write(NoName);
            return;
        }

        client.Name = name;
        if (arguments.Length > 0)
            client.Protocol = arguments[0] == "3" ? 3 : 2;
        RespWriter.Header(output, client.Protocol == 3 ? '%' : '*', client.Protocol == 3 ? 7 : 14);
        foreach (var (property, value) in new[] { ("server", "redis"), ("version", Version), ("mode", "standalone"), ("role", "master") })
        {
            RespWriter.Bulk(output, property);
            RespWriter.Bulk(output, value);
        }

        RespWriter.Bulk(output, "proto");
        RespWriter.Number(output, client.Protocol);
        RespWriter.Bulk(output, "id");
        RespWriter.Number(output, client.Id);
        RespWriter.Bulk(output, "modules");
        RespWriter.Header(output, '*', 0);
    }

    private static void Client(ClientConnection client, string[] arguments, string[] given, ArrayBufferWriter<byte> output)
    {
        switch (arguments[0])
        {
            case "setname" when arguments.Length == 2 && !IsName(given[1]):
                output.Write(NoName);
                break;
            case "setname" when arguments.Length == 2:
                client.Name = given[1];
                output.Write("+OK\r\n"u8);
                break;
            case "setinfo" or "no-evict" or "no-touch":
                output.Write("+OK\r\n"u8);
                break;
            case "getname" when client.Name.Length == 0:
                RespWriter.Null(output, client.Protocol);
                break;
            case "getname":
                RespWriter.Bulk(output, client.Name);
                break;
            case "id":
                RespWriter.Number(output, client.Id);
                break;
            case "info" or "list":
                RespWriter.Bulk(output, $"id={client.Id} name={client.Name} db=0 resp={client.Protocol}\n");
                break;
            default:
                output.Write(RespWriter.Error("ERR CLIENT answers to SETNAME, GETNAME, SETINFO, ID, INFO and LIST only"));
                break;
        }
    }

    // Redis' rule: a name shows up in lists of clients, a line each.
    private static bool IsName(string text) => text.All(c => c is >= '!' and <= '~');

    private static void Command(ClientConnection client, string[] arguments, ArrayBufferWriter<byte> output)
    {
        if (arguments is ["count"])
            RespWriter.Number(output, 0);
        else if (arguments is ["docs", ..])
            Map(client, output, []);
        else
            RespWriter.Header(output, '*', 0);
    }

    private static void Map(ClientConnection client, ArrayBufferWriter<byte> output, (string Name, string Value)[] entries)
    {
        RespWriter.Header(output, client.Protocol == 3 ? '%' : '*', entries.Length * (client.Protocol == 3 ? 1 : 2));
        foreach (var (name, value) in entries)
        {
            RespWriter.Bulk(output, name);
            RespWriter.Bulk(output, value);
        }
    }

    private string Info()
    {
        var text = new StringBuilder()
            .Append("# Server\r\nredis_version:").Append(Version).Append("\r\nredis_mode:standalone\r\nprocess_id:")
            .Append(Environment.ProcessId)
            .Append("\r\nuptime_in_seconds:").Append((long)time.GetElapsedTime(_began).TotalSeconds)
            .Append("\r\n\r\n# Replication\r\nrole:master\r\nconnected_slaves:0\r\n\r\n# Ambassador\r\ndistribution:")
            .Append(pool.Distribution).Append("\r\n");
        foreach (var shard in pool.Shards)
        {
            text.Append("shard_").Append(shard.Server.Name).Append(":state=").Append(shard.Ejection.IsEjected ? "ejected" : "live")
                .Append(",answered=").Append(shard.Answered).Append(",failed=").Append(shard.Failed).Append("\r\n");
        }

        return text.ToString();
    }

    // Names, options and what clients call themselves; PING and ECHO read their bytes themselves.
    private static string[] Texts(CommandReader reader, ReadOnlySpan<byte> command)
    {
        var texts = new string[Math.Min(reader.Count - 1, 16)];
        for (var i = 0; i < texts.Length; i++)
            texts[i] = Encoding.UTF8.GetString(reader.Argument(command, i + 1));
        return texts;
    }
}
