// SPDX-License-Identifier: Apache-2.0
//
// Functions of maps, and of texts that are lists or maps.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "columnar/column_builder.h"
#include "runtime/expr/function_registry.h"
#include "runtime/expr/nested_column.h"
#include "runtime/expr/regex.h"
#include "runtime/expr/type_rules.h"
#include "runtime/expr/utf8.h"
#include "runtime/expr/value_order.h"

namespace thalweg::runtime {
namespace {

using columnar::Column;
using columnar::ColumnBuilder;
using columnar::ColumnPtr;
using columnar::DataType;
using columnar::TypeKind;

columnar::BufferPtr LiveBits(const KernelFrame& frame) {
  if (frame.live() == nullptr) {
    return nullptr;
  }
  columnar::MutableBufferPtr bits = AllOnes(frame.row_count());
  columnar::bitmap::And(bits->data(), frame.live(), frame.row_count(), bits->mutable_data());
  return bits;
}

// MAP_KEYS, MAP_VALUES, MAP_ENTRIES.

enum class Part { kKeys, kValues, kEntries };

template <Part part>
StatusOr<CallTypes> PartTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  if (arguments[0].kind() != TypeKind::kMap) {
    return InvalidArgument("it takes a map");
  }
  const DataType entry = arguments[0].ChildTypes()[0];
  const DataType element = part == Part::kKeys     ? entry.ChildTypes()[0]
                           : part == Part::kValues ? entry.ChildTypes()[1]
                                                   : entry;
  return CallTypes{{arguments[0]}, DataType::Array(element).WithNullable(arguments[0].nullable())};
}

template <Part part>
StatusOr<Kernel> BindPart(const BindInput& /*input*/) {
  return Kernel([](KernelFrame& frame) {
    const ColumnPtr map = columnar::Flatten(frame.argument_ptr(0));
    const ColumnPtr entries = columnar::Flatten(map->child(0));
    const ColumnPtr elements = part == Part::kKeys     ? entries->child(0)
                               : part == Part::kValues ? entries->child(1)
                                                       : entries;
    frame.SetResult(MakeLists(frame.result_type(), map->Offsets(), elements, LiveBits(frame)));
    return OkStatus();
  });
}

// MAP_UNION, MAP_FROM_ARRAYS.

StatusOr<CallTypes> UnionTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  const auto common = CommonType(arguments);
  if (!common.has_value() || common->kind() != TypeKind::kMap) {
    return InvalidArgument("it takes maps whose keys and values have common types");
  }
  CallTypes types{{}, *common};
  for (const DataType& argument : arguments) {
    types.arguments.push_back(common->WithNullable(argument.nullable()));
  }
  return types;
}

/// Maps of chosen entries: of equal keys the last one counts.
Status FinishMaps(KernelFrame& frame,
                  const ColumnPtr& keys,
                  const ColumnPtr& values,
                  const std::vector<std::vector<std::uint32_t>>& rows) {
  std::vector<std::uint32_t> offsets = {0};
  std::vector<std::uint32_t> chosen;
  for (const std::vector<std::uint32_t>& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      bool replaced = false;
      for (std::size_t later = i + 1; later < row.size() && !replaced; ++later) {
        replaced = EqualValues(*keys, row[i], *keys, row[later]);
      }
      if (!replaced) {
        chosen.push_back(row[i]);
      }
    }
    offsets.push_back(static_cast<std::uint32_t>(chosen.size()));
  }
  const ColumnPtr entries = MakeEntries(
      frame.result_type(), columnar::Gather(keys, chosen), columnar::Gather(values, chosen));
  frame.SetResult(MakeLists(frame.result_type(), offsets, entries, LiveBits(frame)));
  return OkStatus();
}

Status RunUnion(KernelFrame& frame) {
  std::vector<ColumnPtr> keys;
  std::vector<ColumnPtr> values;
  std::vector<std::vector<std::uint32_t>> rows(frame.row_count());
  std::uint32_t base = 0;
  const std::vector<DataType> types = frame.result_type().ChildTypes()[0].ChildTypes();
  for (std::size_t i = 0; i < frame.argument_count(); ++i) {
    const ColumnPtr map = columnar::Flatten(frame.argument_ptr(i));
    const ColumnPtr entries = columnar::Flatten(map->child(0));
    const auto offsets = map->Offsets();
    for (std::size_t row = 0; row < frame.row_count(); ++row) {
      for (std::uint32_t k = offsets[row]; k < offsets[row + 1] && frame.IsLive(row); ++k) {
        rows[row].push_back(base + k);
      }
    }
    keys.push_back(columnar::WithType(columnar::Flatten(entries->child(0)), types[0]));
    values.push_back(columnar::WithType(columnar::Flatten(entries->child(1)), types[1]));
    base += static_cast<std::uint32_t>(entries->length());
  }
  return FinishMaps(frame, columnar::Concat(keys), columnar::Concat(values), rows);
}

StatusOr<CallTypes> FromArraysTypes(std::span<const DataType> arguments,
                                    const DataType& /*wanted*/) {
  if (arguments[0].kind() != TypeKind::kArray || arguments[1].kind() != TypeKind::kArray) {
    return InvalidArgument("it takes an array of keys and one of values");
  }
  return CallTypes{{arguments.begin(), arguments.end()},
                   DataType::Map(arguments[0].fields()[0].type, arguments[1].fields()[0].type)
                       .WithNullable(AnyNullable(arguments))};
}

Status RunFromArrays(KernelFrame& frame) {
  const ColumnPtr keys = columnar::Flatten(frame.argument_ptr(0));
  const ColumnPtr values = columnar::Flatten(frame.argument_ptr(1));
  const auto key_offsets = keys->Offsets();
  const auto value_offsets = values->Offsets();
  std::vector<std::vector<std::uint32_t>> rows(frame.row_count());
  std::vector<std::uint32_t> key_rows;
  std::vector<std::uint32_t> value_rows;
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    if (!frame.IsLive(row)) {
      continue;
    }
    const std::uint32_t size = key_offsets[row + 1] - key_offsets[row];
    if (value_offsets[row + 1] - value_offsets[row] != size) {
      return frame.Fail(row, "There must be as many keys as values");
    }
    for (std::uint32_t i = 0; i < size; ++i) {
      rows[row].push_back(static_cast<std::uint32_t>(key_rows.size()));
      key_rows.push_back(key_offsets[row] + i);
      value_rows.push_back(value_offsets[row] + i);
    }
  }
  return FinishMaps(frame,
                    columnar::Gather(columnar::Flatten(keys->child(0)), key_rows),
                    columnar::Gather(columnar::Flatten(values->child(0)), value_rows),
                    rows);
}

// SPLIT and STR_TO_MAP.

StatusOr<CallTypes> SplitTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  if (!arguments[0].IsCharacter() || !arguments[1].IsCharacter()) {
    return InvalidArgument("all must be texts");
  }
  return CallTypes{{arguments.begin(), arguments.end()},
                   DataType::Array(DataType::String()).WithNullable(AnyNullable(arguments))};
}

Status RunSplit(KernelFrame& frame) {
  ColumnBuilder builder(frame.result_type(), frame.row_count());
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    if (!frame.IsLive(row)) {
      builder.AppendNull();
      continue;
    }
    std::string_view text = frame.argument(0).StringAt(row);
    const std::string_view delimiter = frame.argument(1).StringAt(row);
    while (delimiter.empty() && !text.empty()) {  // Each character on its own.
      const std::size_t end = utf8::Next(text, 0);
      builder.child(0).AppendString(text.substr(0, end));
      text.remove_prefix(end);
    }
    while (!delimiter.empty()) {
      const std::size_t end = text.find(delimiter);
      builder.child(0).AppendString(text.substr(0, end));
      if (end == std::string_view::npos) {
        break;
      }
      text.remove_prefix(end + delimiter.size());
    }
    builder.AppendParent();
  }
  frame.SetResult(builder.Finish());
  return OkStatus();
}

StatusOr<CallTypes> StrToMapTypes(std::span<const DataType> arguments, const DataType& /*wanted*/) {
  for (const DataType& argument : arguments) {
    if (!argument.IsCharacter() || arguments.size() == 2) {
      return InvalidArgument("it takes a text, or a text and two delimiters");
    }
  }
  return CallTypes{
      {arguments.begin(), arguments.end()},
      DataType::Map(DataType::String(), DataType::String()).WithNullable(AnyNullable(arguments))};
}

/// A delimiter, which is a regular expression.
class Delimiter {
 public:
  static StatusOr<std::unique_ptr<Delimiter>> Make(std::string_view pattern) {
    ASSIGN_OR_RETURN(std::shared_ptr<const Regex> regex, Regex::Compile(pattern));
    return std::make_unique<Delimiter>(std::move(regex));
  }
  explicit Delimiter(std::shared_ptr<const Regex> regex)
      : regex_(std::move(regex)), search_(*regex_) {}

  /// Takes the text up to the next delimiter off; nullopt: it was the last part.
  StatusOr<std::optional<std::string_view>> TakePart(std::string_view* text) {
    ASSIGN_OR_RETURN(const bool found, search_.Find(*text));
    if (!found || search_.end() == 0) {
      return std::optional<std::string_view>();
    }
    const std::string_view part = text->substr(0, search_.begin());
    text->remove_prefix(search_.end());
    return std::optional(part);
  }

 private:
  std::shared_ptr<const Regex> regex_;
  RegexSearch search_;
};

/// One text's entries; of equal keys the last one counts, in its place.
Status AppendMap(std::string_view text, Delimiter& pairs, Delimiter& keys, ColumnBuilder* builder) {
  std::vector<std::pair<std::string_view, std::optional<std::string_view>>> entries;
  bool last = text.empty();
  while (!last) {
    ASSIGN_OR_RETURN(const auto part, pairs.TakePart(&text));
    last = !part.has_value();
    std::string_view value = part.value_or(text);
    ASSIGN_OR_RETURN(const auto key, keys.TakePart(&value));
    const std::string_view name = key.has_value() ? *key : value;
    std::erase_if(entries, [&](const auto& entry) { return entry.first == name; });
    entries.emplace_back(name, key.has_value() ? std::optional(value) : std::nullopt);
  }
  ColumnBuilder& rows = builder->child(0);
  for (const auto& [key, value] : entries) {
    rows.child(0).AppendString(key);
    if (value.has_value()) {
      rows.child(1).AppendString(*value);
    } else {
      rows.child(1).AppendNull();
    }
    rows.AppendParent();
  }
  builder->AppendParent();
  return OkStatus();
}

Status RunStrToMap(KernelFrame& frame) {
  ColumnBuilder builder(frame.result_type(), frame.row_count());
  std::string last_pairs = ",";
  std::string last_keys = "=";
  ASSIGN_OR_RETURN(std::unique_ptr<Delimiter> pairs, Delimiter::Make(last_pairs));
  ASSIGN_OR_RETURN(std::unique_ptr<Delimiter> keys, Delimiter::Make(last_keys));
  for (std::size_t row = 0; row < frame.row_count(); ++row) {
    if (!frame.IsLive(row)) {
      builder.AppendNull();
      continue;
    }
    if (frame.argument_count() == 3) {
      if (frame.argument(1).StringAt(row) != last_pairs) {
        last_pairs = frame.argument(1).StringAt(row);
        ASSIGN_OR_RETURN(pairs, Delimiter::Make(last_pairs));
      }
      if (frame.argument(2).StringAt(row) != last_keys) {
        last_keys = frame.argument(2).StringAt(row);
        ASSIGN_OR_RETURN(keys, Delimiter::Make(last_keys));
      }
    }
    RETURN_IF_ERROR(AppendMap(frame.argument(0).StringAt(row), *pairs, *keys, &builder));
  }
  frame.SetResult(builder.Finish());
  return OkStatus();
}

template <Status (*run)(KernelFrame&)>
StatusOr<Kernel> BindRun(const BindInput& /*input*/) {
  return Kernel(run);
}

constexpr ScalarFunction Map(std::string_view name,
                             std::string_view signature,
                             std::string_view documentation,
                             std::uint32_t min_arguments,
                             std::uint32_t max_arguments,
                             TypeRule types,
                             Binder bind) {
  return {name,
          signature,
          documentation,
          min_arguments,
          max_arguments,
          NullRule::kPropagate,
          Evaluation::kStrict,
          types,
          bind};
}

}  // namespace

std::span<const ScalarFunction> MapFunctions() {
  static constexpr ScalarFunction kFunctions[] = {
      Map("MAP_KEYS",
          "MAP_KEYS(map)",
          "The keys, as an array.",
          1,
          1,
          PartTypes<Part::kKeys>,
          BindPart<Part::kKeys>),
      Map("MAP_VALUES",
          "MAP_VALUES(map)",
          "The values, as an array.",
          1,
          1,
          PartTypes<Part::kValues>,
          BindPart<Part::kValues>),
      Map("MAP_ENTRIES",
          "MAP_ENTRIES(map)",
          "The entries, as an array of rows of key and value.",
          1,
          1,
          PartTypes<Part::kEntries>,
          BindPart<Part::kEntries>),
      Map("MAP_UNION",
          "MAP_UNION(map, ...)",
          "The entries of all maps; of equal keys the last one counts.",
          1,
          kAnyNumber,
          UnionTypes,
          BindRun<RunUnion>),
      Map("MAP_FROM_ARRAYS",
          "MAP_FROM_ARRAYS(keys, values)",
          "A map of keys and values at the same places.",
          2,
          2,
          FromArraysTypes,
          BindRun<RunFromArrays>),
      Map("SPLIT",
          "SPLIT(text, delimiter)",
          "The parts between delimiters, as an array; without one, the characters.",
          2,
          2,
          SplitTypes,
          BindRun<RunSplit>),
      Map("STR_TO_MAP",
          "STR_TO_MAP(text[, pair_delimiter, key_delimiter])",
          "A map of the pairs in the text; delimiters, ',' and '=' if not given, are regular "
          "expressions.",
          1,
          3,
          StrToMapTypes,
          BindRun<RunStrToMap>),
  };
  return kFunctions;
}

}  // namespace thalweg::runtime
