// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/fields/own_field_access.h"

namespace randguard {

template OwnFields OwnFieldsOf<FileOpen>();
template OwnFields OwnFieldsOf<FileWrite>();
template OwnFields OwnFieldsOf<FileRename>();
template OwnFields OwnFieldsOf<FileUnlink>();
template OwnFields OwnFieldsOf<FileChange>();

}  // namespace randguard
