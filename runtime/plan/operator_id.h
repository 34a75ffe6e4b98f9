// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_PLAN_OPERATOR_ID_H_
#define THALWEG_RUNTIME_PLAN_OPERATOR_ID_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace thalweg::runtime {

/// Names the state of operators, so that it is found again after the plan has changed around them:
/// a hash of what the operator does (its role, and its keys, aggregates or join written over base
/// columns, such as "aggregate keys(bids.auction) COUNT(*)"), and of how many before it said the
/// same. It does not depend on what is upstream, or an added filter would lose state. One per plan.
class OperatorIds {
 public:
  /// 32 hex digits. Ask in the order of the plan: the occurrence counts.
  OperatorId Next(std::string_view text);

 private:
  std::map<std::string, std::uint32_t, std::less<>> seen_;
};

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_PLAN_OPERATOR_ID_H_
