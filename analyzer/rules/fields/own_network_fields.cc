// SPDX-License-Identifier: Apache-2.0
#include "analyzer/rules/fields/own_field_access.h"

namespace randguard {

template OwnFields OwnFieldsOf<NetworkConnect>();
template OwnFields OwnFieldsOf<NetworkBind>();
template OwnFields OwnFieldsOf<NetworkListen>();
template OwnFields OwnFieldsOf<NetworkAccept>();
template OwnFields OwnFieldsOf<NetworkDatagram>();
template OwnFields OwnFieldsOf<NetworkClose>();

}  // namespace randguard
