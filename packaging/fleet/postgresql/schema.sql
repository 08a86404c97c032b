-- SPDX-License-Identifier: Apache-2.0
--
-- The fleet's lines in PostgreSQL 15 or later, for some tens of hosts: psql --file schema.sql DATABASE. May be run
-- again.
--
-- Senders insert lines as they are into rand_guard.incoming, whose trigger puts each where it belongs. Nothing in a
-- line makes an insert fail, so that no line holds up those behind it. docs/fleet.md says more.
CREATE SCHEMA IF NOT EXISTS rand_guard;

-- Stays empty.
CREATE TABLE IF NOT EXISTS rand_guard.incoming (line text NOT NULL);

CREATE TABLE IF NOT EXISTS rand_guard.lines (
    host text NOT NULL,
    boot_id uuid NOT NULL,
    seq bigint NOT NULL,
    "time" timestamptz, -- as the host's clock says
    received timestamptz NOT NULL DEFAULT now(),
    sender text NOT NULL DEFAULT session_user, -- as the server has authenticated it
    event_type text NOT NULL,
    agent_id text,
    pid bigint,
    ppid bigint,
    uid bigint,
    "user" text,
    comm text,
    exe_path text,
    command_line text,
    process_id text,
    parent_process_id text,
    container_id text,
    path text,
    remote_addr text,
    remote_port integer,
    local_addr text,
    local_port integer,
    rule_id text,
    rule_name text,
    severity text,
    tags text[],
    count bigint, -- of losses and folded alerts
    status text,
    mode text,
    rule_set_hash text,
    collector_version text,
    kernel_release text,
    first_seq bigint, -- of losses: numbers of lines that may be missing
    last_seq bigint,
    line text COMPRESSION lz4 NOT NULL,
    -- Of lines with the same number, the first one that came is kept. So nobody who takes over a host can replace what
    -- that host has sent, nor what others have.
    PRIMARY KEY (host, boot_id, seq, sender)
);
CREATE INDEX IF NOT EXISTS lines_received ON rand_guard.lines USING brin (received);
CREATE INDEX IF NOT EXISTS lines_process ON rand_guard.lines (process_id) WHERE event_type = 'process_start';
CREATE INDEX IF NOT EXISTS lines_parent ON rand_guard.lines (parent_process_id) WHERE event_type = 'process_start';
CREATE INDEX IF NOT EXISTS lines_alert ON rand_guard.lines (received) WHERE event_type = 'alert';
CREATE INDEX IF NOT EXISTS lines_health ON rand_guard.lines (host, received) WHERE event_type = 'health';

-- What the ends of segments say was written: `lines` lines from first_seq to last_seq.
CREATE TABLE IF NOT EXISTS rand_guard.segments (
    boot_id uuid NOT NULL,
    first_seq bigint NOT NULL,
    last_seq bigint NOT NULL,
    lines bigint NOT NULL,
    bytes bigint NOT NULL, -- with newlines
    xxh128 text NOT NULL,
    received timestamptz NOT NULL DEFAULT now(),
    sender text NOT NULL DEFAULT session_user,
    PRIMARY KEY (boot_id, first_seq, last_seq, lines, bytes, xxh128)
);

-- What is neither: not from rand-guard, or cut. Nothing should be here.
CREATE TABLE IF NOT EXISTS rand_guard.unreadable (
    received timestamptz NOT NULL DEFAULT now(),
    sender text NOT NULL DEFAULT session_user,
    line text NOT NULL
);

CREATE OR REPLACE FUNCTION rand_guard.take_in() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    fields record;
BEGIN
    SELECT * INTO fields FROM json_to_record(NEW.line::json) AS f(
        event_type text, boot_id uuid, seq bigint, "time" timestamptz, host text, agent_id text,
        pid bigint, ppid bigint, uid bigint, "user" text, comm text, exe_path text, command_line text,
        process_id text, parent_process_id text, container_id text, path text,
        remote_addr text, remote_port integer, local_addr text, local_port integer,
        rule_id text, rule_name text, severity text, tags text[], count bigint,
        status text, mode text, rule_set_hash text, collector json,
        first_seq bigint, last_seq bigint, lines bigint, bytes bigint, xxh128 text);
    IF fields.event_type = 'segment_end' THEN
        INSERT INTO rand_guard.segments (boot_id, first_seq, last_seq, lines, bytes, xxh128)
        VALUES (fields.boot_id, fields.first_seq, fields.last_seq, fields.lines, fields.bytes, fields.xxh128)
        ON CONFLICT DO NOTHING;
    ELSE
        INSERT INTO rand_guard.lines (host, boot_id, seq, "time", event_type, agent_id, pid, ppid, uid, "user", comm, exe_path,
            command_line, process_id, parent_process_id, container_id, path, remote_addr, remote_port, local_addr, local_port,
            rule_id, rule_name, severity, tags, count, status, mode, rule_set_hash, collector_version, kernel_release,
            first_seq, last_seq, line)
        VALUES (fields.host, fields.boot_id, fields.seq, fields."time", fields.event_type, fields.agent_id, fields.pid,
            fields.ppid, fields.uid, fields."user", fields.comm, fields.exe_path, fields.command_line, fields.process_id,
            fields.parent_process_id, fields.container_id, fields.path, fields.remote_addr, fields.remote_port,
            fields.local_addr, fields.local_port, fields.rule_id, fields.rule_name, fields.severity, fields.tags, fields.count,
            fields.status, fields.mode, fields.rule_set_hash, fields.collector ->> 'version',
            fields.collector ->> 'kernel_release', fields.first_seq, fields.last_seq, NEW.line)
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
-- It is no JSON, or a value is none of its type.
EXCEPTION WHEN data_exception OR not_null_violation THEN
    INSERT INTO rand_guard.unreadable (line) VALUES (NEW.line);
    RETURN NULL;
END
$$;

DROP TRIGGER IF EXISTS take_in ON rand_guard.incoming;
CREATE TRIGGER take_in BEFORE INSERT ON rand_guard.incoming FOR EACH ROW EXECUTE FUNCTION rand_guard.take_in();

-- Senders are members of this role: CREATE ROLE "host-01" LOGIN IN ROLE rand_guard_sender;
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rand_guard_sender') THEN
        CREATE ROLE rand_guard_sender NOLOGIN;
    END IF;
END
$$;
GRANT USAGE ON SCHEMA rand_guard TO rand_guard_sender;
GRANT INSERT ON rand_guard.incoming TO rand_guard_sender;
