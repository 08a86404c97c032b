// SPDX-License-Identifier: Apache-2.0
//
// Options and operands of a command, declared and parsed. A command reads an option through the
// object that declares it (options.h), so a misspelt name does not compile.
#ifndef ANALYZER_CLI_ARGUMENTS_H_
#define ANALYZER_CLI_ARGUMENTS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace randguard::cli {

// Values that a shell can complete.
enum class Completes : std::uint8_t { kNothing, kFile, kFolder, kUser, kCommand };

struct Option {
  std::string_view name;   // "--config"
  std::string_view value;  // "FILE", the value in help texts; empty: the option takes none
  std::string_view meaning;
  Completes completes = Completes::kNothing;

  bool takes_value() const { return !value.empty(); }
};

struct Operand {
  std::string_view name;  // "CAPTURE"
  std::string_view meaning;
  Completes completes = Completes::kNothing;
  bool optional = false;
  bool repeated = false;  // the last one: once or more
};

enum class Need : std::uint8_t {
  kOptional,
  kRequired,
  kOneOf,  // exactly one of all options of the command that are marked so
};

// An option as a command takes it.
struct TakenOption {
  // NOLINTNEXTLINE(google-explicit-constructor): most are optional, and stand in lists by name
  TakenOption(const Option& option, Need need = Need::kOptional) : option(&option), need(need) {}
  TakenOption(Option&&, Need = Need::kOptional) = delete;

  const Option* option;
  Need need;
};

// A command with its options and operands. Every command takes --help besides.
struct Syntax {
  std::vector<Operand> operands;
  std::vector<TakenOption> options;
};

// "CAPTURE", "[--config FILE]", "--event JSON|--capture FILE"
std::vector<std::string> SyntaxParts(const Syntax& syntax);

class Arguments {
 public:
  // Splits `words`. InvalidArgument names an option that `syntax` does not have (and the nearest
  // that it has), an option that lacks its value, comes twice or is missing, and an operand that is
  // missing or one too many. Behind --help, nothing is looked at.
  static absl::StatusOr<Arguments> Parse(const std::vector<std::string>& words,
                                         const Syntax& syntax);

  std::optional<std::string> Value(const Option& option) const;
  bool Has(const Option& option) const { return Value(option).has_value(); }
  const std::vector<std::string>& operands() const { return operands_; }
  bool help() const { return help_; }

 private:
  absl::Status CheckComplete(const Syntax& syntax) const;

  std::map<std::string, std::string, std::less<>> options_;  // by name
  std::vector<std::string> operands_;
  bool help_ = false;
};

}  // namespace randguard::cli

#endif  // ANALYZER_CLI_ARGUMENTS_H_
