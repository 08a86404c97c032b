// SPDX-License-Identifier: Apache-2.0
//
// The parts that events share.
#include "analyzer/rules/fields/own_field_access.h"

namespace randguard::own_fields {

template void AddPart<Part::kActor, Actor>(std::vector<OwnField>& out);
template void AddPart<Part::kCall, BehaviourCall>(std::vector<OwnField>& out);
template void AddPart<Part::kCall, FileCall>(std::vector<OwnField>& out);
template void AddPart<Part::kCall, NetworkCall>(std::vector<OwnField>& out);
template void AddPart<Part::kObject, FileObject>(std::vector<OwnField>& out);
template void AddPart<Part::kObject, Socket>(std::vector<OwnField>& out);

}  // namespace randguard::own_fields
