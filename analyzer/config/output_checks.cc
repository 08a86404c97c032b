// SPDX-License-Identifier: Apache-2.0
#include "analyzer/config/output_checks.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <initializer_list>
#include <string_view>
#include <system_error>

#include "absl/strings/str_format.h"

namespace randguard {
namespace {

constexpr std::uint32_t kSegmentMax = 4096;  // MiB

std::string Normal(std::string_view path) {
  return std::filesystem::path(path).lexically_normal().string();
}

bool IsSocketName(std::string_view path) {
  constexpr std::size_t kMax = 107;  // bytes
  return path.starts_with('/') && path.size() <= kMax;
}

std::string WithoutExtension(const std::string& path) {
  return std::filesystem::path(path).replace_extension().string();
}

// "path.1" to "path.KEEP"
bool IsOld(const std::string& file, const std::string& path, std::uint32_t keep) {
  if (!file.starts_with(path + '.')) return false;
  const std::string_view digits = std::string_view(file).substr(path.size() + 1);
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), number);
  return error == std::errc() && end == digits.end() && number >= 1 && number <= keep;
}

// A segment that is removed while it is being written, and one that never ends, are of no use.
void CheckSegments(std::string_view path, std::uint32_t size, std::uint32_t keep,
                   const TableReader& table) {
  if (path.ends_with(".zst")) {
    table.Error(table.OffsetOf("path"), "path",
                "must not end in \".zst\" when rotation is \"segments\": compressed ones do");
  }
  if (size == 0) {
    table.Error(table.OffsetOf("rotate_size"), "rotate_size",
                "must not be 0 when rotation is \"segments\"");
  } else if (size > kSegmentMax) {
    // One that a killed process left is read at the next start, before anything is observed.
    table.Error(
        table.OffsetOf("rotate_size"), "rotate_size",
        absl::StrFormat("must be at most %d MiB when rotation is \"segments\"", kSegmentMax));
  } else if (keep != 0 && keep / 2 < size) {
    table.Error(table.OffsetOf("keep_size"), "keep_size",
                absl::StrFormat("must be at least twice rotate_size, %d MiB, or 0", size));
  }
}

// Whether lines would go into the file of metrics, or into the one that is made to take its place.
bool IsFileOfLines(std::string_view metrics, const Config& config) {
  const std::string path = Normal(metrics);
  std::vector<std::string> files = {config.output.path, config.output.alerts.path};
  for (const FurtherOutputConfig& output : config.outputs) files.push_back(output.path);
  return std::any_of(files.begin(), files.end(), [&](const std::string& file) {
    return Normal(file) == path || Normal(file) == path + ".new";
  });
}

}  // namespace

bool OutputFiles::Has(const std::string& path, std::uint32_t rotate_keep,
                      OutputRotation rotation) const {
  const std::string one = Normal(path);
  const bool segments = rotation == OutputRotation::kSegments;
  return std::any_of(files_.begin(), files_.end(), [&](const File& file) {
    const std::string other = Normal(file.path);
    // The names of segments and of their lock begin with the name without its extension.
    if (segments && file.rotation == rotation && WithoutExtension(one) == WithoutExtension(other))
      return true;
    return one == other || IsOld(other, one, rotate_keep) || IsOld(one, other, file.keep);
  });
}

void CheckFurtherOutput(FurtherOutputConfig& output, const TableReader& table, OutputFiles& files) {
  const auto error = [&](std::string_view key, std::string_view what) {
    table.Error(table.OffsetOf(key), key, what);
  };
  if (!files.AddName(output.name)) error("name", "is the name of another one of them");
  if (files.names() == kFurtherOutputsMax + 1) {
    error("name", absl::StrFormat("is that of one too many: there can be %d", kFurtherOutputsMax));
  }
  const auto& kinds = output.kinds;
  if (output.type == FurtherOutputType::kJournald && !kinds.empty() &&
      std::find(kinds.begin(), kinds.end(), LineKind::kAlert) == kinds.end()) {
    error("kinds", "must have \"alert\" when type is \"journald\": nothing else goes there");
  }
  const auto idle = [&](std::initializer_list<std::string_view> keys, std::string_view why) {
    for (const std::string_view key : keys) {
      if (table.Find(key) == nullptr) continue;
      table.Warning(table.OffsetOf(key), key, absl::StrFormat("has no effect: %s", why));
    }
  };
  if (output.type != FurtherOutputType::kFile) {
    idle({"rotation", "rotate_size", "rotate_age", "rotate_keep", "keep_size", "keep_age",
          "compress_age"},
         "lines are not written to a file");
  } else if (output.rotation == OutputRotation::kSegments) {
    idle({"rotate_keep"}, "rotation is \"segments\"");
  } else {
    idle({"keep_size", "keep_age", "compress_age"}, "rotation is \"rename\"");
  }
  if (output.type == FurtherOutputType::kJournald) {
    idle({"path"}, "type is \"journald\"");
    if (kinds.size() > 1) {
      table.Warning(table.OffsetOf("kinds"), "kinds",
                    "has no effect but for \"alert\": nothing else goes to the journal");
    }
    output.kinds = {LineKind::kAlert};
  }
  if (output.format != OutputFormat::kJson) {
    idle({"omit_empty"}, "format is another one than \"json\"");
  }
  if (output.type == FurtherOutputType::kSyslog && output.path.empty()) output.path = kSyslogSocket;
  if (output.type == FurtherOutputType::kSyslog && !IsSocketName(output.path)) {
    error("path", "must be a unix socket: a path from / on, of at most 107 bytes");
  }
  if (output.type != FurtherOutputType::kFile) return;
  if (output.path.empty())
    return error("path", "needed when type is \"file\": the file to write to");
  if (output.rotation == OutputRotation::kSegments) {
    CheckSegments(output.path, output.rotate_size, output.keep_size, table);
  }
  if (files.Has(output.path, output.rotate_keep, output.rotation)) {
    error("path",
          "is the file of another output, or the name of an old file of one of the two; each needs "
          "a file of its own");
  }
  files.Add(output);
}

void CheckOutputs(const Config& config, const OutputTables& tables) {
  const OutputConfig& output = config.output;
  if (output.type == OutputType::kFile && output.path.empty()) {
    const bool written = tables.output.Find("path") != nullptr;
    if (!written || tables.output.Has("path", TomlValue::Type::kString)) {
      tables.output.Error(tables.output.OffsetOf(written ? "path" : "type"), "path",
                          "needed when output.type is \"file\": the file to write to");
    }
  }
  if (output.rotation == OutputRotation::kSegments) {
    CheckSegments(output.path, output.rotate_size, output.keep_size, tables.output);
    if (!output.alerts.path.empty()) {
      CheckSegments(output.alerts.path, output.alerts.rotate_size, output.alerts.keep_size,
                    tables.alerts);
    }
  }
  OutputFiles lines;
  lines.Add(output);
  if (!output.alerts.path.empty() &&
      lines.Has(output.alerts.path, output.alerts.rotate_keep, output.rotation)) {
    tables.alerts.Error(
        tables.alerts.OffsetOf("path"), "path",
        "is output.path, or the name of an old file of one of the two; alerts need a file of their "
        "own");
  }
  if (!config.metrics.path.empty() && IsFileOfLines(config.metrics.path, config)) {
    tables.metrics.Error(
        tables.metrics.OffsetOf("path"), "path",
        "is a file that lines go to, or that name and \".new\" is; metrics need a file of their "
        "own");
  }
}

}  // namespace randguard
