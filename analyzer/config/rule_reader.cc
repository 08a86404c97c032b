// SPDX-License-Identifier: Apache-2.0
//
// The parts of TableReader that only rules have: conditions, exceptions, tests.
#include <array>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "analyzer/config/table_reader.h"

namespace randguard {
namespace {

using Type = TomlValue::Type;

constexpr std::size_t kExceptionsMax = 64;
constexpr std::size_t kTestsMax = 1024;
constexpr std::size_t kBeforeMax = 64;
constexpr std::size_t kTimedMax = 256;
constexpr std::uint32_t kRepeatMax = 1000;
constexpr std::uint32_t kTestSecondsMax = 30 * 86400;

}  // namespace

void TableReader::operator()(const Key& key, SourceText& field, const Text& text) {
  const TomlValue* value = Expect(key, Type::kString);
  if (value != nullptr && IsValidText(key, *value, text)) {
    field = reporter_.Locate(value->offset, value->string);
  }
}

void TableReader::operator()(const Key& key, std::vector<SourceText>& field, const Text& text) {
  ReadList(key, Type::kString, text.max_items, field,
           [&](const TomlValue& item) -> std::vector<SourceText> {
             if (!IsValidText(key, item, text)) return {};
             return {reporter_.Locate(item.offset, item.string)};
           });
}

void TableReader::operator()(const Key& key, std::vector<RuleException>& field) {
  NoteKey(key);
  const TomlMember* member = Find(key.name);
  if (member == nullptr) return;
  const TomlValue& value = member->value;
  if (value.type == Type::kString) {
    ReadException(key, value, field);
    return;
  }
  if (value.type != Type::kArray) {
    Error(value.offset, key.name,
          absl::StrFormat("expected string or array, found %s", TypeName(value.type)));
    return;
  }
  if (!IsValidCount(key, value, kExceptionsMax)) return;
  for (const TomlValue& item : value.array) ReadException(key, item, field);
}

void TableReader::ReadException(const Key& key, const TomlValue& item,
                                std::vector<RuleException>& field) {
  if (item.type == Type::kTable) {
    TableReader reader(&item, name_ + "." + std::string(key.name), reporter_, use_);
    RuleException exception;
    reader(Key{"name", ""}, exception.name, kLabel);
    reader(Key{"condition", "", kRequired}, exception.condition, kCondition);
    reader.ReportUnknownKeys();
    faulty_ = faulty_ || reader.faulty();
    if (!exception.condition.text.empty()) field.push_back(std::move(exception));
    return;
  }
  if (item.type != Type::kString) {
    Error(item.offset, key.name,
          absl::StrFormat("expected string or table, found %s", TypeName(item.type)));
    return;
  }
  if (!IsValidText(key, item, kCondition)) return;
  field.push_back({"", reporter_.Locate(item.offset, item.string)});
}

void TableReader::operator()(const Key& key, std::vector<RuleTest>& field) {
  const TomlValue* list = Expect(key, Type::kArray);
  if (list == nullptr || !IsValidCount(key, *list, kTestsMax)) return;
  for (const TomlValue& item : list->array) {
    if (IsOfType(key, item, Type::kTable)) ReadTest(item, field);
  }
}

void TableReader::ReadTest(const TomlValue& table, std::vector<RuleTest>& field) {
  TableReader reader(&table, name_ + ".tests", reporter_, use_);
  RuleTest test;
  reader(Key{"name", "", kRequired}, test.name, kLabel);
  reader(Key{"fires", "", kRequired}, test.fires);
  reader.NoteKey(Key{"event", ""});
  reader.NoteKey(Key{"json", ""});
  reader.NoteKey(Key{"before", ""});
  reader.NoteKey(Key{"events", ""});
  const TomlMember* event = reader.Find("event");
  const TomlMember* json = reader.Find("json");
  const TomlMember* events = reader.Find("events");
  test.event.position = reporter_.PositionOf(table.offset);
  reader(Key{"until", ""}, test.until, Range{0, kTestSecondsMax, "seconds"});
  if ((event != nullptr) + (json != nullptr) + (events != nullptr) != 1) {
    reader.Error(table.offset, "event",
                 "a test has an event or a json, one of them; that of a correlation has events");
  } else if (events != nullptr) {
    reader.ReadTimedEvents(*events, test);
  } else {
    const TomlMember& given = event != nullptr ? *event : *json;
    reader.ReadTestEvent(given.key, given.value, test.event);
  }
  if (const TomlMember* before = reader.Find("before"); before != nullptr) {
    const Key key{"before", ""};
    if (reader.IsOfType(key, before->value, Type::kArray) &&
        reader.IsValidCount(key, before->value, kBeforeMax)) {
      for (const TomlValue& item : before->value.array) {
        reader.ReadTestEvent("before", item, test.before.emplace_back());
      }
    }
  }
  reader.ReportUnknownKeys();
  faulty_ = faulty_ || reader.faulty();
  field.push_back(std::move(test));
}

// Tables of fields, each with the time at which it happens and how often, or with a text of JSON in
// the place of fields.
void TableReader::ReadTimedEvents(const TomlMember& list, RuleTest& test) {
  const Key key{"events", "", kRequired};
  if (!IsOfType(key, list.value, Type::kArray) || !IsValidCount(key, list.value, kTimedMax)) return;
  for (const TomlValue& item : list.value.array) {
    if (!IsOfType(key, item, Type::kTable)) continue;
    RuleTest::Timed timed;
    TomlValue fields = item;
    std::erase_if(fields.table, [](const TomlMember& member) {
      return member.key == "at" || member.key == "repeat";
    });
    TableReader reader(&item, name_ + ".events", reporter_, use_);
    reader(Key{"at", ""}, timed.at, Range{0, kTestSecondsMax, "seconds"});
    reader(Key{"repeat", ""}, timed.repeat, Range{1, kRepeatMax});
    faulty_ = faulty_ || reader.faulty();
    const TomlMember* json = reader.Find("json");
    if (json != nullptr && fields.table.size() == 1) {
      ReadTestEvent("json", json->value, timed.event);
    } else {
      ReadTestEvent("event", fields, timed.event);
    }
    test.events.push_back(std::move(timed));
  }
}

// A table of fields, or a text of JSON.
void TableReader::ReadTestEvent(std::string_view key, const TomlValue& value,
                                TestEvent& event) const {
  event.position = reporter_.PositionOf(value.offset);
  if (value.type == Type::kString && key != "event") {
    event.json = reporter_.Locate(value.offset, value.string);
  } else if (value.type == Type::kTable && key != "json") {
    for (const TomlMember& member : value.table) ReadTestField(member.key, member.value, event);
  } else {
    Error(value.offset, key,
          absl::StrFormat("expected %s, found %s", key == "json" ? "string" : "table of fields",
                          TypeName(value.type)));
  }
}

void TableReader::ReadTestField(const std::string& name, const TomlValue& value,
                                TestEvent& event) const {
  TestField field{name, false};
  switch (value.type) {
    case Type::kBoolean:
      field.value = value.boolean;
      break;
    case Type::kInteger:
      field.value = value.integer;
      break;
    case Type::kString:
      field.value = value.string;
      break;
    case Type::kTable:
      for (const TomlMember& member : value.table) {
        ReadTestField(name + "." + member.key, member.value, event);
      }
      return;
    case Type::kArray: {
      std::vector<std::string> texts;
      std::vector<std::int64_t> numbers;
      for (const TomlValue& item : value.array) {
        if (item.type == Type::kString) {
          texts.push_back(item.string);
        } else if (item.type == Type::kInteger) {
          numbers.push_back(item.integer);
        }
      }
      if (texts.size() != value.array.size() && numbers.size() != value.array.size()) {
        Error(value.offset, name, "expected a list of texts or a list of numbers");
        return;
      }
      if (numbers.empty()) {
        field.value = std::move(texts);
      } else {
        field.value = std::move(numbers);
      }
      break;
    }
    default:
      Error(value.offset, name, absl::StrFormat("no field holds a %s", TypeName(value.type)));
      return;
  }
  event.fields.push_back(std::move(field));
}

}  // namespace randguard
