// SPDX-License-Identifier: Apache-2.0
//
// Every scalar function, told once: name, type rule, null rule, kernel and the line that documents
// it. Operators are functions too: "+", "AND", "CASE", "CAST". Relatives share a file, whose table
// is joined to its topic in function_registry.cc.
//
// To add one: write its kernel beside its relatives, add a line to the table of that file, and make
// docs/sql/functions.md anew.
//
// What SQL spells with keywords, a call spells with arguments. Those in 'quotes' below must be
// constant texts, one of the words shown; n is a constant INT.
//
//   NOT x IN (..), NOT LIKE ..     NOT(IN(..)), NOT(LIKE(..)); so for all of that kind
//   a BETWEEN b AND c              AND(>=(a, b), <=(a, c))
//   -a                             NEGATE(a)
//   a LIKE b ESCAPE c              LIKE(a, b, c); SIMILAR TO(a, b, c)
//   a IN (b, c)                    IN(a, b, c)
//   a IS [NOT] DISTINCT FROM b     IS DISTINCT FROM(a, b), IS NOT DISTINCT FROM(a, b)
//   a IS [NOT] TRUE                IS TRUE(a), IS NOT TRUE(a); so for FALSE and UNKNOWN
//   CASE a WHEN b THEN c END       CASE(=(a, b), c, NULL)
//   CAST(a AS t), TRY_CAST(..)     CAST(a), TRY_CAST(a); the call's type is t
//   TRIM(BOTH a FROM b)            TRIM('BOTH' 'LEADING' 'TRAILING', a, b); TRIM(b)
//   POSITION(a IN b)               POSITION(a, b)
//   SUBSTRING(a FROM b FOR c)      SUBSTRING(a, b, c)
//   OVERLAY(a PLACING b FROM c..)  OVERLAY(a, b, c[, d])
//   EXTRACT(unit FROM a)           EXTRACT('unit', a); YEAR(a) and its like are functions too
//   FLOOR(a TO unit), CEIL(..)     FLOOR(a, 'unit'), CEIL(a, 'unit')
//   TIMESTAMPADD(unit, a, b)       TIMESTAMPADD('unit', a, b); a DATE stays one, so that hours want
//   it
//                                  cast to TIMESTAMP. TIMESTAMPDIFF('unit', a, b)
//   (a, b) OVERLAPS (c, d)         OVERLAPS(a, b, c, d); b and d times or intervals
//   ROUND(a, n), TRUNCATE(a, n)    of a DECIMAL and a constant n the call's type is
//   RoundedDecimal()
//                                  (type_rules.h) of a's type and n
//   NOW(), CURRENT_DATE            NOW(), CURRENT_DATE(): calls without arguments
//   r.f                            FIELD(r, n), n from 0; NULL when r is; the call's type is f's
//   a[i], m[k]                     ITEM(a, i), ITEM(m, k)
//   ARRAY[..], MAP[k, v, ..]       ARRAY(..), MAP(k, v, ..)
//   (a, b), ROW(a, b)              ROW(a, b); a call's type may give other field names
//   a IS JSON ARRAY                IS JSON(a[, 'VALUE' 'SCALAR' 'ARRAY' 'OBJECT'])
//   JSON_EXISTS(a, p .. ON ERROR)  JSON_EXISTS(a, p[, 'TRUE' 'FALSE' 'UNKNOWN' 'ERROR'])
//   JSON_VALUE(a, p RETURNING t    JSON_VALUE(a, p[, 'NULL' 'ERROR' 'DEFAULT', e, .., f]); without
//     DEFAULT e ON EMPTY             DEFAULT, e and f are not looked at: NULL. The call's type is t
//     DEFAULT f ON ERROR)
//   JSON_QUERY(a, p RETURNING t    JSON_QUERY(a, p[, 'WITHOUT' 'CONDITIONAL' 'UNCONDITIONAL'[, on
//     WITH CONDITIONAL WRAPPER       empty, on error]]), each of 'NULL' 'ERROR' 'EMPTY ARRAY'
//     .. ON EMPTY .. ON ERROR)       'EMPTY OBJECT'. The call's type is t, STRING or ARRAY<STRING>
//   JSON_OBJECT(k VALUE v, ..      JSON_OBJECT('NULL' 'ABSENT', 'formats', k, v, ..): per value one
//     NULL ON NULL)                  letter, v: a value, j: text that is JSON already, such as that
//   JSON_ARRAY(v, .. ON NULL)      of a nested call. JSON_ARRAY('ABSENT', 'formats', v, ..)
//
// Units: MILLENNIUM CENTURY DECADE YEAR QUARTER MONTH WEEK DAY HOUR MINUTE SECOND MILLISECOND
// MICROSECOND NANOSECOND, for EXTRACT also EPOCH DOW ISODOW DOY ISOYEAR.
#ifndef THALWEG_RUNTIME_EXPR_FUNCTION_REGISTRY_H_
#define THALWEG_RUNTIME_EXPR_FUNCTION_REGISTRY_H_

#include <cstdint>
#include <initializer_list>
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
  kCheap,     // Never fails and costs a few cycles a row: done even for rows that do not need it.
  kStrict,    // Only for rows that need the result.
  kAnd,       // The second argument only where the first is not FALSE.
  kOr,        // The second argument only where the first is not TRUE.
  kCase,      // CASE(condition, value, condition, value, ..., otherwise): what is chosen, only.
  kCoalesce,  // An argument only where all before it are NULL: becomes CASE.
  kNullIf,    // NULLIF(a, b): becomes CASE.
};

/// How long a call with the same arguments has the same result. Only the first kind is computed
/// when a plan is compiled. (TIMESTAMP_LTZ among the types of a call makes it at least kSession.)
enum class Stability {
  kAlways,
  kSession,  // It reads the session's time zone.
  kBatch,    // It reads the clock.
  kRow,      // Another value in each row.
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
  Stability stability = Stability::kAlways;
};

/// Functions that a reader looks for in one place.
struct FunctionTopic {
  std::string_view title;
  std::vector<const ScalarFunction*> functions;  // By name.
};

/// The functions that there are. Immutable; any thread.
class FunctionRegistry {
 public:
  static const FunctionRegistry& Get();

  /// Null: there is none of that name.
  const ScalarFunction* Find(std::string_view name) const;
  /// By name.
  std::vector<const ScalarFunction*> All() const;
  const std::vector<FunctionTopic>& topics() const { return topics_; }

  /// Number and types of arguments checked. kInvalidArgument names the function and quotes its
  /// signature and the types given.
  StatusOr<CallTypes> TypesOf(std::string_view name,
                              std::span<const columnar::DataType> arguments,
                              const columnar::DataType& wanted) const;

 private:
  FunctionRegistry();
  void Add(std::string_view topic, std::initializer_list<std::span<const ScalarFunction>> tables);

  std::map<std::string_view, const ScalarFunction*> functions_;
  std::vector<FunctionTopic> topics_;
};

// The tables, one a file.
std::span<const ScalarFunction> ArithmeticFunctions();
std::span<const ScalarFunction> ComparisonFunctions();
std::span<const ScalarFunction> LogicFunctions();
std::span<const ScalarFunction> LikeFunctions();
std::span<const ScalarFunction> InFunctions();
std::span<const ScalarFunction> ConditionalFunctions();
std::span<const ScalarFunction> CastFunctions();
std::span<const ScalarFunction> StringFunctions();
std::span<const ScalarFunction> TextPartFunctions();
std::span<const ScalarFunction> TextSearchFunctions();
std::span<const ScalarFunction> TextEditFunctions();
std::span<const ScalarFunction> TextCodecFunctions();
std::span<const ScalarFunction> PrintfFunctions();
std::span<const ScalarFunction> RegexpFunctions();
std::span<const ScalarFunction> DigestFunctions();
std::span<const ScalarFunction> JsonQueryFunctions();
std::span<const ScalarFunction> RoundingFunctions();
std::span<const ScalarFunction> MathFunctions();
std::span<const ScalarFunction> RandomFunctions();
std::span<const ScalarFunction> TimeFieldFunctions();
std::span<const ScalarFunction> TimeArithmeticFunctions();
std::span<const ScalarFunction> TimeTextFunctions();
std::span<const ScalarFunction> ClockFunctions();
std::span<const ScalarFunction> JsonBuildFunctions();
std::span<const ScalarFunction> NestedFunctions();
std::span<const ScalarFunction> ArrayFunctions();
std::span<const ScalarFunction> MapFunctions();

}  // namespace thalweg::runtime

#endif  // THALWEG_RUNTIME_EXPR_FUNCTION_REGISTRY_H_
