-- SPDX-License-Identifier: Apache-2.0
--
-- Questions to the fleet's store. Each begins with its name. Values in {braces} are parameters: --param_host=web-01.

-- completeness: what is missing of each boot between its first and its last number, and how much of that loss lines
-- name. `lost` must be 0. A `first` of more than 1: older lines were removed, here or by the host before they were
-- sent.
WITH
    numbers AS
    (
        SELECT host, boot_id, seq, time, lagInFrame(seq, 1, toUInt64(seq - 1)) OVER
            (PARTITION BY host, boot_id ORDER BY seq ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS before
        FROM (SELECT host, boot_id, seq, min(time) AS time FROM rand_guard.lines GROUP BY host, boot_id, seq)
    ),
    named AS -- ranges of loss lines, none of which overlaps another
    (
        SELECT host, boot_id, last_seq AS last,
            greatest(first_seq, 1 + max(last_seq) OVER (PARTITION BY host, boot_id ORDER BY first_seq, last_seq
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS first
        FROM rand_guard.lines FINAL
        WHERE event_type = 'loss' AND first_seq != 0
    ),
    explained AS
    (
        SELECT g.host AS host, g.boot_id AS boot_id,
            sum(least(g.seq - 1, n.last) + 1 - greatest(g.before + 1, n.first)) AS count
        FROM (SELECT * FROM numbers WHERE seq > before + 1) AS g
        JOIN named AS n ON n.host = g.host AND n.boot_id = g.boot_id
        WHERE n.first < g.seq AND n.last > g.before AND n.first <= n.last
        GROUP BY host, boot_id
    )
SELECT b.host AS host, b.boot_id AS boot_id, b.first AS first, b.last AS last, b.there AS there, b.latest AS latest,
    b.last - b.first + 1 - b.there AS missing, e.count AS named, missing - named AS lost
FROM
(
    SELECT host, boot_id, min(seq) AS first, max(seq) AS last, count() AS there, max(time) AS latest
    FROM numbers GROUP BY host, boot_id
) AS b
LEFT JOIN explained AS e ON e.host = b.host AND e.boot_id = b.boot_id
ORDER BY lost DESC, host, latest;

-- gaps: the numbers of a host that are missing, with the time before and behind them.
SELECT boot_id, before + 1 AS first, seq - 1 AS last, time_before, time AS time_behind
FROM
(
    SELECT boot_id, seq, time, lagInFrame(seq, 1, toUInt64(seq - 1)) OVER w AS before,
        lagInFrame(time, 1, time) OVER w AS time_before
    FROM (SELECT boot_id, seq, min(time) AS time FROM rand_guard.lines WHERE host = {host:String} GROUP BY boot_id, seq)
    WINDOW w AS (PARTITION BY boot_id ORDER BY seq ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
)
WHERE seq > before + 1
ORDER BY time_behind;

-- segments: ends of segments that say something else than what is here. For a while, those whose lines are on their
-- way.
SELECT s.boot_id AS boot_id, s.first_seq AS first_seq, s.last_seq AS last_seq, s.lines AS written, l.lines AS there,
    s.bytes AS written_bytes, l.bytes AS there_bytes
FROM (SELECT * FROM rand_guard.segments FINAL) AS s
LEFT JOIN
(
    SELECT s.boot_id AS boot_id, s.first_seq AS first_seq, count() AS lines, sum(length(l.line) + 1) AS bytes
    FROM (SELECT boot_id, seq, line FROM rand_guard.lines FINAL) AS l
    ASOF JOIN (SELECT boot_id, first_seq, last_seq FROM rand_guard.segments FINAL) AS s
        ON l.boot_id = s.boot_id AND l.seq >= s.first_seq
    WHERE l.seq <= s.last_seq
    GROUP BY boot_id, first_seq
) AS l ON l.boot_id = s.boot_id AND l.first_seq = s.first_seq
WHERE s.lines != l.lines OR s.bytes != l.bytes
ORDER BY boot_id, first_seq;

-- checksum: whether a segment's lines are those that were written, to the byte.
SELECT leftPad(lower(hex(xxh3_128(arrayStringConcat(groupArray(line || '\n'))))), 32, '0') AS computed,
    (
        SELECT xxh128 FROM rand_guard.segments FINAL
        WHERE boot_id = {boot_id:UUID} AND first_seq = {first_seq:UInt64}
    ) AS written, computed = written AS same
FROM
(
    SELECT line FROM rand_guard.lines FINAL
    WHERE boot_id = {boot_id:UUID} AND seq >= {first_seq:UInt64} AND seq <=
    (
        SELECT last_seq FROM rand_guard.segments FINAL
        WHERE boot_id = {boot_id:UUID} AND first_seq = {first_seq:UInt64}
    )
    ORDER BY seq
);

-- silent: hosts of the last 30 days from which nothing has come for two minutes. A host that works writes a health
-- line every ten seconds.
SELECT host, max(received) AS last_received, max(time) AS last_line,
    dateDiff('second', last_received, now64(3, 'UTC')) AS seconds
FROM rand_guard.lines
WHERE received > now() - INTERVAL 30 DAY
GROUP BY host
HAVING seconds > 120
ORDER BY seconds DESC;

-- versions: what each host runs, and how it is, by its newest health line.
SELECT host, argMax(status, n) AS status, argMax(mode, n) AS mode, argMax(collector_version, n) AS version,
    argMax(kernel_release, n) AS kernel, argMax(rule_set_hash, n) AS rules, max(time) AS at
FROM (SELECT *, (time, seq) AS n FROM rand_guard.lines WHERE event_type = 'health' AND received > now() - INTERVAL 1 DAY)
GROUP BY host
ORDER BY host;

-- talkers: which programs of which hosts most lines of the last day are about.
SELECT host, exe_path, event_type, count() AS lines, sum(length(line)) AS bytes
FROM rand_guard.lines FINAL
WHERE received > now() - INTERVAL 1 DAY
GROUP BY host, exe_path, event_type
ORDER BY bytes DESC
LIMIT 50;

-- tree: a process and all that came from it, by its process_id.
WITH RECURSIVE
    started AS
    (
        SELECT DISTINCT process_id, parent_process_id FROM rand_guard.lines WHERE event_type = 'process_start'
    ),
    tree AS
    (
        SELECT process_id, 0 AS depth FROM started WHERE process_id = {process_id:String}
        UNION ALL
        SELECT s.process_id, t.depth + 1 FROM started AS s JOIN tree AS t ON s.parent_process_id = t.process_id
        WHERE t.depth < 64
    )
SELECT l.time AS time, l.host AS host, t.depth AS depth, l.process_id AS process_id, l.parent_process_id AS parent_process_id,
    l.user AS user, l.exe_path AS exe_path, l.command_line AS command_line
FROM (SELECT * FROM rand_guard.lines FINAL WHERE event_type = 'process_start') AS l
JOIN (SELECT process_id, min(depth) AS depth FROM tree GROUP BY process_id) AS t ON t.process_id = l.process_id
ORDER BY time, l.seq;

-- hops: connections from a process of one host to a process of another one, which are the same by their four ends.
SELECT c.time AS time, c.host AS from_host, c.process_id AS from_process, c.exe_path AS from_exe,
    a.host AS to_host, a.process_id AS to_process, a.exe_path AS to_exe, c.remote_addr AS addr, c.remote_port AS port
FROM (SELECT * FROM rand_guard.lines FINAL WHERE event_type = 'network_connect') AS c
JOIN (SELECT * FROM rand_guard.lines FINAL WHERE event_type = 'network_accept') AS a
    ON a.local_addr = c.remote_addr AND a.local_port = c.remote_port
    AND a.remote_addr = c.local_addr AND a.remote_port = c.local_port
WHERE abs(dateDiff('second', a.time, c.time)) < 60 AND a.host != c.host
    AND NOT startsWith(c.remote_addr, '127.') AND c.remote_addr != '::1'
ORDER BY time;

-- techniques: alerts of the last week by technique of ATT&CK.
SELECT upper(substring(tag, 8)) AS technique, count() AS alerts, sum(greatest(count, 1)) AS with_folded,
    uniqExact(host) AS hosts, groupUniqArray(rule_id) AS rules, min(time) AS first, max(time) AS last
FROM rand_guard.lines FINAL
ARRAY JOIN tags AS tag
WHERE event_type = 'alert' AND received > now() - INTERVAL 7 DAY AND match(tag, '^attack\\.t[0-9]+')
GROUP BY technique
ORDER BY alerts DESC, technique;

-- forged: lines that say they are of another host than the one whose certificate brought them.
SELECT sender, host, count() AS lines, max(received) AS last
FROM rand_guard.lines
WHERE sender != host
GROUP BY sender, host
ORDER BY last DESC;

-- disk: what lines take here, by day.
SELECT partition, sum(rows) AS lines, sum(data_uncompressed_bytes) AS bytes, sum(bytes_on_disk) AS on_disk,
    round(on_disk / lines, 1) AS on_disk_each
FROM system.parts
WHERE active AND database = 'rand_guard' AND table = 'lines'
GROUP BY partition
ORDER BY partition;
