// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_EXPR_EXPRESSION_TEXT_H_
#define THALWEG_RUNTIME_EXPR_EXPRESSION_TEXT_H_

#include <span>
#include <string>

#include "proto/plan.pb.h"

namespace thalweg::runtime {

/// An expression as people write it, for messages and operator ids: "(price * 2)". `columns` are
/// what the input's columns are called; one that is missing is written "#7".
std::string ToText(const proto::Expression& expression, std::span<const std::string> columns);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_EXPR_EXPRESSION_TEXT_H_
