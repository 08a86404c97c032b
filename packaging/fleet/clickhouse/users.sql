-- SPDX-License-Identifier: Apache-2.0
--
-- Who may send, behind schema.sql. The last statement is there once for each host, with its name in the place of
-- host-01.
--
-- Inserts of all hosts are collected for up to a second, and answered when they are on the disk. A host with a wrong
-- clock may have lines of many days, which must not make an insert fail.
CREATE SETTINGS PROFILE IF NOT EXISTS rand_guard_sender SETTINGS
    async_insert = 1 CONST,
    wait_for_async_insert = 1 CONST,
    async_insert_busy_timeout_max_ms = 1000 CONST,
    throw_on_max_partitions_per_insert_block = 0 CONST;

CREATE ROLE IF NOT EXISTS rand_guard_sender SETTINGS PROFILE 'rand_guard_sender';

GRANT INSERT ON rand_guard.incoming TO rand_guard_sender;

CREATE USER IF NOT EXISTS `host-01` IDENTIFIED WITH ssl_certificate CN 'host-01' DEFAULT ROLE rand_guard_sender;

GRANT rand_guard_sender TO `host-01`;
