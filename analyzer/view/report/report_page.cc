// SPDX-License-Identifier: Apache-2.0
#include "analyzer/view/report/report_page.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>

#include "absl/strings/str_format.h"
#include "analyzer/base/terminal_text.h"
#include "analyzer/view/compact_lines.h"
#include "analyzer/view/report/page_assets.h"

namespace randguard {
namespace {

constexpr std::size_t kTreeLinesMax = 300;
constexpr std::size_t kTreeColumns = 160;
constexpr std::size_t kRowsMax = 20;  // of a table of the most frequent
constexpr std::size_t kFilesMax = 50;
// Nothing but the page's own style and script.
constexpr char kPolicy[] =
    "default-src 'none'; style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'";

std::string TimeText(std::int64_t time) { return DateText(time) + " " + ClockText(time, false); }

std::string_view NameOf(std::size_t severity) { return Name(static_cast<Severity>(severity)); }

// Builds up the page.
class Page {
 public:
  template <typename... Args>
  void Add(const absl::FormatSpec<Args...>& format, const Args&... args) {
    absl::StrAppendFormat(&html_, format, args...);
  }

  // A table of names and numbers, the largest first.
  void Counts(std::string_view caption, std::string_view name_heading,
              std::vector<std::pair<std::string, std::uint64_t>> rows) {
    if (rows.empty()) return;
    std::stable_sort(rows.begin(), rows.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    Add("<table><caption>%s</caption><thead><tr><th scope=\"col\">%s</th>"
        "<th scope=\"col\" class=\"number\">Number</th></tr></thead><tbody>\n",
        HtmlText(caption), HtmlText(name_heading));
    std::uint64_t rest = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (i >= kRowsMax) {
        rest += rows[i].second;
        continue;
      }
      Add("<tr><td>%s</td><td class=\"number\">%d</td></tr>\n", HtmlText(rows[i].first),
          rows[i].second);
    }
    if (rows.size() > kRowsMax) {
      Add("<tr><td>%d others</td><td class=\"number\">%d</td></tr>\n", rows.size() - kRowsMax,
          rest);
    }
    Add("</tbody></table>\n");
  }

  std::string Take() { return std::move(html_); }

 private:
  std::string html_;
};

void Head(const ReportData& data, const ReportOrigin& origin, Page& page) {
  page.Add("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
  page.Add("<meta http-equiv=\"Content-Security-Policy\" content=\"");
  page.Add(kPolicy, page_assets::kStyleHash, page_assets::kScriptHash);
  page.Add("\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
  page.Add("<meta name=\"referrer\" content=\"no-referrer\">\n");
  page.Add("<title>rand-guard report</title>\n<style>%s</style>\n</head>\n<body>\n",
           page_assets::kStyle);
  page.Add(
      "<a class=\"skip\" href=\"#main\">To the report</a>\n<header>\n<h1>rand-guard report</h1>\n");
  if (data.first() <= data.last()) {
    page.Add(
        "<p>%s to %s, in the time zone of the host that made this page. %d host%s, %d events, "
        "%d alerts.</p>\n",
        TimeText(data.first()), TimeText(data.last()), data.hosts().size(),
        data.hosts().size() == 1 ? "" : "s", data.events_total(), data.alerts_total());
  } else {
    page.Add("<p>No line is of this period.</p>\n");
  }
  for (const std::string& problem : origin.problems) {
    page.Add("<p class=\"warning\">%s</p>\n", HtmlText(problem));
  }
  page.Add("</header>\n<main id=\"main\">\n");
}

void Missing(const ReportData& data, Page& page) {
  page.Add("<section aria-labelledby=\"missing\">\n<h2 id=\"missing\">What is missing</h2>\n");
  const bool whole = data.check().ok();
  if (data.first() > data.last()) {
    page.Add(
        "<p class=\"warning\">Whether anything is missing cannot be said: no line is of this "
        "period.</p>\n");
  } else if (data.gaps().empty() && whole) {
    page.Add("<p class=\"%s\">No loss was reported, and no line is missing by its number. %s</p>\n",
             data.health_lines() == 0 ? "warning" : "fine",
             data.health_lines() == 0
                 ? "The sensor has not said how it was: no line about its health is of this period."
                 : absl::StrFormat("The sensor was well whenever it said how it was, %d times.",
                                   data.health_lines()));
  } else {
    page.Add(
        "<p class=\"warning\">%d records or lines were lost as far as their number is known, in "
        "%d reports of losses and trouble. %s</p>\n",
        data.lost(), data.gaps().size() + data.more_gaps(),
        whole ? "No line is missing by its number." : "Lines are missing from what was read.");
  }
  if (!data.gaps().empty()) {
    page.Add(
        "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Losses and "
        "trouble\"><table>"
        "<caption>Losses, and times in which the sensor was not well</caption><thead><tr>"
        "<th scope=\"col\">From</th><th scope=\"col\">To</th><th scope=\"col\">Host</th>"
        "<th scope=\"col\">What</th></tr></thead><tbody>\n");
    for (const ReportedGap& gap : data.gaps()) {
      page.Add("<tr><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>\n", TimeText(gap.from),
               TimeText(gap.to), HtmlText(gap.host), HtmlText(gap.what));
    }
    page.Add("</tbody></table></div>\n");
    if (data.more_gaps() != 0) page.Add("<p>And %d more.</p>\n", data.more_gaps());
  }
  page.Add(
      "<details><summary>Lines by their numbers</summary>\n<pre class=\"wrap\">%s</pre>\n"
      "</details>\n</section>\n",
      HtmlText(data.check().Report()));
}

void Summary(const ReportData& data, Page& page) {
  page.Add(
      "<section aria-labelledby=\"summary\">\n<h2 id=\"summary\">Summary</h2>\n"
      "<div class=\"tables\">\n");
  std::vector<std::pair<std::string, std::uint64_t>> rows;
  page.Add(
      "<table><caption>Alerts by severity</caption><thead><tr><th scope=\"col\">Severity</th>"
      "<th scope=\"col\" class=\"number\">Number</th></tr></thead><tbody>\n");
  for (std::size_t i = kSeverities; i-- > 0;) {
    page.Add(
        "<tr><td><span class=\"severity %s\">%s</span></td><td class=\"number\">%d</td></tr>\n",
        NameOf(i), NameOf(i), data.by_severity()[i]);
  }
  page.Add("</tbody></table>\n");
  for (const auto& [id, rule] : data.rules()) rows.emplace_back(id + " " + rule.name, rule.alerts);
  page.Counts("Alerts by rule", "Rule", std::move(rows));
  rows.assign(data.techniques().begin(), data.techniques().end());
  page.Counts("Alerts by technique (MITRE ATT&CK)", "Technique", std::move(rows));
  rows.assign(data.event_types().begin(), data.event_types().end());
  page.Counts("Events by type", "Type", std::move(rows));
  rows.clear();
  for (const auto& [name, events] : data.hosts()) {
    rows.emplace_back(name.empty() ? "(not named)" : name, events);
  }
  page.Counts("Events by host", "Host", std::move(rows));
  page.Add("</div>\n</section>\n");
}

// The period in equal parts.
struct Bucket {
  std::int64_t from = 0;
  ReportData::Part sums;
};

std::vector<Bucket> Buckets(const ReportData& data) {
  constexpr std::int64_t kBucketsMax = 96;
  std::vector<Bucket> buckets;
  if (data.parts().empty()) return buckets;
  const std::int64_t unit = data.part_ns();
  const std::int64_t first = data.parts().begin()->first;
  const std::int64_t units = (data.parts().rbegin()->first - first) / unit + 1;
  const std::int64_t each = (units + kBucketsMax - 1) / kBucketsMax;
  buckets.resize(static_cast<std::size_t>((units + each - 1) / each));
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    buckets[i].from = first + static_cast<std::int64_t>(i) * each * unit;
  }
  for (const auto& [from, sums] : data.parts()) {
    buckets[static_cast<std::size_t>((from - first) / unit / each)].sums.Add(sums);
  }
  return buckets;
}

std::uint64_t AlertsOf(const Bucket& bucket) {
  std::uint64_t sum = 0;
  for (const std::uint64_t count : bucket.sums.alerts) sum += count;
  return sum;
}

void DrawTimeline(const ReportData& data, const std::vector<Bucket>& buckets, Page& page) {
  constexpr int kWidth = 960, kAlerts = 60, kEvents = 60;
  constexpr int kBase = kAlerts + kEvents + 4;
  std::uint64_t most_events = 1, most_alerts = 1;
  for (const Bucket& bucket : buckets) {
    most_events = std::max(most_events, bucket.sums.events);
    most_alerts = std::max(most_alerts, AlertsOf(bucket));
  }
  const double step = static_cast<double>(kWidth) / static_cast<double>(buckets.size());
  const std::int64_t from = buckets.front().from;
  const std::int64_t each =
      buckets.size() > 1 ? buckets[1].from - from : data.last() - from + data.part_ns();
  const auto x_of = [&](std::int64_t time) {
    const double x = static_cast<double>(time - from) / static_cast<double>(each) * step;
    return std::clamp(x, 0.0, static_cast<double>(kWidth));
  };
  page.Add(
      "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"timeline-says\">\n"
      "<title id=\"timeline-says\">Alerts above, at most %d in one part; events below, at most "
      "%d; losses and trouble as a band behind them. The table has the numbers.</title>\n",
      kWidth, kBase + 2, most_alerts, most_events);
  for (const ReportedGap& gap : data.gaps()) {
    const double x = x_of(gap.from);
    page.Add("<rect class=\"gap\" x=\"%.1f\" y=\"0\" width=\"%.1f\" height=\"%d\"></rect>\n", x,
             std::max(x_of(gap.to) - x, 2.0), kBase);
  }
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    const Bucket& bucket = buckets[i];
    const double x = static_cast<double>(i) * step, width = std::max(step - 1, 0.5);
    double y = kAlerts;
    for (std::size_t severity = 0; severity < kSeverities; ++severity) {
      const std::uint64_t count = bucket.sums.alerts[severity];
      if (count == 0) continue;
      const double height =
          std::max(kAlerts * static_cast<double>(count) / static_cast<double>(most_alerts), 2.0);
      y -= height;
      page.Add("<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"></rect>\n",
               NameOf(severity), x, std::max(y, 0.0), width, height);
    }
    if (bucket.sums.events == 0) continue;
    const double height =
        kEvents * static_cast<double>(bucket.sums.events) / static_cast<double>(most_events);
    page.Add("<rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"></rect>\n",
             x, kBase - height, width, height);
  }
  page.Add("<line class=\"axis\" x1=\"0\" x2=\"%d\" y1=\"%d\" y2=\"%d\"></line>\n", kWidth, kBase,
           kBase);
  page.Add("</svg>\n<p class=\"ends\"><span>%s</span><span>%s</span></p>\n", TimeText(from),
           TimeText(data.last()));
}

void Timeline(const ReportData& data, Page& page) {
  const std::vector<Bucket> buckets = Buckets(data);
  if (buckets.empty()) return;
  page.Add("<section aria-labelledby=\"timeline\">\n<h2 id=\"timeline\">Timeline</h2>\n<figure>\n");
  DrawTimeline(data, buckets, page);
  page.Add(
      "</figure>\n<details><summary>The timeline as a table</summary>\n<div class=\"wide\" "
      "tabindex=\"0\" role=\"region\" aria-label=\"The timeline as a "
      "table\"><table><caption>Events and alerts by "
      "time"
      "</caption><thead><tr><th scope=\"col\">From</th><th scope=\"col\" class=\"number\">Events"
      "</th>");
  for (std::size_t i = kSeverities; i-- > 0;) {
    page.Add("<th scope=\"col\" class=\"number\">%s</th>", NameOf(i));
  }
  page.Add("</tr></thead><tbody>\n");
  for (const Bucket& bucket : buckets) {
    if (bucket.sums.events == 0 && AlertsOf(bucket) == 0) continue;
    page.Add("<tr><td>%s</td><td class=\"number\">%d</td>", TimeText(bucket.from),
             bucket.sums.events);
    for (std::size_t i = kSeverities; i-- > 0;) {
      page.Add("<td class=\"number\">%d</td>", bucket.sums.alerts[i]);
    }
    page.Add("</tr>\n");
  }
  page.Add("</tbody></table></div>\n</details>\n</section>\n");
}

// The trees that are on the page: of which alert.
using Trees = std::map<ProcessTree::Index, std::size_t>;

void TreeOf(const ReportData& data, ProcessTree::Index index, std::size_t number, Trees& trees,
            Page& page) {
  if (index == ProcessTree::kNone) return;
  page.Add("<h3>Its process, with those above and below it</h3>\n");
  const auto [drawn, is_new] = trees.emplace(index, number);
  if (!is_new) {
    page.Add("<p>The same as of <a href=\"#alert-%d\">this alert</a>.</p>\n", drawn->second);
    return;
  }
  const Screen screen{.columns = kTreeColumns, .unicode = true};
  std::size_t lines = 0;
  std::string text;
  data.tree().Draw(index, screen, [&](std::string_view line) {
    if (lines == kTreeLinesMax) {
      text += "and more, which rand-guard tree shows\n";
      return false;
    }
    text.append(line) += '\n';
    ++lines;
    return true;
  });
  page.Add("<pre tabindex=\"0\" role=\"region\" aria-label=\"Process tree of alert %d\">%s</pre>\n",
           number, HtmlText(text));
}

void OneAlert(const ReportData& data, const ReportedAlert& alert, std::size_t number, Trees& trees,
              Page& page) {
  const std::string_view severity = Name(alert.severity);
  page.Add(
      "<details class=\"alert\" id=\"alert-%d\" data-severity=\"%s\">\n<summary>"
      "<span class=\"severity %s\">%s</span> %s %s: %s <span class=\"quiet\">%s, %s, %s</span>"
      "</summary>\n",
      number, severity, severity, severity, TimeText(alert.time), HtmlText(alert.rule_id),
      HtmlText(alert.rule_name), HtmlText(alert.process), HtmlText(alert.user),
      HtmlText(alert.host));
  if (!alert.description.empty()) page.Add("<p>%s</p>\n", HtmlText(alert.description));
  page.Add("<dl>\n");
  for (const auto& [name, value] : alert.fields) {
    page.Add("<dt>%s</dt><dd>%s</dd>\n", HtmlText(name), HtmlText(value));
  }
  if (!alert.tags.empty()) {
    std::string tags;
    for (const std::string& tag : alert.tags) tags += (tags.empty() ? "" : ", ") + tag;
    page.Add("<dt>Tags</dt><dd>%s</dd>\n", HtmlText(tags));
  }
  page.Add("</dl>\n");
  TreeOf(data, alert.tree, number, trees, page);
  if (!alert.explanation.empty()) {
    page.Add("<h3>Why the rule fired</h3>\n<pre class=\"wrap\">%s</pre>\n",
             HtmlText(alert.explanation));
  }
  if (!alert.events.empty()) {
    page.Add("<h3>What it rests on</h3>\n");
    for (const ReportedEvent& event : alert.events) {
      page.Add("<details><summary>%s %s</summary>\n<pre class=\"wrap\">%s</pre>\n</details>\n",
               TimeText(event.time), HtmlText(event.glance), HtmlText(event.line));
    }
  }
  page.Add(
      "<details><summary>The alert as it was written</summary>\n<pre class=\"wrap\">%s</pre>\n"
      "</details>\n</details>\n",
      HtmlText(alert.line));
}

void Alerts(const ReportData& data, Page& page) {
  page.Add("<section aria-labelledby=\"alerts\">\n<h2 id=\"alerts\">Alerts</h2>\n");
  if (data.alerts().empty()) {
    page.Add("<p>%s</p>\n</section>\n", data.alerts_total() == 0
                                            ? "There are none in this period."
                                            : "There are some, which have no room here.");
    return;
  }
  page.Add(
      "<form id=\"search\" role=\"search\" aria-label=\"Alerts\" hidden>\n"
      "<div><label for=\"text\">Search</label><input id=\"text\" type=\"search\" "
      "autocomplete=\"off\"></div>\n"
      "<div><label for=\"least\">Severity from</label><select id=\"least\">");
  for (std::size_t i = 0; i < kSeverities; ++i) {
    page.Add("<option value=\"%s\">%s</option>", NameOf(i), NameOf(i));
  }
  page.Add("</select></div>\n<output id=\"found\" for=\"text least\"></output>\n</form>\n");
  page.Add("<p class=\"quiet\">The worst first, and each severity by time.");
  if (data.not_listed() != 0) {
    page.Add(
        " %d more are not listed: they were counted in one that is, or are beyond %d of their "
        "severity.",
        data.not_listed(), ReportData::kAlertsMax);
  }
  page.Add("</p>\n");
  Trees trees;
  for (std::size_t i = 0; i < data.alerts().size(); ++i) {
    OneAlert(data, data.alerts()[i], i + 1, trees, page);
  }
  page.Add("</section>\n");
}

void Foot(const ReportOrigin& origin, Page& page) {
  page.Add(
      "</main>\n<footer>\n<h2>About this page</h2>\n<p>Made by rand-guard %s of these files. It "
      "loads nothing, and holds what hosts have recorded: command lines, paths, names of users."
      "</p>\n<ul>\n",
      HtmlText(origin.version));
  for (std::size_t i = 0; i < origin.files.size() && i < kFilesMax; ++i) {
    page.Add("<li>%s</li>\n", HtmlText(origin.files[i]));
  }
  page.Add("</ul>\n");
  if (origin.files.size() > kFilesMax) {
    page.Add("<p>And %d more.</p>\n", origin.files.size() - kFilesMax);
  }
  page.Add("</footer>\n<script>%s</script>\n</body>\n</html>\n", page_assets::kScript);
}

}  // namespace

std::string HtmlText(std::string_view bytes) {
  std::string out;
  for (const char c : EscapedLinesForTerminal(bytes)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string ReportPage(const ReportData& data, const ReportOrigin& origin) {
  Page page;
  Head(data, origin, page);
  Missing(data, page);
  Summary(data, page);
  Timeline(data, page);
  Alerts(data, page);
  Foot(origin, page);
  return page.Take();
}

}  // namespace randguard
