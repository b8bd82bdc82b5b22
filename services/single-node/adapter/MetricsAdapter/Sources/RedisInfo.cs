using System.Globalization;
using Samples.MetricsAdapter.Page;
using static Samples.MetricsAdapter.Page.MetricType;

namespace Samples.MetricsAdapter.Sources;

/// <summary>
/// The fields of Redis' INFO (https://redis.io/docs/latest/commands/info) as metrics. Names are those of the exporter that most dashboards
/// for Redis are made for, where they follow the conventions.
/// </summary>
internal static class RedisInfo
{
    private sealed record Field(string Metric, MetricType Type, double Divide = 1);

    private static readonly Dictionary<string, Field> Fields = new(StringComparer.Ordinal)
    {
        ["active_defrag_hits"] = new("redis_defrag_hits", Gauge),
        ["active_defrag_misses"] = new("redis_defrag_misses", Gauge),
        ["active_defrag_running"] = new("redis_active_defrag_running", Gauge),
        ["allocator_active"] = new("redis_allocator_active_bytes", Gauge),
        ["allocator_allocated"] = new("redis_allocator_allocated_bytes", Gauge),
        ["allocator_frag_bytes"] = new("redis_allocator_frag_bytes", Gauge),
        ["allocator_frag_ratio"] = new("redis_allocator_frag_ratio", Gauge),
        ["allocator_resident"] = new("redis_allocator_resident_bytes", Gauge),
        ["allocator_rss_bytes"] = new("redis_allocator_rss_bytes", Gauge),
        ["allocator_rss_ratio"] = new("redis_allocator_rss_ratio", Gauge),
        ["aof_current_size"] = new("redis_aof_current_size_bytes", Gauge),
        ["aof_enabled"] = new("redis_aof_enabled", Gauge),
        ["aof_rewrite_in_progress"] = new("redis_aof_rewrite_in_progress", Gauge),
        ["aof_rewrite_scheduled"] = new("redis_aof_rewrite_scheduled", Gauge),
        ["blocked_clients"] = new("redis_blocked_clients", Gauge),
        ["client_recent_max_input_buffer"] = new("redis_client_recent_max_input_buffer_bytes", Gauge),
        ["client_recent_max_output_buffer"] = new("redis_client_recent_max_output_buffer_bytes", Gauge),
        ["clients_in_timeout_table"] = new("redis_clients_in_timeout_table", Gauge),
        ["cluster_enabled"] = new("redis_cluster_enabled", Gauge),
        ["connected_clients"] = new("redis_connected_clients", Gauge),
        ["connected_slaves"] = new("redis_connected_slaves", Gauge),
        ["evicted_keys"] = new("redis_evicted_keys_total", Counter),
        ["expired_keys"] = new("redis_expired_keys_total", Counter),
        ["expired_time_cap_reached_count"] = new("redis_expired_time_cap_reached_total", Counter),
        ["keyspace_hits"] = new("redis_keyspace_hits_total", Counter),
        ["keyspace_misses"] = new("redis_keyspace_misses_total", Counter),
        ["latest_fork_usec"] = new("redis_latest_fork_seconds", Gauge, 1_000_000),
        ["lazyfree_pending_objects"] = new("redis_lazyfree_pending_objects", Gauge),
        ["loading"] = new("redis_loading_dump_file", Gauge),
        ["master_repl_offset"] = new("redis_master_repl_offset", Gauge),
        ["maxmemory"] = new("redis_memory_max_bytes", Gauge),
        ["mem_clients_normal"] = new("redis_mem_clients_normal", Gauge),
        ["mem_clients_slaves"] = new("redis_mem_clients_slaves", Gauge),
        ["mem_fragmentation_bytes"] = new("redis_mem_fragmentation_bytes", Gauge),
        ["mem_fragmentation_ratio"] = new("redis_mem_fragmentation_ratio", Gauge),
        ["mem_not_counted_for_evict"] = new("redis_mem_not_counted_for_eviction_bytes", Gauge),
        ["number_of_cached_scripts"] = new("redis_number_of_cached_scripts", Gauge),
        ["process_id"] = new("redis_process_id", Gauge),
        ["pubsub_channels"] = new("redis_pubsub_channels", Gauge),
        ["pubsub_patterns"] = new("redis_pubsub_patterns", Gauge),
        ["rdb_bgsave_in_progress"] = new("redis_rdb_bgsave_in_progress", Gauge),
        ["rdb_changes_since_last_save"] = new("redis_rdb_changes_since_last_save", Gauge),
        ["rdb_last_cow_size"] = new("redis_rdb_last_cow_size_bytes", Gauge),
        ["rdb_last_save_time"] = new("redis_rdb_last_save_timestamp_seconds", Gauge),
        ["rejected_connections"] = new("redis_rejected_connections_total", Counter),
        ["repl_backlog_active"] = new("redis_repl_backlog_is_active", Gauge),
        ["repl_backlog_first_byte_offset"] = new("redis_repl_backlog_first_byte_offset", Gauge),
        ["repl_backlog_histlen"] = new("redis_repl_backlog_history_bytes", Gauge),
        ["repl_backlog_size"] = new("redis_replication_backlog_bytes", Gauge),
        ["total_commands_processed"] = new("redis_commands_processed_total", Counter),
        ["total_connections_received"] = new("redis_connections_received_total", Counter),
        ["total_error_replies"] = new("redis_error_replies_total", Counter),
        ["total_net_input_bytes"] = new("redis_net_input_bytes_total", Counter),
        ["total_net_output_bytes"] = new("redis_net_output_bytes_total", Counter),
        ["total_reads_processed"] = new("redis_reads_processed_total", Counter),
        ["total_writes_processed"] = new("redis_writes_processed_total", Counter),
        ["tracking_clients"] = new("redis_tracking_clients", Gauge),
        ["uptime_in_seconds"] = new("redis_uptime_in_seconds", Gauge),
        ["used_cpu_sys"] = new("redis_cpu_sys_seconds_total", Counter),
        ["used_cpu_sys_children"] = new("redis_cpu_sys_children_seconds_total", Counter),
        ["used_cpu_user"] = new("redis_cpu_user_seconds_total", Counter),
        ["used_cpu_user_children"] = new("redis_cpu_user_children_seconds_total", Counter),
        ["used_memory"] = new("redis_memory_used_bytes", Gauge),
        ["used_memory_dataset"] = new("redis_memory_used_dataset_bytes", Gauge),
        ["used_memory_lua"] = new("redis_memory_used_lua_bytes", Gauge),
        ["used_memory_overhead"] = new("redis_memory_used_overhead_bytes", Gauge),
        ["used_memory_peak"] = new("redis_memory_used_peak_bytes", Gauge),
        ["used_memory_rss"] = new("redis_memory_used_rss_bytes", Gauge),
        ["used_memory_startup"] = new("redis_memory_used_startup_bytes", Gauge),
    };

    // What is a word in INFO is 1 when all is well.
    private static readonly Dictionary<string, (string Metric, string Well)> States = new(StringComparer.Ordinal)
    {
        ["aof_last_bgrewrite_status"] = ("redis_aof_last_bgrewrite_status", "ok"),
        ["aof_last_write_status"] = ("redis_aof_last_write_status", "ok"),
        ["master_link_status"] = ("redis_master_link_up", "up"),
        ["rdb_last_bgsave_status"] = ("redis_rdb_last_bgsave_status", "ok"),
    };

    private static readonly string[] Described = ["redis_version", "redis_mode", "role", "os"];

    /// <summary>The metrics in a reply to INFO.</summary>
    public static Reading Read(string info)
    {
        var (samples, described, refused) = (new List<Sample>(), new List<Label>(), 0);
        foreach (var line in info.Split('\n').Select(l => l.TrimEnd('\r')).Where(l => l.Length > 0 && l[0] != '#'))
        {
            if (line.IndexOf(':') is var colon && colon <= 0)
            {
                refused++;
                continue;
            }

            var (name, value) = (line[..colon], line[(colon + 1)..]);
            if (Described.Contains(name))
                described.Add(new Label(name, value));
            else if (States.TryGetValue(name, out var state))
                samples.Add(new Sample(Family(state.Metric, Gauge, name), [], value == state.Well ? 1 : 0));
            else if (name.StartsWith("cmdstat_", StringComparison.Ordinal))
                AddCommand(samples, name["cmdstat_".Length..], Pairs(value));
            else if (name.StartsWith("db", StringComparison.Ordinal)
                && int.TryParse(name.AsSpan(2), NumberStyles.None, CultureInfo.InvariantCulture, out _))
                AddDatabase(samples, name, Pairs(value));
            else if (Fields.TryGetValue(name, out var field))
                refused += Add(samples, Family(field.Metric, field.Type, name), [], value, field.Divide) ? 0 : 1;
        }

        if (samples.Count == 0)
            throw new SourceException(info.Length == 0 ? "empty" : "format", "The fields of Redis' INFO are expected.");
        if (described.Count > 0)
            samples.Add(new Sample(new MetricFamily("redis_instance_info", Gauge, "What the server says that it is."), described, 1));
        return new Reading(samples, new Dictionary<string, int> { ["format"] = refused });
    }

    private static void AddCommand(List<Sample> samples, string command, Dictionary<string, string> values)
    {
        Label[] labels = [new("cmd", command)];
        AddPart("calls", "redis_commands_total", 1);
        AddPart("usec", "redis_commands_duration_seconds_total", 1_000_000);
        AddPart("failed_calls", "redis_commands_failed_calls_total", 1);
        AddPart("rejected_calls", "redis_commands_rejected_calls_total", 1);

        void AddPart(string part, string metric, double divide)
        {
            if (values.TryGetValue(part, out var value))
                Add(samples, Family(metric, Counter, $"cmdstat, {part},"), labels, value, divide);
        }
    }

    private static void AddDatabase(List<Sample> samples, string database, Dictionary<string, string> values)
    {
        Label[] labels = [new("db", database)];
        AddPart("keys", "redis_db_keys", 1);
        AddPart("expires", "redis_db_keys_expiring", 1);
        AddPart("avg_ttl", "redis_db_avg_ttl_seconds", 1_000);

        void AddPart(string part, string metric, double divide)
        {
            if (values.TryGetValue(part, out var value))
                Add(samples, Family(metric, Gauge, $"keyspace, {part},"), labels, value, divide);
        }
    }

    private static bool Add(List<Sample> samples, MetricFamily family, IReadOnlyList<Label> labels, string text, double divide)
    {
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
            return false;
        samples.Add(new Sample(family, labels, value / divide));
        return true;
    }

    private static MetricFamily Family(string metric, MetricType type, string field) =>
        new(metric, type, $"The field {field} of Redis' INFO.");

    private static Dictionary<string, string> Pairs(string text) => text.Split(',').Select(p => p.Split('=', 2)).Where(p => p.Length == 2)
        .GroupBy(p => p[0]).ToDictionary(g => g.Key, g => g.Last()[1]);
}
