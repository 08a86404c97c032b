// SPDX-License-Identifier: Apache-2.0
#include "analyzer/event/events.h"
#include "analyzer/rules/fields/own_field_access.h"

namespace randguard {

template OwnFields OwnFieldsOf<ProcessStart>();
template OwnFields OwnFieldsOf<ProcessExecFailed>();
template OwnFields OwnFieldsOf<ProcessRelationship>();
template OwnFields OwnFieldsOf<ProcessExit>();
template OwnFields OwnFieldsOf<CgroupName>();

}  // namespace randguard
