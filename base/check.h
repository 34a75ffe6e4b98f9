// SPDX-License-Identifier: Apache-2.0
//
// A CHECK states what must be true whatever the world does. When it is false the mistake is ours:
// the process prints the place and the values and ends, and the job restarts from its last
// checkpoint, which is the path tested daily.
//
//   CHECK(!queue.empty());
//   CHECK_EQ(row_count, column.size());     // Prints both values; mixed signedness is compared by
//   value. CHECK_OK(store.Put(key, bytes));        // In tests and entry points. DCHECK_LT(row,
//   row_count);              // Where a check would cost per row: absent under NDEBUG.
#ifndef THALWEG_BASE_CHECK_H_
#define THALWEG_BASE_CHECK_H_

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace thalweg::internal {

/// Prints and aborts.
[[noreturn]] void CheckFailed(const char* file, int line, std::string_view text);
[[noreturn]] void CheckFailed(const char* file,
                              int line,
                              std::string_view text,
                              const std::string& left,
                              const std::string& right);

/// A value as a human reads it in a failure.
template <class T>
std::string Describe(const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::is_enum_v<T>) {
    return std::to_string(static_cast<std::underlying_type_t<T>>(value));
  } else if constexpr (std::is_arithmetic_v<T>) {
    return std::to_string(value);
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    return '"' + std::string(std::string_view(value)) + '"';
  } else if constexpr (std::is_pointer_v<T> || std::is_null_pointer_v<T>) {
    return value == nullptr ? "nullptr" : "a pointer";
  } else if constexpr (requires { Describe(value.value()); }) {
    return Describe(value.value());
  } else {
    return "?";
  }
}

template <class T>
inline constexpr bool kIsNumber = std::is_integral_v<T> && !std::is_same_v<T, bool> &&
                                  !std::is_same_v<T, char> && !std::is_same_v<T, wchar_t>;

#define THALWEG_DEFINE_COMPARE(Name, op, cmp)       \
  struct Name {                                     \
    template <class A, class B>                     \
    bool operator()(const A& a, const B& b) const { \
      if constexpr (kIsNumber<A> && kIsNumber<B>) { \
        return std::cmp(a, b);                      \
      } else {                                      \
        return static_cast<bool>(a op b);           \
      }                                             \
    }                                               \
  };
THALWEG_DEFINE_COMPARE(Equal, ==, cmp_equal)
THALWEG_DEFINE_COMPARE(NotEqual, !=, cmp_not_equal)
THALWEG_DEFINE_COMPARE(Less, <, cmp_less)
THALWEG_DEFINE_COMPARE(LessEqual, <=, cmp_less_equal)
THALWEG_DEFINE_COMPARE(Greater, >, cmp_greater)
THALWEG_DEFINE_COMPARE(GreaterEqual, >=, cmp_greater_equal)
#undef THALWEG_DEFINE_COMPARE

struct Place {
  const char* file;
  int line;
  const char* text;
};

template <class Compare, class A, class B>
void CheckCompare(Place place, const A& a, const B& b) {
  if (!Compare()(a, b)) [[unlikely]] {
    CheckFailed(place.file, place.line, place.text, Describe(a), Describe(b));
  }
}

template <class S>
void CheckOk(Place place, const S& status) {
  if (!status.ok()) [[unlikely]] {
    if constexpr (requires { status.status(); }) {
      CheckFailed(place.file, place.line, place.text, status.status().ToString(), "OK");
    } else {
      CheckFailed(place.file, place.line, place.text, status.ToString(), "OK");
    }
  }
}

}  // namespace thalweg::internal

#define THALWEG_PLACE(text)    \
  ::thalweg::internal::Place { \
    __FILE__, __LINE__, text   \
  }
#define THALWEG_CHECK_COMPARE(Compare, op, a, b)                   \
  ::thalweg::internal::CheckCompare<::thalweg::internal::Compare>( \
      THALWEG_PLACE(#a " " op " " #b), (a), (b))

#define CHECK(condition)                 \
  (__builtin_expect(!!(condition), true) \
       ? static_cast<void>(0)            \
       : ::thalweg::internal::CheckFailed(__FILE__, __LINE__, #condition))
#define CHECK_EQ(a, b) THALWEG_CHECK_COMPARE(Equal, "==", a, b)
#define CHECK_NE(a, b) THALWEG_CHECK_COMPARE(NotEqual, "!=", a, b)
#define CHECK_LT(a, b) THALWEG_CHECK_COMPARE(Less, "<", a, b)
#define CHECK_LE(a, b) THALWEG_CHECK_COMPARE(LessEqual, "<=", a, b)
#define CHECK_GT(a, b) THALWEG_CHECK_COMPARE(Greater, ">", a, b)
#define CHECK_GE(a, b) THALWEG_CHECK_COMPARE(GreaterEqual, ">=", a, b)
#define CHECK_OK(status) ::thalweg::internal::CheckOk(THALWEG_PLACE(#status), (status))

#ifdef NDEBUG
// Compiled, so that it cannot rot, and never run.
#define THALWEG_DCHECK(check) \
  while (false) check
#else
#define THALWEG_DCHECK(check) check
#endif

#define DCHECK(condition) THALWEG_DCHECK(CHECK(condition))
#define DCHECK_EQ(a, b) THALWEG_DCHECK(CHECK_EQ(a, b))
#define DCHECK_NE(a, b) THALWEG_DCHECK(CHECK_NE(a, b))
#define DCHECK_LT(a, b) THALWEG_DCHECK(CHECK_LT(a, b))
#define DCHECK_LE(a, b) THALWEG_DCHECK(CHECK_LE(a, b))
#define DCHECK_GT(a, b) THALWEG_DCHECK(CHECK_GT(a, b))
#define DCHECK_GE(a, b) THALWEG_DCHECK(CHECK_GE(a, b))
#define DCHECK_OK(status) THALWEG_DCHECK(CHECK_OK(status))

#endif  // THALWEG_BASE_CHECK_H_
