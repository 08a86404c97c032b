# SPDX-License-Identifier: Apache-2.0
#
# The collector's whole configuration. `rand-guard plan` compiles it from TOML.
# The collector checks every field and understands nothing else.
@0xece3a148b03a77f6;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("randguard::wire");

struct Plan {
  abiVersion @0 :UInt16;           # RG_ABI_VERSION
  digest @1 :UInt64;               # names this plan; handed on in Hello
  hooks @2 :List(UInt16);          # enum rg_hook: the hooks that are switched on
  settings @3 :Data;               # struct rg_settings, for the eBPF programs
  filter @4 :Data;                 # struct rg_filter_slot, one after the other; at most RG_FILTER_SLOTS_MAX
  envNames @5 :List(Text);         # variables to keep, 1 to 63 bytes each, at most 64
  criticalRingBytes @6 :UInt32;    # power of two, 64 KiB to 1 GiB
  bulkRingBytes @7 :UInt32;        # power of two, 64 KiB to 1 GiB
  collectorUid @8 :UInt32;         # uid that the collector changes to; not 0
  collectorGid @9 :UInt32;
  analyzerUid @10 :UInt32;         # uid that the collector sends to; root only if 0 stands here
  flushMs @11 :UInt16;             # a record waits at most this long, 1 to 10
  heartbeatMs @12 :UInt32;         # 100 to 60000
  hookLayer @13 :UInt16;           # 0: functions of the kernel, and the exit of calls for the rest; 1: functions
                                   # alone; 2: the exit of calls alone
}
