// SPDX-License-Identifier: Apache-2.0
//
// Names for bits: open flags, mode bits, capabilities and the like, as the kernel's headers have
// them.
#ifndef ANALYZER_RULES_FIELDS_SYMBOLS_H_
#define ANALYZER_RULES_FIELDS_SYMBOLS_H_

#include <cstdint>
#include <span>
#include <string_view>

namespace randguard {

// Which names a field's bits have.
enum class Symbols : std::uint8_t {
  kNone,
  kOpen,        // O_
  kMode,        // S_
  kCapability,  // CAP_
  kProtection,  // PROT_
  kMap,         // MAP_
  kRename,      // RENAME_
  kAt,          // AT_
  kMount,       // MS_
  kUnmount,     // MNT_
  kNamespace,   // CLONE_
  kMemfd,       // MFD_
  kResolve,     // RESOLVE_
};

struct Symbol {
  std::string_view name;
  Symbols group;
  std::uint64_t bits;
};

std::span<const Symbol> AllSymbols();
// Null: there is none of this name.
const Symbol* FindSymbol(std::string_view name);
// Those that the field `name` of the event class has; kNone if its bits have no names.
Symbols SymbolsOf(std::string_view event_class, std::string_view field);
// "open flags (O_...)"
std::string_view SymbolsName(Symbols group);

}  // namespace randguard

#endif  // ANALYZER_RULES_FIELDS_SYMBOLS_H_
