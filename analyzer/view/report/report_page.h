// SPDX-License-Identifier: Apache-2.0
//
// A report as one page of HTML: nothing is loaded from anywhere, and no text of others is anything
// but text.
#ifndef ANALYZER_VIEW_REPORT_REPORT_PAGE_H_
#define ANALYZER_VIEW_REPORT_REPORT_PAGE_H_

#include <string>
#include <string_view>
#include <vector>

#include "analyzer/view/report/report_data.h"

namespace randguard {

// For the page's last section.
struct ReportOrigin {
  std::string version;
  std::vector<std::string> files;
  std::vector<std::string> problems;  // with these files
};

// The text of others, for HTML: between tags, or in quotes.
std::string HtmlText(std::string_view bytes);

// The data are finished.
std::string ReportPage(const ReportData& data, const ReportOrigin& origin);

}  // namespace randguard

#endif  // ANALYZER_VIEW_REPORT_REPORT_PAGE_H_
