// SPDX-License-Identifier: Apache-2.0
#include "analyzer/output/metrics/metrics.h"

#include <gtest/gtest.h>

#include <concepts>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "analyzer/config/config.h"
#include "tests/support/page.h"
#include "tests/support/source_root.h"

namespace randguard::metrics_test {
namespace {

constexpr std::size_t kMaxSeries = 200;

// Calls visit(name, value) for each field, also of objects within: "collector.sessions".
template <typename Object, typename Visit>
void VisitAll(Object& object, const std::string& prefix, const Visit& visit) {
  kFields<Object>.Apply([&](const auto&... field) {
    const auto each = [&](const auto& f) {
      auto& value = object.*f.member;
      using T = std::remove_cvref_t<decltype(value)>;
      const std::string name = prefix + std::string(f.name());
      if constexpr (std::same_as<T, OrLeftOut<SigmaHealth>> ||
                    std::same_as<T, OrLeftOut<CanaryHealth>>) {
        if (!value.has_value()) value.emplace();
        VisitAll(*value, name + ".", visit);
      } else if constexpr (std::same_as<T, OrLeftOut<std::vector<OutputHealth>>>) {
        if (!value.has_value()) value.emplace(1);
        VisitAll(value->front(), name + ".", visit);
      } else if constexpr (Described<T>) {
        VisitAll(value, name + ".", visit);
      } else {
        visit(name, value);
      }
    };
    (each(field), ...);
  });
}

template <typename T>
constexpr bool kIsNumber =
    std::same_as<T, std::uint64_t> || std::same_as<T, OrLeftOut<std::uint64_t>> ||
    std::same_as<T, Named<std::uint64_t>> || std::same_as<T, Named<ProgramHealth>>;

void Set(std::uint64_t& value, std::uint64_t number) { value = number; }
void Set(OrLeftOut<std::uint64_t>& value, std::uint64_t number) { value = number; }
void Set(Named<ProgramHealth>& value, std::uint64_t number) {
  value = {{"exec", {.runs = number, .errors = number}}};
}
// A name of each set that fields have.
void Set(Named<std::uint64_t>& value, std::uint64_t number) {
  value = {{"process_exec", number}, {"high", number}, {"rate_limit", number}};
}

Health Filled() {
  Health health;
  std::uint64_t number = 1000;
  VisitAll(health, "", [&]<typename T>(const std::string&, T& value) {
    if constexpr (kIsNumber<T>) {
      Set(value, ++number);
    } else if constexpr (std::same_as<T, std::optional<std::string>>) {
      value = "wrong";
    } else if constexpr (std::same_as<T, bool>) {
      value = true;
    }
  });
  health.collector.cpu_user_us = 12'000'034;
  health.status = HealthStatus::kDegraded;
  health.confinement.landlock = LandlockState::kEnforced;
  health.confinement.seccomp = SeccompState::kEnforced;
  health.hooks = {{Hook{RG_HOOK_process_exec}, HookState::kAttached, std::nullopt, ""},
                  {Hook{RG_HOOK_file_open}, HookState::kAttached, Witness::kFunction, ""},
                  {Hook{RG_HOOK_file_write}, HookState::kFallback, Witness::kCall, "\"no\"\nBTF"},
                  {Hook{RG_HOOK_io_uring}, HookState::kMissing, std::nullopt, "none"}};
  health.outputs.emplace();
  for (std::size_t i = 0; i < kFurtherOutputsMax; ++i) {
    health.outputs->push_back({"o" + std::to_string(i), i, i + 1, i + 2, i + 3, std::nullopt});
  }
  health.outputs->front().name = "\"quoted\"";
  health.outputs->front().error = "wrong";
  return health;
}

Health WithoutOutputs(Health health) {
  health.outputs.reset();
  return health;
}

std::string Render(const Health& health, bool running = true) {
  return RenderMetrics(
      {.health = health, .version = "1.2.3", .running = running, .unix_time_s = 1'700'000'000});
}

// The lines of each metric, without its help.
std::map<std::string, std::vector<std::string>> SeriesOf(const std::string& text) {
  std::map<std::string, std::vector<std::string>> series;
  const std::vector<std::string> lines = absl::StrSplit(text, '\n', absl::SkipEmpty());
  for (const std::string& line : lines) {
    if (line.starts_with('#')) continue;
    series[line.substr(0, line.find_first_of(" {"))].push_back(line);
  }
  return series;
}

std::size_t Count(const std::string& text) {
  std::size_t count = 0;
  for (const auto& [name, lines] : SeriesOf(text)) count += lines.size();
  return count;
}

std::vector<std::string> FieldsOfMetric(const Metric& metric) {
  return absl::StrSplit(std::string(metric.fields), ", ", absl::SkipEmpty());
}

std::set<std::string> WithoutMetric() {
  std::set<std::string> names;
  for (const FieldWithoutMetric& left : FieldsWithoutMetric()) names.emplace(left.field);
  return names;
}

// RANDGUARD_UPDATE=1 writes the file anew.
TEST(MetricsTest, FilledHealthIsAsInTheFile) {
  const std::string path = testing::SourcePath("analyzer/output/metrics/testdata/filled.prom");
  const std::string text = Render(Filled());
  if (std::getenv("RANDGUARD_UPDATE") != nullptr) std::ofstream(path) << text;
  std::ifstream file(path);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), text);
}

// RANDGUARD_UPDATE=1 writes the table anew.
TEST(MetricsTest, PageIsUpToDate) {
  ExpectPartOfPage(testing::SourcePath("docs/metrics.md"), "metrics", MetricsReference());
}

TEST(MetricsTest, SeriesAreFewWhateverHealthHas) {
  const std::size_t count = Count(Render(Filled()));
  EXPECT_LE(count, kMaxSeries);
  const std::size_t of_outputs = Count(Render(Filled())) - Count(Render(WithoutOutputs(Filled())));
  EXPECT_EQ(of_outputs, 4 * kFurtherOutputsMax);
  EXPECT_EQ(Count(Render(Health())), count - of_outputs);

  Health hostile = Filled();
  for (int i = 0; i < 5000; ++i) {
    hostile.hooks.push_back({Hook{RG_HOOK_syscalls}, HookState::kMissing, Witness::kCall, "x"});
    hostile.kernel_skipped_by_hook.emplace_back("unheard of", 1);
    hostile.kernel_skipped_by_hook.emplace_back("syscalls", 1);
  }
  const std::string text = Render(hostile);
  EXPECT_EQ(Count(text), count);
  EXPECT_NE(text.find("rand_guard_hooks{state=\"missing\"} 5001\n"), text.npos);
  EXPECT_NE(text.find("rand_guard_kernel_skipped_runs_total{hook=\"syscalls\"} 5000\n"), text.npos);
}

TEST(MetricsTest, NoSeriesIsThereTwice) {
  for (const auto& [name, lines] : SeriesOf(Render(Filled()))) {
    std::set<std::string> seen;
    for (const std::string& line : lines) {
      EXPECT_TRUE(seen.insert(line.substr(0, line.rfind(' '))).second) << line;
    }
  }
}

TEST(MetricsTest, NamesFollowTheRules) {
  static const std::regex name_pattern("rand_guard(_[a-z]+)+");
  static const std::regex other_units("_(kb|kib|mb|us|ms|ns|micros|secs|count)(_|$)");
  std::set<std::string> names;
  for (const Metric& metric : Metrics()) {
    const std::string name(metric.name);
    EXPECT_TRUE(std::regex_match(name, name_pattern)) << name;
    EXPECT_FALSE(std::regex_search(name, other_units)) << name << ": seconds and bytes";
    EXPECT_TRUE(names.insert(name).second) << name << " is there twice";
    EXPECT_FALSE(metric.help.empty()) << name;
  }
}

TEST(MetricsTest, EveryNumberInHealthIsAMetricOrLeftOutForAReason) {
  std::set<std::string> used;
  for (const Metric& metric : Metrics()) {
    for (const std::string& field : FieldsOfMetric(metric)) used.insert(field);
  }
  std::set<std::string> all, without = WithoutMetric();
  Health health;
  VisitAll(health, "", [&]<typename T>(const std::string& name, T&) {
    all.insert(name);
    if constexpr (kIsNumber<T>) {
      EXPECT_NE(used.contains(name), without.contains(name))
          << name << ": give it a row in one of the two tables in metrics.cc";
    }
  });
  all.insert("confinement");
  for (const std::string& name : used) EXPECT_TRUE(all.contains(name)) << name;
  for (const std::string& name : without) EXPECT_TRUE(all.contains(name)) << name;
  for (const FieldWithoutMetric& left : FieldsWithoutMetric()) EXPECT_FALSE(left.why.empty());
}

// A row says which fields it is made of: those change it, and nothing else does.
TEST(MetricsTest, EachFieldChangesItsMetricsAlone) {
  Health nothing;
  nothing.sigma.emplace();
  nothing.canary.emplace();
  nothing.outputs.emplace(1);
  const auto before = SeriesOf(Render(nothing));
  std::vector<std::string> fields;
  VisitAll(nothing, "", [&]<typename T>(const std::string& name, T&) {
    if constexpr (kIsNumber<T> || std::same_as<T, std::optional<std::string>>) {
      fields.push_back(name);
    }
  });
  ASSERT_GT(fields.size(), 70u);
  for (const std::string& field : fields) {
    Health health;
    VisitAll(health, "", [&]<typename T>(const std::string& name, T& value) {
      if (name != field) return;
      if constexpr (kIsNumber<T>) {
        Set(value, 3'000'000'007);
      } else if constexpr (std::same_as<T, std::optional<std::string>>) {
        value = "wrong";
      }
    });
    std::set<std::string> changed, expected;
    for (const auto& [name, lines] : SeriesOf(Render(health))) {
      if (lines != before.at(name)) changed.insert(name);
    }
    for (const Metric& metric : Metrics()) {
      for (const std::string& of : FieldsOfMetric(metric)) {
        if (of == field) expected.emplace(metric.name);
      }
    }
    EXPECT_EQ(changed, expected) << field;
  }
}

bool Has(const std::string& text, const std::string& line) {
  return text.find("\n" + line + "\n") != text.npos;
}

TEST(MetricsTest, OnlyASensorThatObservesIsUp) {
  Health health;
  for (const auto& [status, up] :
       {std::pair(HealthStatus::kOk, "1"), std::pair(HealthStatus::kDegraded, "1"),
        std::pair(HealthStatus::kBlind, "0")}) {
    health.status = status;
    const std::string text = Render(health);
    EXPECT_TRUE(Has(text, std::string("rand_guard_up ") + up)) << Name(status);
    EXPECT_TRUE(Has(text, "rand_guard_running 1"));
    EXPECT_TRUE(Has(text, "rand_guard_status{status=\"" + std::string(Name(status)) + "\"} 1"));
  }
  health.status = HealthStatus::kOk;
  const std::string last = Render(health, /*running=*/false);
  EXPECT_TRUE(Has(last, "rand_guard_up 0"));
  EXPECT_TRUE(Has(last, "rand_guard_running 0"));
}

TEST(MetricsTest, TextsAreEscaped) {
  EXPECT_EQ(EscapedLabelValue("a\\b\"c\nd"), "a\\\\b\\\"c\\nd");
  EXPECT_EQ(EscapedLabelValue("plain, {x} é"), "plain, {x} é");
  EXPECT_EQ(EscapedHelp("a\\b\"c\nd"), "a\\\\b\"c\\nd");
  const std::string text = RenderMetrics({.health = Health(), .version = "1\"} 7\nx 1"});
  EXPECT_TRUE(Has(text, "rand_guard_build_info{version=\"1\\\"} 7\\nx 1\"} 1"));
  EXPECT_EQ(text.find("\nx 1"), text.npos);
}

// The alert rules that come with the sensor ask for nothing else than what there is.
TEST(MetricsTest, RulesForPrometheusNameMetricsThatExist) {
  std::ifstream file(testing::SourcePath("packaging/prometheus/rand-guard.rules.yml"));
  ASSERT_TRUE(file.is_open());
  const std::string rules{std::istreambuf_iterator<char>(file), {}};
  std::set<std::string> names;
  for (const Metric& metric : Metrics()) names.emplace(metric.name);
  static const std::regex used_pattern(R"(rand_guard_\w+)");
  std::size_t found = 0;
  for (std::sregex_iterator it(rules.begin(), rules.end(), used_pattern), end; it != end; ++it) {
    EXPECT_TRUE(names.contains(it->str())) << it->str();
    ++found;
  }
  EXPECT_GT(found, 10u);
}

}  // namespace
}  // namespace randguard::metrics_test
