// SPDX-License-Identifier: Apache-2.0
#include "runtime/expr/golden_expression.h"

#include <cctype>
#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "columnar/text.h"
#include "columnar/type_proto.h"
#include "runtime/expr/function_registry.h"
#include "runtime/expr/literal.h"

namespace thalweg::runtime {
namespace {

using columnar::DataType;
using columnar::Datum;

bool IsWordByte(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

class Reader {
 public:
  Reader(std::string_view text, const ConstantMaker* make) : text_(text), make_(make) {}

  StatusOr<proto::Expression> ReadAll() {
    ASSIGN_OR_RETURN(proto::Expression expression, Read());
    Blanks();
    return at_ == text_.size() ? StatusOr<proto::Expression>(std::move(expression)) : Wrong();
  }

 private:
  Status Wrong() const {
    return InvalidArgument("Golden text cannot be read from '" + std::string(text_.substr(at_)) +
                           "' on");
  }
  void Blanks() {
    while (at_ < text_.size() && text_[at_] == ' ') {
      ++at_;
    }
  }
  bool Take(std::string_view wanted) {
    Blanks();
    if (!text_.substr(at_).starts_with(wanted)) {
      return false;
    }
    const std::size_t end = at_ + wanted.size();
    if (IsWordByte(wanted.back()) && end < text_.size() && IsWordByte(text_[end])) {
      return false;
    }
    at_ = end;
    return true;
  }
  char Peek() {
    Blanks();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  std::string Word() {
    Blanks();
    const std::size_t begin = at_;
    while (at_ < text_.size() && IsWordByte(text_[at_])) {
      ++at_;
    }
    return std::string(text_.substr(begin, at_ - begin));
  }
  StatusOr<int> Number() {
    const std::string word = Word();
    int value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || end != word.data() + word.size()) {
      return Wrong();
    }
    return value;
  }
  StatusOr<std::string> Quoted() {
    std::string value;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\'') {
        ++at_;
        if (at_ == text_.size() || text_[at_] != '\'') {
          return value;
        }
      }
      value.push_back(text_[at_]);
    }
    return Wrong();
  }

  /// (n) behind a type's name, or `otherwise`.
  StatusOr<int> Length(int otherwise) {
    if (!Take("(")) {
      return otherwise;
    }
    ASSIGN_OR_RETURN(const int value, Number());
    return Take(")") ? StatusOr<int>(value) : Wrong();
  }
  StatusOr<DataType> Decimal() {
    if (!Take("(")) {
      return DataType::Decimal(10, 0);
    }
    ASSIGN_OR_RETURN(const int precision, Number());
    int scale = 0;
    if (Take(",")) {
      ASSIGN_OR_RETURN(scale, Number());
    }
    return Take(")") ? StatusOr<DataType>(DataType::Decimal(precision, scale)) : Wrong();
  }
  StatusOr<DataType> Row() {
    std::vector<columnar::Field> fields;
    do {
      Blanks();
      std::string name;
      if (Take("`")) {
        const std::size_t end = text_.find('`', at_);
        name = text_.substr(at_, end - at_);
        at_ = end + 1;
      } else {
        name = Word();
      }
      ASSIGN_OR_RETURN(DataType type, Type());
      fields.push_back({std::move(name), std::move(type)});
    } while (Take(","));
    return Take(">") ? StatusOr<DataType>(DataType::Row(std::move(fields))) : Wrong();
  }
  StatusOr<DataType> Type() {
    ASSIGN_OR_RETURN(const DataType type, NullableType());
    return Take("NOT NULL") ? type.NotNull() : type;
  }
  StatusOr<DataType> NullableType() {
    const std::string word = Word();
    if (word == "INTERVAL") {
      if (Take("YEAR")) {
        return Take("TO MONTH") ? StatusOr<DataType>(DataType::IntervalYearMonth()) : Wrong();
      }
      return Take("DAY TO SECOND") ? StatusOr<DataType>(DataType::IntervalDayTime()) : Wrong();
    }
    static const std::pair<std::string_view, DataType> kPlain[] = {
        {"BOOLEAN", DataType::Boolean()},
        {"TINYINT", DataType::TinyInt()},
        {"SMALLINT", DataType::SmallInt()},
        {"INT", DataType::Int()},
        {"BIGINT", DataType::BigInt()},
        {"FLOAT", DataType::Float()},
        {"DOUBLE", DataType::Double()},
        {"STRING", DataType::String()},
        {"BYTES", DataType::Bytes()},
        {"DATE", DataType::Date()}};
    for (const auto& [name, type] : kPlain) {
      if (word == name) {
        return type;
      }
    }
    if (word == "DECIMAL") {
      return Decimal();
    }
    if (word == "ROW" && Take("<")) {
      return Row();
    }
    if (word == "ARRAY" && Take("<")) {
      ASSIGN_OR_RETURN(const DataType element, Type());
      return Take(">") ? StatusOr<DataType>(DataType::Array(element)) : Wrong();
    }
    if (word == "MAP" && Take("<")) {
      ASSIGN_OR_RETURN(const DataType key, Type());
      if (!Take(",")) {
        return Wrong();
      }
      ASSIGN_OR_RETURN(const DataType value, Type());
      return Take(">") ? StatusOr<DataType>(DataType::Map(key, value)) : Wrong();
    }
    using Factory = DataType (*)(int);
    static const std::pair<std::string_view, Factory> kSized[] = {
        {"CHAR", [](int n) { return DataType::Char(static_cast<std::uint32_t>(n)); }},
        {"VARCHAR", [](int n) { return DataType::VarChar(static_cast<std::uint32_t>(n)); }},
        {"BINARY", [](int n) { return DataType::Binary(static_cast<std::uint32_t>(n)); }},
        {"VARBINARY", [](int n) { return DataType::VarBinary(static_cast<std::uint32_t>(n)); }},
        {"TIME", [](int n) { return DataType::Time(n); }},
        {"TIMESTAMP", [](int n) { return DataType::Timestamp(n); }},
        {"TIMESTAMP_LTZ", [](int n) { return DataType::TimestampLtz(n); }}};
    for (const auto& [name, factory] : kSized) {
      if (word == name) {
        ASSIGN_OR_RETURN(const int n, Length(name == "TIME" ? 0 : name[0] == 'T' ? 6 : 1));
        return factory(n);
      }
    }
    return Wrong();
  }

  StatusOr<proto::Expression> Read() {
    const bool fixed = Take("!");
    const char first = Peek();
    if (first == '\'') {
      ASSIGN_OR_RETURN(std::string text, Quoted());
      return (*make_)({DataType::String().NotNull(), Datum(std::move(text)), fixed});
    }
    if (first == '-' || std::isdigit(static_cast<unsigned char>(first)) != 0) {
      return NumberConstant(fixed);
    }
    if (Take("TRUE")) {
      return (*make_)({DataType::Boolean().NotNull(), Datum(true), fixed});
    }
    if (Take("FALSE")) {
      return (*make_)({DataType::Boolean().NotNull(), Datum(false), fixed});
    }
    if (text_.substr(at_).starts_with("X'")) {
      return Hexadecimal(fixed);
    }
    const std::size_t begin = at_;
    if (first != '`') {
      const StatusOr<DataType> type = Type();
      if (type.ok() && Peek() == '\'') {
        ASSIGN_OR_RETURN(const std::string text, Quoted());
        ASSIGN_OR_RETURN(const Datum value, columnar::ParseDatum(*type, text));
        return (*make_)({type->NotNull(), value, fixed});
      }
      if (type.ok() && Take("NULL")) {
        return (*make_)({*type, Datum(), fixed});
      }
    }
    at_ = begin;
    return CallExpression();
  }

  StatusOr<proto::Expression> Hexadecimal(bool fixed) {
    ++at_;
    ASSIGN_OR_RETURN(const std::string digits, Quoted());
    std::string bytes;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
      unsigned byte = 0;
      std::from_chars(digits.data() + i, digits.data() + i + 2, byte, 16);
      bytes.push_back(static_cast<char>(byte));
    }
    return (*make_)({DataType::Bytes().NotNull(), Datum(std::move(bytes)), fixed});
  }

  StatusOr<proto::Expression> NumberConstant(bool fixed) {
    const std::size_t begin = at_;
    if (text_[at_] == '-') {
      ++at_;
    }
    while (at_ < text_.size() && (IsWordByte(text_[at_]) || text_[at_] == '.' ||
                                  (text_[at_] == '-' && text_[at_ - 1] == 'e'))) {
      ++at_;
    }
    std::string word(text_.substr(begin, at_ - begin));
    std::optional<DataType> type = DataType::Int();
    if (word.back() == 'L') {
      word.pop_back();
      type = DataType::BigInt();
    } else if (word.find('e') != std::string::npos) {
      type = DataType::Double();
    } else if (const std::size_t point = word.find('.'); point != std::string::npos) {
      const auto scale = static_cast<int>(word.size() - point - 1);
      const int digits = static_cast<int>(word.size()) - 1 - (word[0] == '-' ? 1 : 0);
      type = DataType::Decimal(digits, scale);
    }
    ASSIGN_OR_RETURN(const Datum value, columnar::ParseDatum(*type, word));
    return (*make_)({type->NotNull(), value, fixed});
  }

  StatusOr<proto::Expression> CallExpression() {
    std::string name;
    if (Take("`")) {
      const std::size_t end = text_.find('`', at_);
      name = text_.substr(at_, end - at_);
      at_ = end + 1;
    } else {
      name = Word();
    }
    if (!Take("(")) {
      return Wrong();
    }
    proto::Expression expression;
    expression.mutable_call()->set_function(name);
    std::vector<DataType> types;
    DataType wanted = DataType::Boolean();
    while (!Take(")")) {
      if (Take("AS")) {
        ASSIGN_OR_RETURN(wanted, Type());
        continue;
      }
      if (!types.empty() && !Take(",")) {
        return Wrong();
      }
      ASSIGN_OR_RETURN(proto::Expression argument, Read());
      ASSIGN_OR_RETURN(DataType type, columnar::TypeFromProto(argument.type()));
      types.push_back(std::move(type));
      *expression.mutable_call()->add_arguments() = std::move(argument);
    }
    ASSIGN_OR_RETURN(const CallTypes resolved,
                     FunctionRegistry::Get().TypesOf(name, types, wanted));
    columnar::ToProto(resolved.result, expression.mutable_type());
    return expression;
  }

  std::string_view text_;
  const ConstantMaker* make_;
  std::size_t at_ = 0;
};

}  // namespace

StatusOr<proto::Expression> ReadGoldenExpression(std::string_view text, const ConstantMaker& make) {
  return Reader(text, &make).ReadAll();
}

}  // namespace thalweg::runtime
