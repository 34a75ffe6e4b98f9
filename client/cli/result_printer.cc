// SPDX-License-Identifier: Apache-2.0
#include "client/cli/result_printer.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "client/cli/folded_rows.h"
#include "columnar/row_text.h"
#include "columnar/text.h"
#include "connectors/formats/json/json_writer.h"

namespace thalweg::client {
namespace {

using columnar::Batch;
using columnar::Schema;
using columnar::SchemaPtr;

/// Between the cells of a folded row: not in any text that a terminal could show.
constexpr char kCellEnd = '\0';
/// Width of a column of an unbounded result, whose rows are not known beforehand.
constexpr std::size_t kStreamedWidth = 20;

std::size_t WidthOf(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

/// One line, whatever is in the text.
std::string OneLine(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      c = ' ';
    }
  }
  return text;
}

bool IsNumber(const columnar::DataType& type) {
  using columnar::TypeKind;
  return type.IsInteger() || type.kind() == TypeKind::kFloat || type.kind() == TypeKind::kDouble ||
         type.kind() == TypeKind::kDecimal;
}

std::vector<std::string> NamesOf(const Schema& schema) {
  std::vector<std::string> names;
  for (const columnar::Field& field : schema.fields()) {
    names.push_back(field.name);
  }
  return names;
}

std::vector<bool> NumbersOf(const Schema& schema) {
  std::vector<bool> numbers;
  for (const columnar::Field& field : schema.fields()) {
    numbers.push_back(IsNumber(field.type));
  }
  return numbers;
}

std::string CellOf(const Batch& batch, std::size_t column, std::size_t row) {
  return OneLine(columnar::TextAt(*batch.column(column), row));
}

void PrintRule(const std::vector<std::size_t>& widths, std::ostream& out) {
  for (const std::size_t width : widths) {
    out << '+' << std::string(width + 2, '-');
  }
  out << "+\n";
}

void PrintRow(const std::vector<std::string>& cells,
              const std::vector<std::size_t>& widths,
              const std::vector<bool>& right,
              std::ostream& out) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::size_t width = WidthOf(cells[i]);
    const std::string padding(widths[i] - std::min(widths[i], width), ' ');
    out << "| " << (right[i] ? padding : "") << cells[i] << (right[i] ? "" : padding) << ' ';
  }
  out << "|\n";
}

/// The final rows, printed at the end.
class TablePrinter final : public ResultPrinter {
 public:
  TablePrinter(SchemaPtr schema, std::ostream& out) : schema_(std::move(schema)), out_(out) {}

  Status Add(const Batch& batch) override {
    for (std::size_t row = 0; row < batch.row_count(); ++row) {
      std::string cells;
      for (std::size_t column = 0; column < batch.column_count(); ++column) {
        cells += CellOf(batch, column, row);
        cells += kCellEnd;
      }
      if (columnar::IsAddition(batch.change_kind(row))) {
        rows_.Add(std::move(cells));
      } else {
        rows_.Remove(cells);
      }
    }
    return OkStatus();
  }

  void Finish() override {
    std::vector<std::vector<std::string>> rows;
    rows_.ForEach([&](const std::string& row) {
      std::vector<std::string> cells;
      for (std::size_t begin = 0; begin < row.size();) {
        const std::size_t end = row.find(kCellEnd, begin);
        cells.push_back(row.substr(begin, end - begin));
        begin = end + 1;
      }
      rows.push_back(std::move(cells));
    });
    PrintTable(NamesOf(*schema_), rows, NumbersOf(*schema_), out_);
    out_ << rows.size() << (rows.size() == 1 ? " row\n" : " rows\n") << std::flush;
  }

  std::uint64_t row_count() const override { return rows_.count(); }

 private:
  const SchemaPtr schema_;
  std::ostream& out_;
  FoldedRows rows_;
};

/// Changes as they come, in a table without end.
class StreamPrinter final : public ResultPrinter {
 public:
  StreamPrinter(SchemaPtr schema, std::ostream& out) : right_(NumbersOf(*schema)), out_(out) {
    std::vector<std::string> names = NamesOf(*schema);
    names.insert(names.begin(), "op");
    right_.insert(right_.begin(), false);
    widths_.push_back(2);
    for (std::size_t i = 1; i < names.size(); ++i) {
      widths_.push_back(std::max(WidthOf(names[i]), kStreamedWidth));
    }
    PrintRule(widths_, out_);
    PrintRow(names, widths_, right_, out_);
    PrintRule(widths_, out_);
    out_ << std::flush;
  }

  Status Add(const Batch& batch) override {
    for (std::size_t row = 0; row < batch.row_count(); ++row) {
      std::vector<std::string> cells = {columnar::ToString(batch.change_kind(row))};
      for (std::size_t column = 0; column < batch.column_count(); ++column) {
        cells.push_back(CellOf(batch, column, row));
      }
      PrintRow(cells, widths_, right_, out_);
    }
    row_count_ += batch.row_count();
    out_ << std::flush;
    return OkStatus();
  }

  void Finish() override {
    PrintRule(widths_, out_);
    out_ << row_count_ << (row_count_ == 1 ? " change\n" : " changes\n") << std::flush;
  }

  std::uint64_t row_count() const override { return row_count_; }

 private:
  std::vector<bool> right_;
  std::vector<std::size_t> widths_;
  std::ostream& out_;
  std::uint64_t row_count_ = 0;
};

class ChangelogPrinter final : public ResultPrinter {
 public:
  explicit ChangelogPrinter(std::ostream& out) : out_(out) {}

  Status Add(const Batch& batch) override {
    std::string text;
    for (std::size_t row = 0; row < batch.row_count(); ++row) {
      columnar::AppendRowText(batch, row, &text);
      text += '\n';
    }
    row_count_ += batch.row_count();
    out_ << text << std::flush;
    return OkStatus();
  }
  void Finish() override {}
  std::uint64_t row_count() const override { return row_count_; }

 private:
  std::ostream& out_;
  std::uint64_t row_count_ = 0;
};

/// The final rows as JSON lines. Rows of a result that only grows could leave at once, but whether
/// it does is known only at its end.
class JsonPrinter final : public ResultPrinter {
 public:
  JsonPrinter(const SchemaPtr& schema, std::ostream& out)
      : writer_(schema, connectors::JsonOptions()), out_(out) {}

  Status Add(const Batch& batch) override {
    std::string lines;
    RETURN_IF_ERROR(writer_.Append(batch, &lines));
    std::size_t begin = 0;
    for (std::size_t row = 0; row < batch.row_count(); ++row) {
      const std::size_t end = lines.find('\n', begin);
      CHECK(end != std::string::npos);
      std::string line = lines.substr(begin, end - begin);
      if (columnar::IsAddition(batch.change_kind(row))) {
        rows_.Add(std::move(line));
      } else {
        rows_.Remove(line);
      }
      begin = end + 1;
    }
    return OkStatus();
  }
  void Finish() override {
    rows_.ForEach([&](const std::string& line) { out_ << line << '\n'; });
    out_ << std::flush;
  }
  std::uint64_t row_count() const override { return rows_.count(); }

 private:
  connectors::JsonWriter writer_;
  std::ostream& out_;
  FoldedRows rows_;
};

}  // namespace

void PrintTable(const std::vector<std::string>& columns,
                const std::vector<std::vector<std::string>>& rows,
                const std::vector<bool>& right,
                std::ostream& out) {
  std::vector<std::size_t> widths;
  for (const std::string& column : columns) {
    widths.push_back(WidthOf(column));
  }
  for (const std::vector<std::string>& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], WidthOf(row[i]));
    }
  }
  PrintRule(widths, out);
  PrintRow(columns, widths, right, out);
  PrintRule(widths, out);
  for (const std::vector<std::string>& row : rows) {
    PrintRow(row, widths, right, out);
  }
  PrintRule(widths, out);
}

StatusOr<std::unique_ptr<ResultPrinter>> MakeResultPrinter(OutputMode mode,
                                                           SchemaPtr schema,
                                                           bool bounded,
                                                           std::ostream& out) {
  switch (mode) {
    case OutputMode::kTable:
      if (bounded) {
        return std::make_unique<TablePrinter>(std::move(schema), out);
      }
      return std::make_unique<StreamPrinter>(std::move(schema), out);
    case OutputMode::kChangelog:
      return std::make_unique<ChangelogPrinter>(out);
    case OutputMode::kJsonLines:
      break;
  }
  RETURN_IF_ERROR(connectors::CheckJsonSchema(*schema));
  return std::make_unique<JsonPrinter>(schema, out);
}

}  // namespace thalweg::client
