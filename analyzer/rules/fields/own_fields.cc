// SPDX-License-Identifier: Apache-2.0
//
// The part that does not depend on a field's type.
#include "analyzer/rules/fields/own_fields.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <utility>
#include <variant>

#include "absl/strings/str_format.h"
#include "analyzer/event/calls.h"
#include "analyzer/rules/fields/own_field_access.h"

namespace randguard::own_fields {
namespace {

std::vector<std::string_view> ValuesOf(bool (*is_made_of)(unsigned kind),
                                       std::string_view CallInfo::*member) {
  std::vector<std::string_view> values;
  for (const CallInfo& call : kCalls) {
    const bool known = std::find(values.begin(), values.end(), call.*member) != values.end();
    if (is_made_of(call.kind) && !known) values.push_back(call.*member);
  }
  return values;
}

}  // namespace

void AddField(std::string_view prefix, std::string_view field, const char* doc, Form form,
              ReadField read, SetField set, std::vector<OwnField>& out) {
  OwnField& own = out.emplace_back();
  own.name = std::string(prefix) + std::string(field);
  own.doc = doc;
  own.type = form.type;
  own.address = form.address;
  own.may_be_absent = form.may_be_absent;
  own.meanings = form.values;
  if (form.values != nullptr) {
    own.values.assign(form.values->names.begin(), form.values->names.end());
  } else if (own.name == "syscall") {
    // Any of them: an event may come from calls that mostly become another event.
    own.values = ValuesOf([](unsigned) { return true; }, &CallInfo::name);
  }
  if (form.mode) own.symbols = Symbols::kMode;
  if (form.capabilities) own.symbols = Symbols::kCapability;
  own.read = read;
  own.set = set;
}

std::vector<std::string_view> EventTypesOf(bool (*is_made_of)(unsigned kind)) {
  return ValuesOf(is_made_of, &CallInfo::event_type);
}

std::vector<std::string_view> OperationsOf(bool (*is_made_of)(unsigned kind)) {
  return ValuesOf(is_made_of, &CallInfo::operation);
}

void SetValues(std::string_view field, std::vector<std::string_view> values,
               std::vector<OwnField>& fields) {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const OwnField& own) { return own.name == field; });
  if (found == fields.end()) std::abort();
  found->values = std::move(values);
}

void LoadDevice(Device device, FieldScratch& scratch, Value& out) {
  scratch.text = absl::StrFormat("%d:%d", device.dev >> 20, device.dev & 0xfffff);
  SetText(scratch.text, out);
}

void LoadProcess(const ProcessKey& process, FieldScratch& scratch, Value& out) {
  const auto append = [&](const auto& number) {
    scratch.text.append(reinterpret_cast<const char*>(&number), sizeof(number));
  };
  scratch.text.clear();
  append(process.pid);
  append(process.start_ns);
  out.text = scratch.text;
}

bool StoreDevice(const FieldInput& input, Device& device) {
  if (input.form != FieldInput::Form::kText) return false;
  unsigned major = 0, minor = 0;
  const std::string text(input.text);
  int end = 0;
  // NOLINTNEXTLINE(cert-err34-c): %n and the comparison see to what is wrong
  if (std::sscanf(text.c_str(), "%u:%u%n", &major, &minor, &end) != 2 ||
      static_cast<std::size_t>(end) != text.size()) {
    return false;
  }
  device.dev = major << 20 | (minor & 0xfffff);
  return true;
}

bool StoreBits(const FieldInput& input, int base, std::uint64_t& bits) {
  if (input.form == FieldInput::Form::kNumber && input.number >= 0) {
    bits = static_cast<std::uint64_t>(input.number);
    return true;
  }
  if (input.form != FieldInput::Form::kText || input.text.empty()) return false;
  const std::string text(input.text);
  char* end = nullptr;
  bits = std::strtoull(text.c_str(), &end, base);
  return end == text.c_str() + text.size();
}

}  // namespace randguard::own_fields

namespace randguard {
namespace {

// Without a default: a new domain is a warning here.
void Describe(rg_domain domain, OwnFieldsByClass& out) {
  switch (domain) {
    case RG_DOMAIN_process:
      return DescribeDomain<RG_DOMAIN_process>(out);
    case RG_DOMAIN_file:
      return DescribeDomain<RG_DOMAIN_file>(out);
    case RG_DOMAIN_behaviour:
      return DescribeDomain<RG_DOMAIN_behaviour>(out);
    case RG_DOMAIN_network:
      return DescribeDomain<RG_DOMAIN_network>(out);
  }
}

template <typename Variant>
struct DomainsOf;
template <typename... E>
struct DomainsOf<std::variant<E...>> {
  static std::set<rg_domain> All() { return {kDomainOf<E>...}; }
};

}  // namespace

OwnFieldsByClass DescribeEvents() {
  OwnFieldsByClass out;
  for (const rg_domain domain : DomainsOf<Event>::All()) Describe(domain, out);
  return out;
}

}  // namespace randguard
