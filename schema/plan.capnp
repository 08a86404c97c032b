# SPDX-License-Identifier: Apache-2.0
#
# What the collector is to do, compiled from the configuration by
# `rand-guard plan`. The collector checks every field and understands nothing else.
@0xece3a148b03a77f6;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("randguard::wire");

struct Plan {
  abiVersion @0 :UInt16;           # RG_ABI_VERSION
  digest @1 :UInt64;               # names this plan; handed on in Hello
  hooks @2 :List(UInt16);          # enum rg_hook, switched on
  collectArgs @3 :Bool;
  collectCwd @4 :Bool;
  collectEnv @5 :Bool;
  envNames @6 :List(Text);         # variables to keep, 1 to 63 bytes each, at most 64
  threads @7 :Bool;                # records for threads other than the first
  execSources @8 :UInt32;          # bits 1 << enum rg_exec_source
  criticalRingBytes @9 :UInt32;    # power of two, 64 KiB to 1 GiB
  bulkRingBytes @10 :UInt32;       # the same
  collectorUid @11 :UInt32;        # who the collector becomes; not 0
  collectorGid @12 :UInt32;
  analyzerUid @13 :UInt32;         # whom it sends to; root is never accepted unless named here
  flushMs @14 :UInt16;             # a record waits at most this long, 1 to 10
  heartbeatMs @15 :UInt32;         # 100 to 60000
  calls @16 :List(UInt16);         # enum rg_call, looked at by hook syscalls
  filter @17 :Filter;

  struct Filter {                  # which files are reported: schema/abi/event.h
    watching @0 :Bool;             # not everything is
    depths @1 :UInt64;             # bits 1 << number of components of a prefix
    endings @2 :UInt64;            # bits 1 << number of bytes of an ending
    entries @3 :List(Entry);       # at most RG_FILTER_MAX
  }
  struct Entry {
    hash @0 :UInt64;
    flags @1 :UInt16;              # enum rg_filter_flags
    text @2 :Data;                 # at most RG_FILTER_TEXT_MAX bytes
  }
}
