// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_COLUMNAR_DATUM_H_
#define THALWEG_COLUMNAR_DATUM_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "columnar/int128.h"
#include "columnar/type.h"

namespace thalweg::columnar {

class Column;

/// One boxed value, for literals, tests and text; never for hot paths. Which alternative a type
/// uses: BOOLEAN bool; every type that lies as an integer of up to 64 bits std::int64_t;
/// DECIMAL(p > 18) Int128; FLOAT and DOUBLE double; character and binary types std::string; ROW its
/// fields, ARRAY its elements, MAP its entries as two-element lists.
class Datum {
 public:
  using List = std::vector<Datum>;

  Datum() = default;  // NULL.
  Datum(bool value) : value_(value) {}
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  Datum(T value) : value_(static_cast<std::int64_t>(value)) {}
  Datum(Int128 value) : value_(value) {}
  Datum(double value) : value_(value) {}
  Datum(std::string value) : value_(std::move(value)) {}
  Datum(std::string_view value) : value_(std::string(value)) {}
  Datum(const char* value) : value_(std::string(value)) {}
  Datum(List value) : value_(std::move(value)) {}
  static Datum Null() { return Datum(); }

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool boolean() const { return std::get<bool>(value_); }
  std::int64_t integer() const { return std::get<std::int64_t>(value_); }
  Int128 int128() const { return std::get<Int128>(value_); }
  double real() const { return std::get<double>(value_); }
  const std::string& text() const { return std::get<std::string>(value_); }
  const List& list() const { return std::get<List>(value_); }

  /// NULL equals NULL and NaN equals NaN: this compares boxes, it is not SQL's `=`.
  friend bool operator==(const Datum& a, const Datum& b);

  /// For test output; not SQL.
  std::string ToString() const;

 private:
  std::variant<std::monostate, bool, std::int64_t, Int128, double, std::string, List> value_;
};

/// REQUIRES: row < column.length().
Datum DatumAt(const Column& column, std::size_t row);

}  // namespace thalweg::columnar

#endif  // THALWEG_COLUMNAR_DATUM_H_
