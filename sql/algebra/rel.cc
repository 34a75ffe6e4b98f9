// SPDX-License-Identifier: Apache-2.0
#include "sql/algebra/rel.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/check.h"

namespace thalweg::sql {

using columnar::DataType;

namespace {

RelPtr Make(Rel::Node node, std::vector<RelPtr> inputs, std::vector<RelColumn> columns) {
  auto rel = std::make_shared<Rel>();
  rel->node = std::move(node);
  rel->inputs = std::move(inputs);
  rel->columns = std::move(columns);
  return rel;
}

RelColumn PathColumn(const TableDefinition& table, const ScanPath& path) {
  const TableColumn& whole = table.columns[path.column];
  RelColumn column{.name = whole.name, .type = whole.type};
  bool nullable = column.type.nullable();
  for (const std::uint32_t field : path.fields) {
    const columnar::Field inner = column.type.fields()[field];
    column.name += "." + inner.name;
    nullable |= inner.type.nullable();
    column.type = inner.type;
  }
  column.type = column.type.WithNullable(nullable);
  if (path.fields.empty()) {
    if (table.watermark.has_value() && table.watermark->column == path.column) {
      column.time = TimeRole::kRowtime;
    } else if (whole.expression != nullptr && whole.expression->is_call("PROCTIME")) {
      column.time = TimeRole::kProctime;
    }
  }
  return column;
}

/// window_start, window_end, window_time.
void AppendWindowColumns(const WindowPtr& window, std::vector<RelColumn>* columns) {
  const DataType bound = DataType::Timestamp(3).NotNull();
  columns->push_back(
      {.name = "window_start", .type = bound, .role = WindowRole::kStart, .window = window});
  columns->push_back(
      {.name = "window_end", .type = bound, .role = WindowRole::kEnd, .window = window});
  const bool local =
      window->processing_time || window->time_type.kind() == columnar::TypeKind::kTimestampLtz;
  columns->push_back({.name = "window_time",
                      .type = (local ? DataType::TimestampLtz(3) : bound).NotNull(),
                      .time = window->processing_time ? TimeRole::kProctime : TimeRole::kRowtime,
                      .role = WindowRole::kTime,
                      .window = window});
}

void ClearRoles(std::vector<RelColumn>* columns, bool nullable) {
  for (RelColumn& column : *columns) {
    column.time = TimeRole::kNone;
    column.role = WindowRole::kNone;
    column.window = nullptr;
    if (nullable) {
      column.type = column.type.Nullable();
    }
  }
}

std::string Millis(std::int64_t millis) {
  if (millis % 1000 == 0 && millis != 0) {
    return std::to_string(millis / 1000) + " s";
  }
  return std::to_string(millis) + " ms";
}

}  // namespace

std::string WindowInfo::ToString() const {
  std::string text;
  switch (spec.kind()) {
    case proto::WINDOW_HOP:
      text = "HOP(slide " + Millis(spec.slide_millis()) + ", size " + Millis(spec.size_millis());
      break;
    case proto::WINDOW_CUMULATE:
      text =
          "CUMULATE(step " + Millis(spec.slide_millis()) + ", size " + Millis(spec.size_millis());
      break;
    default:
      text = "TUMBLE(size " + Millis(spec.size_millis());
      break;
  }
  if (spec.offset_millis() != 0) {
    text += ", offset " + Millis(spec.offset_millis());
  }
  if (!spec.time_zone().empty()) {
    text += ", " + spec.time_zone();
  }
  return text + (processing_time ? ", processing time)" : ")");
}

std::string Scan::SourceDigest() const {
  std::string digest = table->path.ToString() + (table->temporary ? " temporary" : "");
  for (const auto& [key, value] : options.values()) {
    digest += "\n" + key + "=" + value;
  }
  return digest;
}

RelPtr MakeScan(TablePtr table, Configuration options, std::vector<ScanPath> paths) {
  std::vector<RelColumn> columns;
  for (const ScanPath& path : paths) {
    columns.push_back(PathColumn(*table, path));
  }
  return Make(Scan{std::move(table), std::move(options), std::move(paths)}, {}, std::move(columns));
}

RelPtr MakeScan(TablePtr table, Configuration options) {
  std::vector<ScanPath> paths;
  for (std::uint32_t i = 0; i < table->columns.size(); ++i) {
    paths.push_back({.column = i, .fields = {}});
  }
  return MakeScan(std::move(table), std::move(options), std::move(paths));
}

RelPtr MakeValues(std::vector<ExprList> rows, std::vector<RelColumn> columns) {
  return Make(ValuesRel{std::move(rows)}, {}, std::move(columns));
}

RelPtr MakeProject(RelPtr input, ExprList expressions, std::vector<std::string> names) {
  CHECK_EQ(expressions.size(), names.size());
  std::vector<RelColumn> columns;
  for (std::size_t i = 0; i < expressions.size(); ++i) {
    const Expr& expression = *expressions[i];
    RelColumn column{.name = std::move(names[i]), .type = expression.type};
    if (expression.is_column()) {
      // A mere reference keeps what the column is.
      const std::string name = column.name;
      column = input->columns[expression.column];
      column.name = name;
      column.type = expression.type;
      column.generated = false;
    } else if (expression.is_call("PROCTIME")) {
      column.time = TimeRole::kProctime;
    }
    columns.push_back(std::move(column));
  }
  return Make(ProjectRel{std::move(expressions)}, {std::move(input)}, std::move(columns));
}

RelPtr MakeFilter(RelPtr input, ExprPtr condition) {
  if (condition == nullptr) {
    return input;
  }
  std::vector<RelColumn> columns = input->columns;
  return Make(FilterRel{std::move(condition)}, {std::move(input)}, std::move(columns));
}

namespace {

/// Whether a conjunct of the condition says that the two columns are equal.
bool Equates(const ExprList& conjuncts, std::size_t left, std::size_t right) {
  return std::any_of(conjuncts.begin(), conjuncts.end(), [&](const ExprPtr& conjunct) {
    if (!conjunct->is_call("=") || !conjunct->arguments[0]->is_column() ||
        !conjunct->arguments[1]->is_column()) {
      return false;
    }
    const std::uint32_t a = conjunct->arguments[0]->column;
    const std::uint32_t b = conjunct->arguments[1]->column;
    return (a == left && b == right) || (a == right && b == left);
  });
}

/// A join on both bounds of the same windows gives rows of these windows.
bool IsWindowJoin(const Rel& left, const Rel& right, const ExprPtr& condition) {
  const ExprList conjuncts = ConjunctsOf(condition);
  const auto joined = [&](WindowRole role) {
    for (std::size_t i = 0; i < left.columns.size(); ++i) {
      for (std::size_t k = 0; k < right.columns.size(); ++k) {
        const RelColumn& a = left.columns[i];
        const RelColumn& b = right.columns[k];
        if (a.role == role && b.role == role && *a.window == *b.window &&
            Equates(conjuncts, i, left.columns.size() + k)) {
          return true;
        }
      }
    }
    return false;
  };
  return joined(WindowRole::kStart) && joined(WindowRole::kEnd);
}

}  // namespace

RelPtr MakeJoin(RelPtr left, RelPtr right, JoinRel join) {
  std::vector<RelColumn> columns = left->columns;
  std::vector<RelColumn> others = right->columns;
  const bool right_padded = join.kind == proto::JOIN_LEFT || join.kind == proto::JOIN_FULL;
  const bool left_padded = join.kind == proto::JOIN_RIGHT || join.kind == proto::JOIN_FULL;
  const bool inner = join.kind == proto::JOIN_INNER;
  // Rows of other joins leave when either side comes, whatever time it is by then.
  if (!(inner && IsWindowJoin(*left, *right, join.condition))) {
    ClearRoles(&columns, left_padded);
    ClearRoles(&others, right_padded);
  }
  if (join.kind != proto::JOIN_SEMI && join.kind != proto::JOIN_ANTI) {
    columns.insert(columns.end(), others.begin(), others.end());
  }
  return Make(std::move(join), {std::move(left), std::move(right)}, std::move(columns));
}

RelPtr MakeAggregate(RelPtr input, AggregateRel aggregate, std::vector<std::string> names) {
  std::vector<RelColumn> columns;
  for (const std::uint32_t key : aggregate.keys) {
    columns.push_back(input->columns[key]);
  }
  ClearRoles(&columns, false);
  for (const AggregateCallRel& call : aggregate.calls) {
    columns.push_back({.name = {}, .type = call.type});
  }
  CHECK_EQ(columns.size(), names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    columns[i].name = std::move(names[i]);
  }
  if (aggregate.window != nullptr) {
    AppendWindowColumns(aggregate.window, &columns);
  }
  return Make(std::move(aggregate), {std::move(input)}, std::move(columns));
}

RelPtr MakeWindowTable(RelPtr input, WindowTableRel window) {
  std::vector<RelColumn> columns = input->columns;
  for (RelColumn& column : columns) {
    column.time = TimeRole::kNone;  // window_time takes over.
  }
  AppendWindowColumns(window.window, &columns);
  return Make(std::move(window), {std::move(input)}, std::move(columns));
}

RelPtr MakeRowNumber(RelPtr input, RowNumberRel rank, std::string name) {
  std::vector<RelColumn> columns = input->columns;
  if (rank.emits_rank) {
    columns.push_back({.name = std::move(name), .type = DataType::BigInt().NotNull()});
  }
  return Make(std::move(rank), {std::move(input)}, std::move(columns));
}

RelPtr MakeUnion(std::vector<RelPtr> inputs) {
  std::vector<RelColumn> columns = inputs[0]->columns;
  for (const RelPtr& input : inputs) {
    CHECK_EQ(input->columns.size(), columns.size());
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const RelColumn& other = input->columns[i];
      columns[i].type =
          columns[i].type.WithNullable(columns[i].type.nullable() || other.type.nullable());
      if (other.time != columns[i].time) {
        columns[i].time = TimeRole::kNone;
      }
      if (other.role != columns[i].role ||
          (other.role != WindowRole::kNone && !(*other.window == *columns[i].window))) {
        columns[i].role = WindowRole::kNone;
        columns[i].window = nullptr;
      }
    }
  }
  return Make(UnionRel{}, std::move(inputs), std::move(columns));
}

RelPtr MakeSort(RelPtr input, SortRel sort) {
  std::vector<RelColumn> columns = input->columns;
  ClearRoles(&columns, false);
  return Make(std::move(sort), {std::move(input)}, std::move(columns));
}

ExprPtr ColumnOf(const Rel& rel, std::size_t i, SourceSpan span) {
  return MakeColumn(static_cast<std::uint32_t>(i), rel.columns[i].type, span);
}

ExprList ColumnsOf(const Rel& rel) {
  ExprList columns;
  for (std::size_t i = 0; i < rel.columns.size(); ++i) {
    columns.push_back(ColumnOf(rel, i));
  }
  return columns;
}

std::vector<std::string> NamesOf(const Rel& rel) {
  std::vector<std::string> names;
  for (const RelColumn& column : rel.columns) {
    names.push_back(column.name);
  }
  return names;
}

columnar::SchemaPtr SchemaOf(const Rel& rel) {
  std::vector<columnar::Field> fields;
  for (const RelColumn& column : rel.columns) {
    fields.push_back({column.name, column.type});
  }
  return columnar::Schema::Make(std::move(fields));
}

}  // namespace thalweg::sql
