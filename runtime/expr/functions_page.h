// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_EXPR_FUNCTIONS_PAGE_H_
#define THALWEG_RUNTIME_EXPR_FUNCTIONS_PAGE_H_

#include <string>

namespace thalweg::runtime {

/// The text of docs/sql/functions.md: all scalar functions by topic, then the aggregate functions.
std::string FunctionsPage();

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_EXPR_FUNCTIONS_PAGE_H_
