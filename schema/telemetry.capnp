# SPDX-License-Identifier: Apache-2.0
#
# Messages that the collector sends and a capture holds. docs/formats/telemetry.md
# describes their order and shows one byte by byte.
@0x8426abcb6bec26db;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("randguard::wire");

struct Message {
  union {
    hello @0 :Hello;          # begins a session
    snapshot @1 :Snapshot;    # processes alive: directly after hello, and when the kernel skipped programs
    batch @2 :Batch;          # records
    heartbeat @3 :Heartbeat;  # no record came for a while
    context @4 :Context;      # from the analyzer: facts that replay cannot look up; captures only
    seal @5 :Seal;            # checksum of all messages so far; captures only
    numbers @6 :Numbers;      # from the analyzer: lines were written that no message makes; captures only
  }
}

struct Hello {
  abiVersion @0 :UInt16;        # RG_ABI_VERSION of the records
  collectorVersion @1 :Text;
  bootId @2 :Text;              # /proc/sys/kernel/random/boot_id
  hostName @3 :Text;
  kernelRelease @4 :Text;
  machine @5 :Text;             # uname -m
  clockOffsetNs @6 :Int64;      # CLOCK_REALTIME - CLOCK_BOOTTIME
  collectorStartNs @7 :UInt64;  # CLOCK_BOOTTIME; with bootId names one life of the collector
  planDigest @8 :UInt64;        # Plan.digest, as it was given
  session @9 :UInt32;           # 0 for the first connection of this collector, then 1, 2, ...
  nextBatch @10 :UInt64;        # Batch.sequence to come
  nextRecord @11 :UInt64;       # Batch.firstRecord to come: records handed over in earlier sessions
  lostBefore @12 :List(UInt64); # Counters.lost as last sent in an earlier session
  hooks @13 :List(Hook);
  criticalRingBytes @14 :UInt32;
  bulkRingBytes @15 :UInt32;
  skippedBefore @16 :List(UInt64); # Program.skipped as last sent in an earlier session, by enum rg_program
}

struct Hook {
  number @0 :UInt16;  # enum rg_hook
  state @1 :State;
  why @2 :Text;       # the reason for fallback and missing
  layer @3 :Layer;    # where it sees files and calls
  enum State {
    off @0;           # not in the plan
    attached @1;
    fallback @2;      # by its second choice of program, or at the exit of calls for want of functions
    missing @3;
  }
  enum Layer {
    none @0;          # not attached, or not about calls
    function @1;      # the kernel's functions
    call @2;          # the exit of system calls
  }
}

struct Snapshot {
  records @0 :Data;  # whole records, one after the other
  last @1 :Bool;     # the snapshot is complete
}

struct Batch {
  sequence @0 :UInt64;       # counts batches over the collector's life
  firstRecord @1 :UInt64;    # number, over the collector's life, of the first record
  recordCount @2 :UInt32;
  drainedNs @3 :UInt64;      # CLOCK_BOOTTIME: every record stored before is in this batch or an earlier one
  clockOffsetNs @4 :Int64;   # as in Hello, now
  records @5 :Data;          # whole records, bulk lane first, then critical lane
  lost @6 :List(UInt64);     # Counters.lost
}

struct Heartbeat {
  timeNs @0 :UInt64;         # CLOCK_BOOTTIME
  clockOffsetNs @1 :Int64;
  counters @2 :Counters;
  collector @3 :CollectorStats;
}

struct Counters {
  # Lists are indexed by enum rg_kind or enum rg_program; entry 0 is unused.
  # Sums over all CPUs since the programs were loaded.
  lost @0 :List(UInt64);     # by kind
  stored @1 :List(UInt64);   # by kind
  programs @2 :List(Program);
  unwatched @3 :List(UInt64); # by kind: records left out, because nothing that is watched fits
  excluded @4 :List(UInt64);  # by kind: records left out, because an exclusion fits
  struct Program {
    runs @0 :UInt64;
    self @1 :UInt64;
    scratchBusy @2 :UInt64;
    errors @3 :UInt64;
    skipped @4 :UInt64;      # recursion_misses: times that the kernel did not run it, being within it already
  }
}

struct CollectorStats {
  connects @0 :UInt32;
  refusedPeers @1 :UInt32;        # peers of the wrong uid
  cpuUserUs @2 :UInt64;
  cpuSystemUs @3 :UInt64;
  maxRssKb @4 :UInt64;
}

struct Context {
  users @0 :List(User);
  printed @1 :Cursor;  # position that the analyzer before this one had reached; absent: unknown
  reading @2 :UInt32;  # counts readings of the users, from 1; 0: not said
  struct Cursor {
    bootId @0 :Text;
    collectorStartNs @1 :UInt64;
    records @2 :UInt64;  # of that life of the collector
    lost @3 :List(UInt64); # Counters.lost, as far as they were reported
    skipped @4 :List(UInt64); # Program.skipped, summed by enum rg_hook, likewise
  }
  struct User {
    uid @0 :UInt32;
    name @1 :Text;
  }
}

struct Numbers {
  nextSeq @0 :UInt64;     # of the next line, unless it is lower than that of the last one
  sessionEnded @1 :Bool;  # no message comes from this connection any more
}

struct Seal {
  crc32 @0 :UInt32;     # of the message before; initial value: the last seal's crc32, first 0
  offset @1 :UInt64;    # position of this seal in the (uncompressed) stream
  messages @2 :UInt64;  # number of messages before this seal, seals not counted
  end @3 :Bool;         # the capture was closed in order
}
