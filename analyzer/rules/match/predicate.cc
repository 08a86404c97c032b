// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/match/predicate.h"

#include <arpa/inet.h>
#include <re2/filtered_re2.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "analyzer/rules/match/text_search.h"

namespace randguard {
namespace {

// Bytes, program and caches of one expression. To compile one that fills them takes 25 ms.
constexpr int kRegexMemory = 256 << 10;

char Lower(char c) { return absl::ascii_tolower(static_cast<unsigned char>(c)); }

// As many texts are looked for one by one: fewer cost less than what looks for all of them at once.
constexpr std::size_t kFewParts = 5;
constexpr std::size_t kFewAffixes = 6;
constexpr std::size_t kFewTexts = 8;

constexpr int kShortestAtom = 3;  // bytes
constexpr std::size_t kAtomsMax = 1024;

std::variant<Regex, ConditionError> Compile(const std::string& pattern, bool ignore_case) {
  re2::RE2::Options options;
  options.set_encoding(re2::RE2::Options::EncodingLatin1);
  options.set_case_sensitive(!ignore_case);
  options.set_never_capture(true);
  options.set_dot_nl(true);  // a newline in an argument must not hide what follows
  options.set_max_mem(kRegexMemory);
  options.set_log_errors(false);
  auto regex = std::make_shared<const re2::RE2>(pattern, options);
  if (regex->ok()) return Regex(std::move(regex));
  // RE2 names the part it stumbled over.
  const std::string& part = regex->error_arg();
  const std::size_t at = part.empty() ? std::string::npos : pattern.find(part);
  return ConditionError{at == std::string::npos ? 0 : at,
                        "not a regular expression: " + regex->error()};
}

}  // namespace

NumberSet Normalized(NumberSet ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const NumberRange& a, const NumberRange& b) { return a.low < b.low; });
  NumberSet out;
  for (const NumberRange& range : ranges) {
    if (!out.empty() && range.low <= out.back().high + 1) {
      out.back().high = std::max(out.back().high, range.high);
    } else {
      out.push_back(range);
    }
  }
  return out;
}

NumberSet Complement(const NumberSet& set) {
  NumberSet out;
  Number low = kNumberMin;
  for (const NumberRange& range : set) {
    if (range.low > low) out.push_back({low, range.low - 1});
    low = range.high + 1;
  }
  if (low <= kNumberMax) out.push_back({low, kNumberMax});
  return out;
}

NumberSet Intersection(const NumberSet& a, const NumberSet& b) {
  NumberSet out;
  std::size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    const Number low = std::max(a[i].low, b[j].low);
    const Number high = std::min(a[i].high, b[j].high);
    if (low <= high) out.push_back({low, high});
    (a[i].high < b[j].high ? i : j)++;
  }
  return out;
}

bool Contains(const NumberSet& set, Number number) {
  const auto after =
      std::upper_bound(set.begin(), set.end(), number,
                       [](Number n, const NumberRange& range) { return n < range.low; });
  return after != set.begin() && number <= std::prev(after)->high;
}

std::optional<std::array<std::uint8_t, 16>> ParseAddress(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> copy{};
  if (text.size() >= copy.size()) return std::nullopt;
  std::copy(text.begin(), text.end(), copy.begin());
  std::array<std::uint8_t, 16> address{};
  if (inet_pton(AF_INET6, copy.data(), address.data()) == 1) return address;
  address = {};
  address[10] = address[11] = 0xff;
  if (inet_pton(AF_INET, copy.data(), address.data() + 12) == 1) return address;
  return std::nullopt;
}

namespace {

bool InNetwork(const std::array<std::uint8_t, 16>& address, const Network& network) {
  const unsigned whole = network.bits / 8, rest = network.bits % 8;
  if (std::memcmp(address.data(), network.address.data(), whole) != 0) return false;
  if (rest == 0) return true;
  const unsigned mask = 0xff00U >> rest;
  return ((address[whole] ^ network.address[whole]) & mask & 0xff) == 0;
}

}  // namespace

std::optional<Network> ParseNetwork(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = ParseAddress(text.substr(0, slash));
  if (!address.has_value()) return std::nullopt;
  const bool v4 = text.substr(0, slash).find(':') == text.npos;
  Network network{*address, 128};
  if (slash != text.npos) {
    unsigned bits = 0;
    const std::string_view number = text.substr(slash + 1);
    if (number.empty() || number.size() > 3 ||
        number.find_first_not_of("0123456789") != number.npos ||
        !absl::SimpleAtoi({number.data(), number.size()}, &bits) || bits > (v4 ? 32U : 128U)) {
      return std::nullopt;
    }
    network.bits = bits + (v4 ? 96 : 0);
  }
  // 10.0.0.1/8 is a mistake more often than not.
  Network masked = network;
  for (unsigned bit = network.bits; bit < 128; ++bit) {
    masked.address[bit / 8] &= static_cast<std::uint8_t>(~(0x80U >> (bit % 8)));
  }
  if (masked.address != network.address) return std::nullopt;
  return network;
}

std::variant<Regex, ConditionError> CompileRegex(std::string_view pattern, bool ignore_case) {
  if (pattern.size() > kPatternMax) {
    return ConditionError{0, absl::StrFormat("longer than %d bytes", kPatternMax)};
  }
  return Compile(std::string(pattern), ignore_case);
}

std::variant<Regex, ConditionError> CompileGlob(std::string_view pattern, bool ignore_case) {
  if (pattern.size() > kPatternMax) {
    return ConditionError{0, absl::StrFormat("longer than %d bytes", kPatternMax)};
  }
  std::string regex = "\\A(?:";
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    const char c = pattern[at];
    if (c == '*' && pattern.substr(at).starts_with("**")) {
      regex += ".*";
      ++at;
    } else if (c == '*') {
      regex += "[^/]*";
    } else if (c == '?') {
      regex += "[^/]";
    } else if (c == '[') {
      const std::size_t end = pattern.find(']', at + 2);
      if (end == pattern.npos) return ConditionError{at, "a \"[\" without its \"]\""};
      std::string_view inside = pattern.substr(at + 1, end - at - 1);
      regex += '[';
      if (inside.starts_with('!')) {
        regex += "^/";
        inside.remove_prefix(1);
      }
      for (const char in : inside) {
        if (in == '\\' || in == '[' || in == '^') regex += '\\';
        regex += in;
      }
      regex += ']';
      at = end;
    } else {
      regex += re2::RE2::QuoteMeta(re2::StringPiece(&c, 1));
    }
  }
  regex += ")\\z";
  auto compiled = Compile(regex, ignore_case);
  if (std::holds_alternative<ConditionError>(compiled)) {
    return ConditionError{0, "not a glob: its class is no class"};
  }
  return compiled;
}

std::string Folded(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = Lower(c);
  return out;
}

void Predicate::Finish() {
  if (ignore_case && type != Type::kRegex) {
    for (std::string& text : texts) text = Folded(text);
  }
  if (type != Type::kRegex) {  // where regexes stand in the same order
    std::sort(texts.begin(), texts.end());
    texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  }
  std::sort(bits.begin(), bits.end());
  if (type == Type::kWildcard) {
    wildcards.clear();
    for (const std::string& text : texts) wildcards.emplace_back(text);
  }
}

// RE2 knows which literals an expression cannot do without. For most texts of most events, looking
// for these is all that an expression costs.
void Predicate::FindAtoms() {
  constexpr int kProgramMax = 2000;  // steps; that of a large one takes long to make again
  if (std::any_of(regexes.begin(), regexes.end(),
                  [](const Regex& regex) { return regex->ProgramSize() > kProgramMax; })) {
    return;
  }
  re2::FilteredRE2 needed(kShortestAtom);
  for (const Regex& regex : regexes) {
    int id = 0;
    if (needed.Add(regex->pattern(), regex->options(), &id) != re2::RE2::NoError) return;
  }
  std::vector<int> others;
  needed.Compile(&atoms);
  if (!atoms.empty() && atoms.size() <= kAtomsMax) needed.AllPotentials({}, &others);
  if (atoms.size() > kAtomsMax || !others.empty()) atoms.clear();
}

void Predicate::Prepare() {
  if (all_operands) return;
  if (type == Type::kRegex && !all_elements) FindAtoms();  // all of none holds without an atom
  if (type == Type::kTextIn && texts.size() > kFewTexts) {
    set = std::make_shared<const TextSet>(texts.begin(), texts.end());
  } else if (type == Type::kContains && texts.size() > kFewParts) {
    auto search = std::make_shared<PartSearch>();
    for (const std::string& text : texts) search->Add(text, /*any_case=*/false, 0);
    search->Finish();
    parts = std::move(search);
  } else if ((type == Type::kStartsWith || type == Type::kEndsWith) && texts.size() > kFewAffixes) {
    affixes = std::make_shared<const AffixSearch>(texts, type == Type::kStartsWith);
  }
}

std::string Predicate::Key() const {
  std::string key = absl::StrFormat("%d %d %d%d%d%d", field, static_cast<int>(type), ignore_case,
                                    all_operands, all_elements, glob);
  if (type == Type::kSameAs) {
    absl::StrAppendFormat(&key, "=%d %d", other, static_cast<int>(relation));
  }
  if (element.has_value()) absl::StrAppendFormat(&key, "[%d]", *element);
  const auto append = [&](const auto& number) {
    key.append(reinterpret_cast<const char*>(&number), sizeof(number));
  };
  for (const NumberRange& range : numbers) {
    append(range.low);
    append(range.high);
  }
  for (const std::uint64_t mask : bits) append(mask);
  for (const std::string& text : texts) {
    append(text.size());
    key += text;
  }
  for (const Network& network : networks) {
    append(network.address);
    append(network.bits);
  }
  return key;
}

bool Predicate::TestRead(const Value& value) const {
  return element.has_value() ? Holds(ElementOf(value, *element)) : Holds(value);
}

bool Predicate::Test(const Value& value) const {
  if (!folds()) return TestRead(value);
  FieldScratch scratch;
  Value folded;
  Fold(value, scratch, folded);
  return TestRead(folded);
}

bool Predicate::TestOne(const Value& value) const {
  if (!folds()) return Holds(value);
  FieldScratch scratch;
  Value folded;
  Fold(value, scratch, folded);
  return Holds(folded);
}

bool Predicate::Holds(const Value& value) const {
  if (!value.present()) return false;
  switch (type) {
    case Type::kExists:
      return true;
    case Type::kNumberIn: {
      const auto in = [&](Number n) { return Contains(numbers, n); };
      return all_elements ? !AnyNumber(value, [&](Number n) { return !in(n); })
                          : AnyNumber(value, in);
    }
    case Type::kBits: {
      const auto number = static_cast<std::uint64_t>(value.number);
      const auto has = [&](std::uint64_t mask) { return (number & mask) == mask; };
      return all_operands ? std::all_of(bits.begin(), bits.end(), has)
                          : std::any_of(bits.begin(), bits.end(), has);
    }
    default:
      break;
  }
  if (all_elements) return !AnyText(value, [&](std::string_view t) { return !HoldsOfText(t); });
  return AnyText(value, [&](std::string_view t) { return HoldsOfText(t); });
}

bool Predicate::TestPair(const Value& whole, const Value& other_value) const {
  const Value value = element.has_value() ? ElementOf(whole, *element) : whole;
  const bool same_number = AnyNumber(value, [&](Number number) {
    return AnyNumber(other_value, [&](Number o) { return number == o; });
  });
  if (same_number) return true;
  return AnyText(value, [&](std::string_view text) {
    return AnyText(other_value, [&](std::string_view wanted) {
      if (text.size() < wanted.size()) return false;
      const auto equal = [&](std::string_view part) {
        return part.size() == wanted.size() &&
               std::equal(part.begin(), part.end(), wanted.begin(), [&](char a, char b) {
                 return ignore_case ? Lower(a) == Lower(b) : a == b;
               });
      };
      switch (relation) {
        case Relation::kEqual:
          return equal(text);
        case Relation::kStartsWith:
          return equal(text.substr(0, wanted.size()));
        case Relation::kEndsWith:
          return equal(text.substr(text.size() - wanted.size()));
        case Relation::kContains:
          return ignore_case ? Folded(text).find(Folded(wanted)) != text.npos
                             : text.find(wanted) != text.npos;
      }
      return false;
    });
  });
}

bool Predicate::HoldsOfText(std::string_view text) const {
  switch (type) {
    case Type::kTextIn:
      if (set != nullptr) return set->contains(text);
      return std::find(texts.begin(), texts.end(), text) != texts.end();
    case Type::kTextNotEqual:
      return text != texts[0];
    case Type::kNetwork: {
      const auto address = ParseAddress(text);
      return address.has_value() &&
             std::any_of(networks.begin(), networks.end(),
                         [&](const Network& n) { return InNetwork(*address, n); });
    }
    default:
      break;
  }
  if (parts != nullptr) return parts->Find(text, text, [](std::uint32_t) { return true; });
  if (affixes != nullptr) return affixes->Find(text);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (TestOperand(text, i) != all_operands) return !all_operands;
  }
  return all_operands;
}

bool Predicate::TestOperand(std::string_view text, std::size_t operand) const {
  const std::string_view wanted = texts[operand];
  switch (type) {
    case Type::kContains:
      return text.find(wanted) != text.npos;
    case Type::kStartsWith:
      return text.starts_with(wanted);
    case Type::kEndsWith:
      return text.ends_with(wanted);
    case Type::kWildcard:
      return wildcards[operand].Matches(text);
    default:
      return regexes[operand]->Match(re2::StringPiece(text.data(), text.size()), 0, text.size(),
                                     re2::RE2::UNANCHORED, nullptr, 0);
  }
}

}  // namespace randguard
