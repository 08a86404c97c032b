-- SPDX-License-Identifier: Apache-2.0
--
-- Questions to the fleet's store, as those of ClickHouse. Each begins with its name. Values that begin with a colon are
-- variables of psql: --set host=web-01.

-- completeness: what is missing of each boot between its first and its last number, and how much of that loss lines
-- name. `lost` must be 0. A `first` of more than 1: older lines were removed, here or by the host before they were
-- sent.
WITH numbers AS (
    SELECT host, boot_id, seq, "time", lag(seq, 1, seq - 1) OVER (PARTITION BY host, boot_id ORDER BY seq) AS before
    FROM (SELECT host, boot_id, seq, min("time") AS "time" FROM rand_guard.lines GROUP BY host, boot_id, seq) AS l
), named AS ( -- ranges of loss lines, none of which overlaps another
    SELECT host, boot_id, last_seq AS last,
        greatest(first_seq, 1 + max(last_seq) OVER (PARTITION BY host, boot_id ORDER BY first_seq, last_seq
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS first
    FROM rand_guard.lines
    WHERE event_type = 'loss' AND first_seq IS NOT NULL
), explained AS (
    SELECT g.host, g.boot_id, sum(least(g.seq - 1, n.last) + 1 - greatest(g.before + 1, n.first)) AS count
    FROM numbers AS g JOIN named AS n USING (host, boot_id)
    WHERE g.seq > g.before + 1 AND n.first < g.seq AND n.last > g.before AND n.first <= n.last
    GROUP BY g.host, g.boot_id
), boots AS (
    SELECT host, boot_id, min(seq) AS first, max(seq) AS last, count(*) AS there, max("time") AS latest
    FROM numbers GROUP BY host, boot_id
)
SELECT host, boot_id, first, last, there, latest, last - first + 1 - there AS missing, coalesce(count, 0) AS named,
    last - first + 1 - there - coalesce(count, 0) AS lost
FROM boots LEFT JOIN explained USING (host, boot_id)
ORDER BY lost DESC, host, latest;

-- gaps: the numbers of a host that are missing, with the time before and behind them.
SELECT boot_id, before + 1 AS first, seq - 1 AS last, time_before, "time" AS time_behind
FROM (
    SELECT boot_id, seq, "time", lag(seq, 1, seq - 1) OVER w AS before, lag("time") OVER w AS time_before
    FROM (SELECT boot_id, seq, min("time") AS "time" FROM rand_guard.lines WHERE host = :'host' GROUP BY boot_id, seq) AS l
    WINDOW w AS (PARTITION BY boot_id ORDER BY seq)
) AS numbers
WHERE seq > before + 1
ORDER BY time_behind;

-- segments: ends of segments that say something else than what is here. For a while, those whose lines are on their
-- way.
SELECT s.boot_id, s.first_seq, s.last_seq, s.lines AS written, count(l.seq) AS there, s.bytes AS written_bytes,
    coalesce(sum(octet_length(l.line) + 1), 0) AS there_bytes
FROM rand_guard.segments AS s
LEFT JOIN rand_guard.lines AS l ON l.boot_id = s.boot_id AND l.seq BETWEEN s.first_seq AND s.last_seq
    AND l.host = (SELECT host FROM rand_guard.lines AS of_boot WHERE of_boot.boot_id = s.boot_id LIMIT 1)
GROUP BY s.boot_id, s.first_seq, s.last_seq, s.lines, s.bytes, s.xxh128
HAVING s.lines <> count(l.seq) OR s.bytes <> coalesce(sum(octet_length(l.line) + 1), 0)
ORDER BY s.boot_id, s.first_seq;

-- silent: hosts of the last 30 days from which nothing has come for two minutes. A host that works writes a health
-- line every ten seconds.
SELECT host, max(received) AS last_received, max("time") AS last_line,
    extract(epoch FROM now() - max(received))::bigint AS seconds
FROM rand_guard.lines
WHERE received > now() - interval '30 days'
GROUP BY host
HAVING max(received) < now() - interval '2 minutes'
ORDER BY seconds DESC;

-- versions: what each host runs, and how it is, by its newest health line.
SELECT DISTINCT ON (host) host, status, mode, collector_version AS version, kernel_release AS kernel, rule_set_hash AS rules,
    "time" AS at
FROM rand_guard.lines
WHERE event_type = 'health' AND received > now() - interval '1 day'
ORDER BY host, "time" DESC, seq DESC;

-- talkers: which programs of which hosts most lines of the last day are about.
SELECT host, exe_path, event_type, count(*) AS lines, sum(octet_length(line)) AS bytes
FROM rand_guard.lines
WHERE received > now() - interval '1 day'
GROUP BY host, exe_path, event_type
ORDER BY bytes DESC
LIMIT 50;

-- tree: a process and all that came from it, by its process_id.
WITH RECURSIVE tree AS (
    SELECT process_id, 0 AS depth FROM rand_guard.lines
    WHERE event_type = 'process_start' AND process_id = :'process_id'
    UNION
    SELECT l.process_id, t.depth + 1
    FROM rand_guard.lines AS l JOIN tree AS t ON l.parent_process_id = t.process_id
    WHERE l.event_type = 'process_start' AND t.depth < 64
)
SELECT l."time", l.host, t.depth, l.process_id, l.parent_process_id, l."user", l.exe_path, l.command_line
FROM (SELECT process_id, min(depth) AS depth FROM tree GROUP BY process_id) AS t
JOIN rand_guard.lines AS l ON l.process_id = t.process_id AND l.event_type = 'process_start'
ORDER BY l."time", l.seq;

-- hops: connections from a process of one host to a process of another one, which are the same by their four ends.
SELECT c."time", c.host AS from_host, c.process_id AS from_process, c.exe_path AS from_exe,
    a.host AS to_host, a.process_id AS to_process, a.exe_path AS to_exe, c.remote_addr AS addr, c.remote_port AS port
FROM rand_guard.lines AS c
JOIN rand_guard.lines AS a ON a.local_addr = c.remote_addr AND a.local_port = c.remote_port
    AND a.remote_addr = c.local_addr AND a.remote_port = c.local_port
WHERE c.event_type = 'network_connect' AND a.event_type = 'network_accept' AND a.host <> c.host
    AND c.remote_addr NOT LIKE '127.%' AND c.remote_addr <> '::1'
    AND a."time" BETWEEN c."time" - interval '1 minute' AND c."time" + interval '1 minute'
ORDER BY c."time";

-- techniques: alerts of the last week by technique of ATT&CK.
SELECT upper(substr(tag, 8)) AS technique, count(*) AS alerts, sum(greatest(count, 1)) AS with_folded,
    count(DISTINCT host) AS hosts, array_agg(DISTINCT rule_id) AS rules, min("time") AS first, max("time") AS last
FROM rand_guard.lines CROSS JOIN unnest(tags) AS tag
WHERE event_type = 'alert' AND received > now() - interval '7 days' AND tag ~ '^attack\.t[0-9]+'
GROUP BY technique
ORDER BY alerts DESC, technique;

-- forged: lines that say they are of another host than the one whose certificate brought them.
SELECT sender, host, count(*) AS lines, max(received) AS last
FROM rand_guard.lines
WHERE sender <> host
GROUP BY sender, host
ORDER BY last DESC;

-- disk: what lines take here.
SELECT count(*) AS lines, sum(octet_length(line) + 1) AS bytes, pg_total_relation_size('rand_guard.lines') AS on_disk,
    round(pg_total_relation_size('rand_guard.lines')::numeric / nullif(count(*), 0), 1) AS on_disk_each
FROM rand_guard.lines;
