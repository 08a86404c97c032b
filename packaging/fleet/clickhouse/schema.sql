-- SPDX-License-Identifier: Apache-2.0
--
-- The fleet's lines in ClickHouse 25.3 or later: clickhouse-client --queries-file schema.sql. May be run again.
--
-- Senders insert lines as they are (FORMAT LineAsString) into rand_guard.incoming. Nothing in a line makes an insert
-- fail, so that no line holds up those behind it. docs/fleet.md says more.
CREATE DATABASE IF NOT EXISTS rand_guard;

-- Keeps nothing. Fields that a line does not have are empty or 0. A line is parsed once, for all views below.
CREATE TABLE IF NOT EXISTS rand_guard.incoming
(
    line String,
    sender LowCardinality(String) DEFAULT currentUser(), -- as the server has authenticated it
    received DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC'),
    fields DEFAULT JSONExtract(line, 'Tuple(
        event_type String, boot_id String, seq UInt64, time String, host String, agent_id String,
        pid UInt32, ppid UInt32, uid UInt32, user String, comm String, exe_path String, command_line String,
        process_id String, parent_process_id String, container_id String, path String,
        remote_addr String, remote_port UInt16, local_addr String, local_port UInt16,
        rule_id String, rule_name String, severity String, tags Array(String), count UInt64,
        status String, mode String, rule_set_hash String, collector Tuple(version String, kernel_release String),
        first_seq UInt64, last_seq UInt64, lines UInt64, bytes UInt64, xxh128 String)')
)
ENGINE = Null;

-- Each line once: of lines with the same host, boot and number, the first one that came is left when parts are merged.
-- So nobody who takes over a host can replace what that host has sent, nor what others have. Queries that count say
-- FINAL, which merges while it reads.
--
-- The partition must follow from the line alone. If not, a line that comes twice could be in two of them, and stay so.
CREATE TABLE IF NOT EXISTS rand_guard.lines
(
    host LowCardinality(String),
    boot_id UUID,
    seq UInt64 CODEC(Delta, ZSTD),
    time DateTime64(9, 'UTC') CODEC(Delta, ZSTD), -- as the host's clock says
    received DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
    earlier UInt64 CODEC(Delta, ZSTD), -- milliseconds from then until 2100: larger for what came first
    sender LowCardinality(String),
    event_type LowCardinality(String),
    agent_id LowCardinality(String),
    pid UInt32 CODEC(ZSTD),
    ppid UInt32 CODEC(ZSTD),
    uid UInt32 CODEC(ZSTD),
    user LowCardinality(String),
    comm LowCardinality(String),
    exe_path LowCardinality(String),
    command_line String CODEC(ZSTD),
    process_id String CODEC(ZSTD),
    parent_process_id String CODEC(ZSTD),
    container_id LowCardinality(String),
    path String CODEC(ZSTD),
    remote_addr LowCardinality(String),
    remote_port UInt16 CODEC(ZSTD),
    local_addr LowCardinality(String),
    local_port UInt16 CODEC(ZSTD),
    rule_id LowCardinality(String),
    rule_name LowCardinality(String),
    severity LowCardinality(String),
    tags Array(LowCardinality(String)),
    count UInt64 CODEC(ZSTD), -- of losses and folded alerts
    status LowCardinality(String),
    mode LowCardinality(String),
    rule_set_hash LowCardinality(String),
    collector_version LowCardinality(String),
    kernel_release LowCardinality(String),
    first_seq UInt64 CODEC(ZSTD), -- of losses: numbers of lines that may be missing; 0: none are
    last_seq UInt64 CODEC(ZSTD),
    line String CODEC(ZSTD(3)),
    INDEX by_time time TYPE minmax GRANULARITY 1,
    INDEX by_event event_type TYPE set(100) GRANULARITY 1,
    INDEX by_process process_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX by_parent parent_process_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(earlier)
-- A host whose clock was never set has one partition, and no more.
PARTITION BY if(time BETWEEN '2020-01-01 00:00:00' AND '2100-01-01 00:00:00', toYYYYMMDD(time), 0)
ORDER BY (host, boot_id, seq, sender)
TTL toDateTime(received) + INTERVAL 90 DAY
-- An insert is answered when it is on the disk itself, so that a power cut takes nothing that hosts call sent.
SETTINGS ttl_only_drop_parts = 1, fsync_after_insert = 1, fsync_part_directory = 1;

-- What the ends of segments say was written: `lines` lines from first_seq to last_seq.
CREATE TABLE IF NOT EXISTS rand_guard.segments
(
    boot_id UUID,
    first_seq UInt64,
    last_seq UInt64,
    lines UInt64,
    bytes UInt64, -- with newlines
    xxh128 FixedString(32),
    received DateTime64(3, 'UTC'),
    sender LowCardinality(String)
)
ENGINE = ReplacingMergeTree
ORDER BY (boot_id, first_seq, last_seq, lines, bytes, xxh128)
TTL toDateTime(received) + INTERVAL 90 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- What is neither: not from rand-guard, or cut. Nothing should be here.
CREATE TABLE IF NOT EXISTS rand_guard.unreadable
(
    received DateTime64(3, 'UTC'),
    sender LowCardinality(String),
    line String CODEC(ZSTD(3))
)
ENGINE = MergeTree
ORDER BY received
TTL toDateTime(received) + INTERVAL 90 DAY;

CREATE MATERIALIZED VIEW IF NOT EXISTS rand_guard.to_lines TO rand_guard.lines AS
SELECT
    fields.host AS host, toUUIDOrZero(fields.boot_id) AS boot_id, fields.seq AS seq,
    parseDateTime64BestEffortOrZero(fields.time, 9, 'UTC') AS time, received,
    toUInt64(4102444800000 - toUnixTimestamp64Milli(received)) AS earlier, sender,
    fields.event_type AS event_type, fields.agent_id AS agent_id,
    fields.pid AS pid, fields.ppid AS ppid, fields.uid AS uid, fields.user AS user, fields.comm AS comm,
    fields.exe_path AS exe_path, fields.command_line AS command_line,
    fields.process_id AS process_id, fields.parent_process_id AS parent_process_id,
    fields.container_id AS container_id, fields.path AS path,
    fields.remote_addr AS remote_addr, fields.remote_port AS remote_port,
    fields.local_addr AS local_addr, fields.local_port AS local_port,
    fields.rule_id AS rule_id, fields.rule_name AS rule_name, fields.severity AS severity,
    fields.tags::Array(LowCardinality(String)) AS tags, fields.count AS count,
    fields.status AS status, fields.mode AS mode, fields.rule_set_hash AS rule_set_hash,
    fields.collector.version AS collector_version, fields.collector.kernel_release AS kernel_release,
    fields.first_seq AS first_seq, fields.last_seq AS last_seq, line
FROM rand_guard.incoming
WHERE fields.seq != 0;

CREATE MATERIALIZED VIEW IF NOT EXISTS rand_guard.to_segments TO rand_guard.segments AS
SELECT
    toUUIDOrZero(fields.boot_id) AS boot_id, fields.first_seq AS first_seq, fields.last_seq AS last_seq,
    fields.lines AS lines, fields.bytes AS bytes, toFixedString(substring(fields.xxh128, 1, 32), 32) AS xxh128,
    received, sender
FROM rand_guard.incoming
WHERE fields.event_type = 'segment_end';

CREATE MATERIALIZED VIEW IF NOT EXISTS rand_guard.to_unreadable TO rand_guard.unreadable AS
SELECT received, sender, line
FROM rand_guard.incoming
WHERE fields.seq = 0 AND fields.event_type != 'segment_end';
