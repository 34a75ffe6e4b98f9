// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_RUNTIME_PLAN_STEP_TEXT_H_
#define THALWEG_RUNTIME_PLAN_STEP_TEXT_H_

#include <string>
#include <vector>

#include "columnar/type.h"
#include "proto/plan.pb.h"

namespace thalweg::runtime {

/// What a step does (keys, aggregates, join), over the given names of its inputs' columns. Over the
/// columns of base tables it is what the operator id is made of; over those of its input it is the
/// step's name.
std::string StepText(const proto::Step& step,
                     const std::vector<std::string>& left,
                     const std::vector<std::string>& right);

/// The text of each output column over those of the inputs. `output` is the step's schema.
std::vector<std::string> OriginsOf(const proto::Step& step,
                                   const columnar::Schema& output,
                                   const std::vector<std::string>& left,
                                   const std::vector<std::string>& right);

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_PLAN_STEP_TEXT_H_
