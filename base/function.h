// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_BASE_FUNCTION_H_
#define THALWEG_BASE_FUNCTION_H_

#include "absl/functional/any_invocable.h"

namespace thalweg {

/// A callable that is moved and never copied, so it may own what it needs: UniqueFunction<void()>.
template <class Signature>
using UniqueFunction = absl::AnyInvocable<Signature>;

}  // namespace thalweg

#endif  // THALWEG_BASE_FUNCTION_H_
