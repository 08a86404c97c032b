// SPDX-License-Identifier: Apache-2.0
//
// Options and operands of a command. Every command says what it takes by taking it; what nobody
// took is an error.
#ifndef ANALYZER_CLI_ARGUMENTS_H_
#define ANALYZER_CLI_ARGUMENTS_H_

#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace randguard::cli {

class Arguments {
 public:
  struct Option {
    std::string_view name;  // "--config"
    bool takes_value;
  };

  // Splits `words`. InvalidArgument names an option that is not in `options` (and the nearest that
  // is), lacks its value or comes twice, and operands beyond `operands`.
  static absl::StatusOr<Arguments> Parse(const std::vector<std::string>& words,
                                         const std::vector<Option>& options, std::size_t operands);

  std::optional<std::string> Value(std::string_view option) const;
  bool Has(std::string_view option) const { return Value(option).has_value(); }
  const std::vector<std::string>& operands() const { return operands_; }

 private:
  std::map<std::string, std::string, std::less<>> options_;
  std::vector<std::string> operands_;
};

}  // namespace randguard::cli

#endif  // ANALYZER_CLI_ARGUMENTS_H_
