// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as lines that are shown: nothing in what is shown acts on a screen, and none of it is
// wider than the screen.
#include <algorithm>
#include <clocale>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/base/utf8.h"
#include "analyzer/output/convert/line_reader.h"
#include "analyzer/view/process_tree.h"
#include "analyzer/view/watcher.h"

namespace randguard::view_fuzz {
namespace {

constexpr std::size_t kColumns = 80;

void RequireHarmless(std::string_view line) {
  if (ColumnsOf(line) > kColumns) std::abort();
  while (!line.empty()) {
    const Character character = FirstCharacter(line);
    if (character.bytes == 0 || IsHidden(character.code)) std::abort();
    line.remove_prefix(character.bytes);
  }
}

void Show(std::string_view text) {
  const Screen screen{.columns = kColumns, .unicode = true};
  Watcher watcher({.screen = screen, .tree = true}, RequireHarmless);
  LineReader reader;
  ProcessTree tree;
  for (std::size_t end = 0; !text.empty(); text.remove_prefix(end)) {
    end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (end < text.size()) ++end;
    watcher.See(line).IgnoreError();
    const auto read = reader.Read(line);
    if (read.ok()) tree.Add(**read);
  }
  std::vector<std::string> others;
  for (ProcessTree::Index i = 0; i < tree.size(); ++i) {
    const auto found = tree.Find(tree.ProcessId(i), others);
    if (!found.ok()) std::abort();
    tree.Draw(*found, screen, [](std::string_view shown) {
      RequireHarmless(shown);
      return true;
    });
  }
}

}  // namespace
}  // namespace randguard::view_fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool ready = std::setlocale(LC_CTYPE, "C.UTF-8") != nullptr;
  if (ready) randguard::view_fuzz::Show({reinterpret_cast<const char*>(data), size});
  return 0;
}
