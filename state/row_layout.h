// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_STATE_ROW_LAYOUT_H_
#define THALWEG_STATE_ROW_LAYOUT_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include "base/coding.h"
#include "columnar/type.h"

namespace thalweg::state {

/// A string field of a row, 16 bytes: up to 12 bytes inline (unused ones zero), else the first 4
/// and a pointer. Inside a table the pointer leads into the table's StringSlabs; in a RowBuffer
/// into the column that it was filled from.
struct StateString {
  static constexpr std::uint32_t kInlineMax = 12;

  std::uint32_t length = 0;
  char bytes[kInlineMax] = {};

  /// Refers to `text` where it lies when it is long.
  static StateString Of(std::string_view text) {
    StateString string;
    string.length = static_cast<std::uint32_t>(text.size());
    if (string.is_inline()) {
      std::memcpy(string.bytes, text.data(), text.size());
    } else {
      std::memcpy(string.bytes, text.data(), 4);
      string.set_data(text.data());
    }
    return string;
  }

  bool is_inline() const { return length <= kInlineMax; }
  const char* data() const { return is_inline() ? bytes : LoadFixed<const char*>(bytes + 4); }
  void set_data(const char* data) { StoreFixed(bytes + 4, data); }
  /// A short string's bytes lie in this object, which must outlive the view.
  std::string_view view() const { return {data(), length}; }
};
static_assert(sizeof(StateString) == 16);

/// Where one field lies in a row's value.
struct FieldPlace {
  columnar::Physical physical;  // ROW, ARRAY and MAP values are kString: RowCodec's bytes.
  std::uint32_t offset;         // In bytes from the value's begin.
  std::uint32_t width;          // 1, 2, 4, 8 or 16.
  std::uint32_t valid_byte;     // Offset of the byte with the field's valid bit,
  std::uint8_t valid_mask;      // and that bit; 0: the field is NOT NULL.
};

/// Where the fields of a row's value lie: wide ones first, each aligned to its width (16-byte ones
/// to 8), one valid bit per nullable field behind them, padded to a multiple of 8 bytes. A function
/// of the field list alone, as snapshots hold values in this form.
///
/// All zero bytes is the initial row of every table: numbers 0, strings empty, nullable fields
/// NULL.
class RowLayout {
 public:
  explicit RowLayout(std::vector<columnar::Field> fields);

  const std::vector<columnar::Field>& fields() const { return fields_; }
  std::size_t field_count() const { return fields_.size(); }
  const FieldPlace& place(std::size_t field) const { return places_[field]; }
  std::optional<std::size_t> IndexOf(std::string_view name) const;
  /// Bytes of one value, a multiple of 8.
  std::size_t size() const { return size_; }
  /// Offsets of all StateStrings.
  const std::vector<std::uint32_t>& string_offsets() const { return string_offsets_; }

 private:
  std::vector<columnar::Field> fields_;
  std::vector<FieldPlace> places_;
  std::vector<std::uint32_t> string_offsets_;
  std::size_t size_ = 0;
};

/// Field access, for loops over rows. T is the physical type; the place was looked up before.
template <class T>
T LoadField(const std::uint8_t* value, const FieldPlace& place) {
  return LoadFixed<T>(value + place.offset);
}
template <class T>
void StoreField(std::uint8_t* value, const FieldPlace& place, T field) {
  StoreFixed(value + place.offset, field);
}
inline bool IsValid(const std::uint8_t* value, const FieldPlace& place) {
  return place.valid_mask == 0 || (value[place.valid_byte] & place.valid_mask) != 0;
}
/// REQUIRES: the field is nullable. A NULL's bytes must be zero: clear them too.
inline void SetValid(std::uint8_t* value, const FieldPlace& place, bool valid) {
  const unsigned cleared = value[place.valid_byte] & ~unsigned{place.valid_mask};
  value[place.valid_byte] =
      static_cast<std::uint8_t>(cleared | (valid ? unsigned{place.valid_mask} : 0U));
}
/// A string field in place; change it only through StringSlabs::Assign().
inline const StateString& StringField(const std::uint8_t* value, const FieldPlace& place) {
  return *reinterpret_cast<const StateString*>(value + place.offset);
}
inline StateString& StringField(std::uint8_t* value, const FieldPlace& place) {
  return *reinterpret_cast<StateString*>(value + place.offset);
}

}  // namespace thalweg::state

#endif  // THALWEG_STATE_ROW_LAYOUT_H_
