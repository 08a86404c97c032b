// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/sigma/pattern.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "analyzer/rules/match/wildcard.h"

namespace randguard::sigma {
namespace {

constexpr std::size_t kDashedMax = 625;  // four dashes of five kinds

// The code point at the beginning of `text`, whose bytes are taken away. YAML has only UTF-8.
char32_t TakeCodePoint(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  char32_t point = size == 1 ? lead : lead & (0xffU >> (size + 1));
  for (std::size_t i = 1; i < size && i < text.size(); ++i) {
    point = point << 6 | (static_cast<unsigned char>(text[i]) & 0x3fU);
  }
  text.remove_prefix(std::min(size, text.size()));
  return point;
}

std::string EncodedUtf16(std::string_view text, bool big) {
  std::string out;
  const auto put = [&](char32_t unit) {
    const char low = static_cast<char>(unit & 0xff), high = static_cast<char>(unit >> 8);
    out += big ? high : low;
    out += big ? low : high;
  };
  while (!text.empty()) {
    const char32_t point = TakeCodePoint(text);
    if (point < 0x10000) {
      put(point);
    } else {
      put(0xd800 + ((point - 0x10000) >> 10));
      put(0xdc00 + ((point - 0x10000) & 0x3ff));
    }
  }
  return out;
}

bool IsWord(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_'; }

}  // namespace

Pattern Pattern::Parse(std::string_view value) {
  Pattern out;
  std::string literal;
  const auto end_literal = [&] {
    if (!literal.empty()) out.Append({Kind::kLiteral, std::exchange(literal, {})});
  };
  for (std::size_t at = 0; at < value.size(); ++at) {
    const char c = value[at];
    if (c == '\\' && at + 1 < value.size() &&
        (value[at + 1] == '*' || value[at + 1] == '?' || value[at + 1] == '\\')) {
      literal += value[++at];
    } else if (c == '*' || c == '?') {
      end_literal();
      out.Append({c == '*' ? Kind::kMany : Kind::kOne, ""});
    } else {
      literal += c;
    }
  }
  end_literal();
  return out;
}

Pattern Pattern::Literal(std::string text) {
  Pattern out;
  if (!text.empty()) out.Append({Kind::kLiteral, std::move(text)});
  return out;
}

void Pattern::Append(Piece piece) {
  if (piece.kind == Kind::kLiteral && piece.text.empty()) return;
  if (!pieces_.empty()) {
    Piece& last = pieces_.back();
    if (piece.kind == Kind::kMany && last.kind == Kind::kMany) return;
    if (piece.kind == Kind::kLiteral && last.kind == Kind::kLiteral) {
      last.text += piece.text;
      return;
    }
  }
  pieces_.push_back(std::move(piece));
}

bool Pattern::IsLiteral() const {
  return pieces_.empty() || (pieces_.size() == 1 && pieces_[0].kind == Kind::kLiteral);
}

std::string_view Pattern::literal() const {
  return pieces_.empty() ? std::string_view() : pieces_[0].text;
}

bool Pattern::StartsWithMany() const {
  return !pieces_.empty() && pieces_.front().kind == Kind::kMany;
}

bool Pattern::EndsWithMany() const {
  return !pieces_.empty() && pieces_.back().kind == Kind::kMany;
}

Pattern Pattern::Widened(bool start, bool end) const {
  Pattern out;
  if (start) out.Append({Kind::kMany, ""});
  for (const Piece& piece : pieces_) out.Append(piece);
  if (end) out.Append({Kind::kMany, ""});
  return out;
}

Shape ShapeOf(const Pattern& pattern) {
  using Kind = Pattern::Kind;
  if (pattern.IsLiteral()) return {Shape::Type::kEqual, std::string(pattern.literal())};
  if (pattern.IsAny()) return {Shape::Type::kAny, ""};
  const auto& pieces = pattern.pieces();
  const bool one = std::any_of(pieces.begin(), pieces.end(),
                               [](const auto& piece) { return piece.kind == Kind::kOne; });
  const auto literals = std::count_if(
      pieces.begin(), pieces.end(), [](const auto& piece) { return piece.kind == Kind::kLiteral; });
  if (!one && literals == 1) {
    const bool start = pattern.StartsWithMany(), end = pattern.EndsWithMany();
    return {start && end ? Shape::Type::kPart
            : start      ? Shape::Type::kEnd
                         : Shape::Type::kStart,
            pieces[start ? 1 : 0].text};
  }
  Shape shape{Shape::Type::kWildcard, ""};
  for (const Pattern::Piece& piece : pieces) {
    if (piece.kind == Kind::kMany) {
      shape.text += Wildcard::kMany;
    } else if (piece.kind == Kind::kOne) {
      shape.text += Wildcard::kOne;
    } else {
      shape.text += piece.text;
    }
  }
  return shape;
}

std::optional<Pattern> InUtf16(const Pattern& pattern, Utf16 form) {
  if (!pattern.IsLiteral()) return std::nullopt;
  std::string text = EncodedUtf16(pattern.literal(), form == Utf16::kBig);
  if (form == Utf16::kMarked) text.insert(0, "\xff\xfe");
  return Pattern::Literal(std::move(text));
}

std::optional<Pattern> InBase64(const Pattern& pattern) {
  if (!pattern.IsLiteral()) return std::nullopt;
  return Pattern::Literal(absl::Base64Escape(std::string(pattern.literal())));
}

// Base64 makes four digits of three bytes. A text that begins one or two bytes into such a group
// shares its first digits with what stands before it, and likewise its last ones: these are left
// out.
std::vector<Pattern> InBase64AtOffsets(const Pattern& pattern) {
  std::vector<Pattern> out;
  if (!pattern.IsLiteral() || pattern.literal().empty()) return out;
  constexpr std::array<std::size_t, 3> kShared = {0, 2, 3};       // digits, by bytes before
  constexpr std::array<std::size_t, 3> kSharedAtEnd = {0, 3, 2};  // by bytes over
  for (std::size_t before = 0; before < 3; ++before) {
    const std::string encoded =
        absl::Base64Escape(std::string(before, ' ').append(pattern.literal()));
    const std::size_t cut = kSharedAtEnd[(before + pattern.literal().size()) % 3];
    const std::size_t end = encoded.size() - std::min(cut, encoded.size());
    if (kShared[before] >= end) continue;  // too short to leave a digit
    out.push_back(Pattern::Literal(encoded.substr(kShared[before], end - kShared[before])));
  }
  return out;
}

std::optional<std::vector<Pattern>> WithDashes(const Pattern& pattern) {
  // The hyphen, the slash, and what word processors make of a hyphen: en dash, em dash, bar.
  constexpr std::array<std::string_view, 5> kDashes = {"-", "/", "\xe2\x80\x93", "\xe2\x80\x94",
                                                       "\xe2\x80\x95"};
  std::vector<Pattern> ways(1);
  const auto append = [&](const Pattern::Piece& piece) {
    for (Pattern& way : ways) way.Append(piece);
  };
  for (const Pattern::Piece& piece : pattern.pieces()) {
    if (piece.kind != Pattern::Kind::kLiteral) {
      append(piece);
      continue;
    }
    const std::string& text = piece.text;
    std::size_t begin = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
      const bool dash = (text[at] == '-' || text[at] == '/') &&
                        (at == 0 || !IsWord(text[at - 1])) && at + 1 < text.size() &&
                        IsWord(text[at + 1]);
      if (!dash) continue;
      if (ways.size() * kDashes.size() > kDashedMax) return std::nullopt;
      append({Pattern::Kind::kLiteral, text.substr(begin, at - begin)});
      std::vector<Pattern> more;
      for (const Pattern& way : ways) {
        for (const std::string_view one : kDashes) {
          more.push_back(way);
          more.back().Append({Pattern::Kind::kLiteral, std::string(one)});
        }
      }
      ways = std::move(more);
      begin = at + 1;
    }
    append({Pattern::Kind::kLiteral, text.substr(begin)});
  }
  return ways;
}

}  // namespace randguard::sigma
