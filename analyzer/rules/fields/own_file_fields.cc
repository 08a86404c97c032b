// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/fields/own_field_access.h"

namespace randguard {

template void DescribeDomain<RG_DOMAIN_file>(OwnFieldsByClass& out);

}  // namespace randguard
