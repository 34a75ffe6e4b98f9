// SPDX-License-Identifier: Apache-2.0
//
// Every scalar function, told once: name, type rule, null rule, kernel and the line that documents
// it. Operators are functions too: "+", "AND", "CASE", "CAST". A topic has one file, whose table is
// joined here.
//
// To add one: write its kernel beside its relatives, add a line to the table of that file.
#ifndef THALWEG_RUNTIME_EXPR_FUNCTION_REGISTRY_H_
#define THALWEG_RUNTIME_EXPR_FUNCTION_REGISTRY_H_

#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "columnar/type.h"
#include "runtime/expr/kernel.h"

namespace thalweg::runtime {

/// The types of one call: what arguments are cast to before the kernel sees them, and the result.
struct CallTypes {
  std::vector<columnar::DataType> arguments;
  columnar::DataType result;
};

/// Says whether a function takes these arguments. `wanted` is the declared type of the result,
/// which only CAST follows. kInvalidArgument says in a few words what it takes.
using TypeRule = StatusOr<CallTypes> (*)(std::span<const columnar::DataType> arguments,
                                         const columnar::DataType& wanted);

/// What a kernel can be made from. `constants` has an entry per argument, null where it is not
/// constant: so a pattern is compiled once per plan and not per batch.
struct BindInput {
  const CallTypes& types;
  std::span<const columnar::ColumnPtr> constants;
};
using Binder = StatusOr<Kernel> (*)(const BindInput& input);

/// When arguments are evaluated.
enum class Evaluation {
  kCheap,   // Never fails and costs a few cycles a row: done even for rows that do not need it.
  kStrict,  // Only for rows that need the result.
  kAnd,     // The second argument only where the first is not FALSE.
  kOr,      // The second argument only where the first is not TRUE.
  kCase,    // CASE(condition, value, condition, value, ..., otherwise): what is chosen, only.
};

inline constexpr std::uint32_t kAnyNumber = std::numeric_limits<std::uint32_t>::max();

struct ScalarFunction {
  std::string_view name;       // Canonical, as in plans; upper case.
  std::string_view signature;  // For people: "CHAR_LENGTH(text)".
  std::string_view documentation;
  std::uint32_t min_arguments;
  std::uint32_t max_arguments;
  NullRule null_rule;
  Evaluation evaluation;
  TypeRule types;
  Binder bind;
};

/// The functions that there are. Immutable; any thread.
class FunctionRegistry {
 public:
  static const FunctionRegistry& Get();

  /// Null: there is none of that name.
  const ScalarFunction* Find(std::string_view name) const;
  /// By name.
  std::vector<const ScalarFunction*> All() const;

  /// Number and types of arguments checked. kInvalidArgument names the function and quotes its
  /// signature and the types given.
  StatusOr<CallTypes> TypesOf(std::string_view name,
                              std::span<const columnar::DataType> arguments,
                              const columnar::DataType& wanted) const;

 private:
  FunctionRegistry();
  void Add(std::span<const ScalarFunction> functions);

  std::map<std::string_view, const ScalarFunction*> functions_;
};

// The tables of the topics.
std::span<const ScalarFunction> ArithmeticFunctions();
std::span<const ScalarFunction> ComparisonFunctions();
std::span<const ScalarFunction> LogicFunctions();
std::span<const ScalarFunction> ConditionalFunctions();
std::span<const ScalarFunction> CastFunctions();
std::span<const ScalarFunction> StringFunctions();

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_EXPR_FUNCTION_REGISTRY_H_
