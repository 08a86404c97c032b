// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/fields/field_catalogue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "analyzer/event/events.h"

namespace randguard::field_catalogue_test {
namespace {

using Values = std::vector<std::string_view>;

const FieldInfo& FieldOf(std::string_view name) {
  const FieldCatalogue& catalogue = FieldCatalogue::Get();
  return catalogue.field(catalogue.Find(name).value());
}

TEST(FieldCatalogueTest, EveryFieldOfTheOutputIsThere) {
  const FieldCatalogue& catalogue = FieldCatalogue::Get();
  for (const std::string_view name :
       {"exe_path", "namespaces.pid", "before.capabilities.effective", "target.exe_path",
        "remote_addr", "resolved_path", "process_name", "parent_command_line", "syscall"}) {
    EXPECT_TRUE(catalogue.Find(name).has_value()) << name;
  }
  for (const FieldInfo& field : catalogue.fields()) EXPECT_FALSE(field.doc.empty()) << field.name;
}

TEST(FieldCatalogueTest, EveryClassButTheCgroupsNameHasNameAndEventTypes) {
  const FieldCatalogue& catalogue = FieldCatalogue::Get();
  for (EventClass event_class = 0; event_class < kEventClasses; ++event_class) {
    const EventClassInfo& info = catalogue.classes()[event_class];
    const bool goes_out = event_class != ClassOf<CgroupName>();
    EXPECT_EQ(info.name.empty(), !goes_out) << event_class;
    EXPECT_EQ(info.event_types.empty(), !goes_out) << event_class;
    for (const std::string_view type : info.event_types) {
      EXPECT_EQ(catalogue.ClassOfEventType(type), event_class) << type;
    }
  }
}

TEST(FieldCatalogueTest, RuleTypesFollowFromWhatEventsAreMadeOf) {
  const auto& classes = FieldCatalogue::Get().classes();
  EXPECT_EQ(classes[ClassOf<ProcessStart>()].rule_type, RuleType::kProcess);
  EXPECT_EQ(classes[ClassOf<Mount>()].rule_type, RuleType::kProcess);
  EXPECT_EQ(classes[ClassOf<IoUringOperation>()].rule_type, RuleType::kProcess);
  EXPECT_EQ(classes[ClassOf<FileUnlink>()].rule_type, RuleType::kFile);
  EXPECT_EQ(classes[ClassOf<NetworkDatagram>()].rule_type, RuleType::kNetwork);
  EXPECT_EQ(classes[ClassOf<NetworkClose>()].rule_type, RuleType::kNetwork);
}

TEST(FieldCatalogueTest, ValuesOfAClassAreAllThatItsEventsHave) {
  EXPECT_EQ(FieldOf("direction").values[ClassOf<NetworkConnect>()], Values{"outbound"});
  EXPECT_EQ(FieldOf("direction").values[ClassOf<NetworkAccept>()], Values{"inbound"});
  EXPECT_EQ(FieldOf("direction").values[ClassOf<NetworkClose>()], (Values{"outbound", "inbound"}));
  EXPECT_EQ(FieldOf("event_type").values[ClassOf<ProcessExit>()], Values{"process_exit"});
  EXPECT_EQ(FieldOf("operation").values[ClassOf<FileUnlink>()], Values{"unlink"});
  EXPECT_EQ(FieldOf("operation").values[ClassOf<FileRename>()], (Values{"rename", "link"}));
  EXPECT_EQ(FieldOf("operation").values[ClassOf<FileChange>()],
            (Values{"write", "create", "chmod", "chown", "attribute"}));
  EXPECT_EQ(FieldOf("operation").values[ClassOf<NetworkDatagram>()], (Values{"send", "receive"}));
  EXPECT_EQ(FieldOf("operation").values[ClassOf<NetworkClose>()], Values{"close"});
  EXPECT_EQ(FieldOf("operation").values[ClassOf<ProcessAccess>()],
            (Values{"attach", "seize", "poke_text", "poke_data", "poke_user", "read_memory",
                    "write_memory", "traceme", "get_descriptor", "open_memory_to_read",
                    "open_memory_to_write", "open_environment", "open_mappings"}));
  EXPECT_EQ(FieldOf("operation").values[ClassOf<FileTimes>()], Values{"times"});
  EXPECT_EQ(FieldOf("file_flags").values[ClassOf<FileFlags>()],
            (Values{"immutable", "append", "no_dump", "no_atime", "sync"}));
  EXPECT_EQ(FieldOf("object_kind").values[ClassOf<BpfOperation>()],
            (Values{"program", "map", "link"}));
  EXPECT_TRUE(FieldOf("protocol").values[ClassOf<NetworkClose>()].empty());
  EXPECT_TRUE(FieldOf("comm").values[ClassOf<ProcessExit>()].empty());
}

TEST(FieldCatalogueTest, OwnFieldsGoFirstUnlessTheWriterHasTheValue) {
  const FieldInfo& parent = FieldOf("parent_comm");
  EXPECT_NE(parent.set[ClassOf<ProcessStart>()], nullptr);
  EXPECT_EQ(parent.set[ClassOf<FileOpen>()], nullptr);
  EXPECT_NE(parent.read[ClassOf<FileOpen>()], nullptr);
  const FieldInfo& creator = FieldOf("creator_comm");
  EXPECT_NE(creator.set[ClassOf<ProcessStart>()], nullptr);
  EXPECT_EQ(creator.set[ClassOf<FileOpen>()], nullptr);
  EXPECT_EQ(FieldOf("host").set[ClassOf<ProcessStart>()], nullptr);
}

TEST(FieldCatalogueTest, BitsAreNamedByClass) {
  EXPECT_EQ(FieldOf("flags").symbols[ClassOf<FileOpen>()], Symbols::kOpen);
  EXPECT_EQ(FieldOf("flags").symbols[ClassOf<Mount>()], Symbols::kMount);
  EXPECT_EQ(FieldOf("exe_mode").symbols[ClassOf<ProcessStart>()], Symbols::kMode);
  EXPECT_EQ(FieldOf("pid").symbols[ClassOf<ProcessStart>()], Symbols::kNone);
}

}  // namespace
}  // namespace randguard::field_catalogue_test
