// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/fields/own_field_access.h"

namespace randguard {

template OwnFields OwnFieldsOf<CredentialsChange>();
template OwnFields OwnFieldsOf<ProcessAccess>();
template OwnFields OwnFieldsOf<AgentSignal>();
template OwnFields OwnFieldsOf<ModuleLoad>();
template OwnFields OwnFieldsOf<ModuleUnload>();
template OwnFields OwnFieldsOf<BpfOperation>();
template OwnFields OwnFieldsOf<NamespaceChange>();
template OwnFields OwnFieldsOf<Mount>();
template OwnFields OwnFieldsOf<Unmount>();
template OwnFields OwnFieldsOf<RootChange>();
template OwnFields OwnFieldsOf<MemfdCreate>();
template OwnFields OwnFieldsOf<IoUringOperation>();

}  // namespace randguard
