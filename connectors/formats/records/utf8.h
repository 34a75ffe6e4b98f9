// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_CONNECTORS_FORMATS_RECORDS_UTF8_H_
#define THALWEG_CONNECTORS_FORMATS_RECORDS_UTF8_H_

#include <string_view>

namespace thalweg::connectors {

bool IsUtf8(std::string_view bytes);

}  // namespace thalweg::connectors

#endif  // THALWEG_CONNECTORS_FORMATS_RECORDS_UTF8_H_
