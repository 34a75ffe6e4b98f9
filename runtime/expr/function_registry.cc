// SPDX-License-Identifier: Apache-2.0
#include "runtime/expr/function_registry.h"

#include <algorithm>
#include <string>

#include "base/check.h"

namespace thalweg::runtime {
namespace {

std::string Spell(std::span<const columnar::DataType> types) {
  std::string text;
  for (const columnar::DataType& type : types) {
    text += (text.empty() ? "" : ", ") + type.ToString();
  }
  return "(" + text + ")";
}

}  // namespace

const FunctionRegistry& FunctionRegistry::Get() {
  static const FunctionRegistry* const registry = new FunctionRegistry();
  return *registry;
}

FunctionRegistry::FunctionRegistry() {
  Add("Comparison", {ComparisonFunctions(), LikeFunctions(), InFunctions()});
  Add("Logic", {LogicFunctions()});
  Add("Conditions", {ConditionalFunctions()});
  Add("Types", {CastFunctions()});
  Add("Numbers", {ArithmeticFunctions(), RoundingFunctions(), MathFunctions(), RandomFunctions()});
  Add("Dates and times",
      {TimeFieldFunctions(), TimeArithmeticFunctions(), TimeTextFunctions(), ClockFunctions()});
  Add("Regular expressions", {RegexpFunctions()});
  Add("Digests", {DigestFunctions()});
  Add("JSON", {JsonQueryFunctions(), JsonBuildFunctions()});
  Add("Collections and rows", {NestedFunctions(), ArrayFunctions(), MapFunctions()});
  Add("Text",
      {StringFunctions(),
       TextPartFunctions(),
       TextSearchFunctions(),
       TextEditFunctions(),
       TextCodecFunctions(),
       PrintfFunctions()});
}

void FunctionRegistry::Add(std::string_view topic,
                           std::initializer_list<std::span<const ScalarFunction>> tables) {
  FunctionTopic& added = topics_.emplace_back(FunctionTopic{topic, {}});
  for (const std::span<const ScalarFunction> table : tables) {
    for (const ScalarFunction& function : table) {
      CHECK(functions_.emplace(function.name, &function).second);
      added.functions.push_back(&function);
    }
  }
  std::sort(added.functions.begin(), added.functions.end(), [](const auto* a, const auto* b) {
    return a->name < b->name;
  });
}

const ScalarFunction* FunctionRegistry::Find(std::string_view name) const {
  const auto found = functions_.find(name);
  return found == functions_.end() ? nullptr : found->second;
}

std::vector<const ScalarFunction*> FunctionRegistry::All() const {
  std::vector<const ScalarFunction*> all;
  for (const auto& [name, function] : functions_) {
    all.push_back(function);
  }
  return all;
}

StatusOr<CallTypes> FunctionRegistry::TypesOf(std::string_view name,
                                              std::span<const columnar::DataType> arguments,
                                              const columnar::DataType& wanted) const {
  const ScalarFunction* function = Find(name);
  if (function == nullptr) {
    return InvalidArgument("No function is named '" + std::string(name) + "'");
  }
  const std::string given = std::string(function->signature) + " does not take " + Spell(arguments);
  if (arguments.size() < function->min_arguments || arguments.size() > function->max_arguments) {
    return InvalidArgument(given + ": wrong number of arguments");
  }
  StatusOr<CallTypes> types = function->types(arguments, wanted);
  if (!types.ok()) {
    return Annotate(types.status(), given);
  }
  return types;
}

}  // namespace thalweg::runtime
