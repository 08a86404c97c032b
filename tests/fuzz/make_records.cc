// SPDX-License-Identifier: Apache-2.0
//
//   make_records FOLDER   what is committed as tests/fuzz/corpus: FOLDER/records/*,
//                         FOLDER/pipeline/*
//   make_records example FILE   the record that docs/formats/abi.md takes apart
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/decode/record.h"
#include "tests/support/record_builder.h"

namespace randguard {
namespace {

using testing::Bytes;

bool Write(const std::string& path, const Bytes& bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) std::fprintf(stderr, "%s: cannot be written\n", path.c_str());
  return static_cast<bool>(out);
}

Bytes CutArguments() {
  auto r = testing::ProcessExec();
  r.Put(&rg_process::args, testing::ListOf({"a", "", "\xff"}) + "cut", RG_STR_TRUNCATED);
  r.Put(&rg_process::exe_path, "memfd:x", RG_STR_DETACHED | RG_STR_MEMFD);
  r.body.flags = RG_PROCESS_MEMFD | RG_PROCESS_NO_ENV;
  return r.Build();
}

// Two sessions of one collector, with everything that a session can hold.
Bytes Session() {
  std::vector<Bytes> records;
  for (const auto& [kind, record] : testing::OneRecordOfEachKind()) records.push_back(record);
  return testing::Concat({testing::MakeContext(), testing::MakeHello(),
                          testing::MakeSnapshot({testing::ProcessSnapshot().Build()}),
                          testing::MakeBatch(0, 0, records, 3), testing::MakeBatch(2, 9),
                          testing::MakeHeartbeat(), testing::MakeHello(1, 3, 12),
                          testing::MakeSnapshot({})});
}

bool WriteCorpora(const std::string& folder) {
  bool ok = true;
  for (const auto& [kind, record] : testing::OneRecordOfEachKind()) {
    ok &= Write(folder + "/records/" + std::string(Name(KindOf(kind))), record);
  }
  ok &= Write(folder + "/records/cut_arguments", CutArguments());
  ok &= Write(folder + "/pipeline/session", Session());
  ok &= Write(folder + "/pipeline/exec",
              testing::Concat({testing::MakeHello(),
                               testing::MakeBatch(0, 0, {testing::ProcessExec().Build()})}));
  ok &= Write(folder + "/pipeline/cut_arguments",
              testing::Concat({testing::MakeHello(), testing::MakeBatch(0, 0, {CutArguments()})}));
  return ok;
}

}  // namespace
}  // namespace randguard

int main(int argc, char** argv) {
  if (argc == 2) return randguard::WriteCorpora(argv[1]) ? 0 : 1;
  if (argc == 3 && std::string_view(argv[1]) == "example") {
    return randguard::Write(argv[2], randguard::testing::ExampleRecord()) ? 0 : 1;
  }
  std::fprintf(stderr, "usage: %s FOLDER | example FILE\n", argv[0]);
  return 2;
}
