// SPDX-License-Identifier: Apache-2.0
#include "analyzer/process/lineage.h"

#include <string>
#include <string_view>

namespace randguard {
namespace {

// Rules about later activity of a program and its children see this many bytes of its arguments.
constexpr std::size_t kArgsKept = 2048;

}  // namespace

ProgramImage ImageOf(const ProcessStart& event) {
  ProgramImage image;
  image.exe_path = event.actor.exe_path.value_or("");
  if (event.args.has_value()) image.args = std::string(event.args->bytes.substr(0, kArgsKept));
  image.cwd = event.cwd.value_or("");
  image.tty = event.tty.value_or("");
  image.loginuid = event.loginuid;
  return image;
}

void FillLineage(const ProcessTable& processes, ProcessStart& event) {
  const Process* parent = processes.Find(event.actor.parent_process_id.value_or(ProcessKey{}));
  if (parent == nullptr) return;
  event.parent_comm = parent->comm_text();
  if (parent->image != nullptr && !parent->image->exe_path.empty()) {
    event.parent_exe_path = parent->image->exe_path;
  }
  for (const Process* p = parent; p != nullptr && event.ancestors.size < TextArray::kMax;
       p = processes.Find(p->parent)) {
    event.ancestors.Add(p->image != nullptr && !p->image->exe_path.empty()
                            ? std::string_view(p->image->exe_path)
                            : p->comm_text());
  }
}

}  // namespace randguard
