// SPDX-License-Identifier: Apache-2.0
#include "sql/physical/source_planner.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "columnar/type_proto.h"
#include "fmt/format.h"
#include "runtime/connector/dead_letters.h"
#include "runtime/plan/plan.h"

namespace thalweg::sql {

using columnar::DataType;
using columnar::TypeKind;

namespace {

constexpr Option<Milliseconds> kIdleTimeout{
    .key = "scan.watermark.idle-timeout",
    .default_value = Milliseconds(-1),
    .description = "After this a source without rows holds back no watermark."};
constexpr Option<std::int64_t> kScanParallelism{.key = "scan.parallelism",
                                                .default_value = 0,
                                                .min = 0,
                                                .max = 4096,
                                                .description = "Readers; 0: as the job has."};

ExprPtr Field(ExprPtr row, std::uint32_t index) {
  const DataType& inner = row->type.fields()[index].type;
  const DataType type = inner.WithNullable(inner.nullable() || row->type.nullable());
  return MakeCall("FIELD",
                  {std::move(row), MakeLiteral(DataType::Int().NotNull(), columnar::Datum(index))},
                  type);
}

std::optional<ScanPath> PathOf(const Expr& expression) {
  if (expression.is_column()) {
    return ScanPath{.column = expression.column, .fields = {}};
  }
  if (!expression.is_call("FIELD")) {
    return std::nullopt;
  }
  std::optional<ScanPath> path = PathOf(*expression.arguments[0]);
  if (path.has_value()) {
    path->fields.push_back(static_cast<std::uint32_t>(expression.arguments[1]->value.integer()));
  }
  return path;
}

void AddPaths(const Expr& expression, std::set<ScanPath>* paths) {
  if (std::optional<ScanPath> path = PathOf(expression); path.has_value()) {
    paths->insert(*std::move(path));
    return;
  }
  for (const ExprPtr& argument : expression.arguments) {
    AddPaths(*argument, paths);
  }
}

using FieldPaths = std::set<std::vector<std::uint32_t>>;

/// The fields that are wanted right inside, with what is wanted of each. Empty: the whole value.
std::map<std::uint32_t, FieldPaths> ByFirst(const FieldPaths& paths) {
  std::map<std::uint32_t, FieldPaths> fields;
  if (paths.contains({})) {
    return fields;
  }
  for (const std::vector<std::uint32_t>& path : paths) {
    fields[path[0]].insert(std::vector<std::uint32_t>(path.begin() + 1, path.end()));
  }
  return fields;
}

/// A ROW with just the fields that are wanted.
DataType Narrowed(const DataType& type, const FieldPaths& paths) {
  const std::map<std::uint32_t, FieldPaths> wanted = ByFirst(paths);
  if (wanted.empty()) {
    return type;
  }
  std::vector<columnar::Field> fields;
  for (const auto& [index, inner] : wanted) {
    const columnar::Field& field = type.fields()[index];
    fields.push_back({field.name, Narrowed(field.type, inner)});
  }
  return DataType::Row(std::move(fields)).WithNullable(type.nullable());
}

/// Columns of a reader, and how to get at what is inside.
class ReadColumns {
 public:
  ReadColumns(const TableDefinition& table, const std::set<ScanPath>& paths, bool narrows) {
    for (const ScanPath& path : paths) {
      wanted_[path.column].insert(narrows ? path.fields : std::vector<std::uint32_t>());
    }
    for (const auto& [column, fields] : wanted_) {
      place_[column] = static_cast<std::uint32_t>(fields_.size());
      fields_.push_back({table.columns[column].name, Narrowed(table.columns[column].type, fields)});
    }
  }

  std::vector<columnar::Field>& fields() { return fields_; }
  std::uint32_t PlaceOf(std::uint32_t column) const { return place_.at(column); }

  /// The path over the columns as read.
  ExprPtr At(const ScanPath& path) const {
    const std::uint32_t place = place_.at(path.column);
    ExprPtr value = MakeColumn(place, fields_[place].type);
    const FieldPaths* paths = &wanted_.at(path.column);
    FieldPaths inner;
    for (const std::uint32_t field : path.fields) {
      const std::map<std::uint32_t, FieldPaths> kept = ByFirst(*paths);
      const auto found = kept.find(field);
      const auto index =
          kept.empty() ? static_cast<std::ptrdiff_t>(field) : std::distance(kept.begin(), found);
      value = Field(std::move(value), static_cast<std::uint32_t>(index));
      inner = kept.empty() ? FieldPaths{{}} : found->second;
      paths = &inner;
    }
    return value;
  }

  /// An expression over the table's columns.
  ExprPtr Over(const ExprPtr& expression) const {
    if (const std::optional<ScanPath> path = PathOf(*expression); path.has_value()) {
      return At(*path);
    }
    if (expression->is_literal()) {
      return expression;
    }
    ExprList arguments;
    for (const ExprPtr& argument : expression->arguments) {
      arguments.push_back(Over(argument));
    }
    return MakeCall(expression->function, std::move(arguments), expression->type, expression->span);
  }

 private:
  std::map<std::uint32_t, FieldPaths> wanted_;
  std::map<std::uint32_t, std::uint32_t> place_;
  std::vector<columnar::Field> fields_;
};

/// `column - interval`: how much later than its rows a watermark is.
std::optional<std::int64_t> DelayOf(const Watermark& watermark) {
  const Expr& expression = *watermark.expression;
  if (expression.is_column() && expression.column == watermark.column) {
    return 0;
  }
  if (!expression.is_call("-") || !expression.arguments[0]->is_column() ||
      expression.arguments[0]->column != watermark.column) {
    return std::nullopt;
  }
  const Expr& delay = *expression.arguments[1];
  if (!delay.is_literal() || delay.type.kind() != TypeKind::kIntervalDayTime ||
      delay.value.integer() < 0) {
    return std::nullopt;
  }
  return delay.value.integer();
}

bool IsPlannersOwn(const std::string& key) {
  return key == "connector" || key.starts_with("scan.watermark.") || key == "scan.parallelism" ||
         key == "sink.parallelism";
}

}  // namespace

StatusOr<std::string> ConnectorOf(const TableDefinition& table, const Configuration& options) {
  const std::optional<std::string_view> connector = options.Find("connector");
  if (!connector.has_value()) {
    return InvalidArgument(
        fmt::format("Table '{}' has no option 'connector', so it can be neither read nor written",
                    table.path.object));
  }
  return std::string(*connector);
}

runtime::TableRequest RequestOf(const TableDefinition& table,
                                const Configuration& options,
                                const std::string& folder) {
  runtime::TableRequest request;
  for (const auto& [key, value] : options.values()) {
    if (!IsPlannersOwn(key)) {
      request.options.Set(key, value);
    }
  }
  std::vector<columnar::Field> fields;
  for (const TableColumn& column : table.columns) {
    if (column.kind != ast::ColumnKind::kComputed) {
      fields.push_back({column.name, column.type});
    }
  }
  request.schema = columnar::Schema::Make(std::move(fields));
  request.partition_columns = table.partitioned_by;
  request.folder = folder;
  return request;
}

void SourcePlanner::Announce(const Scan& scan) {
  wanted_[scan.SourceDigest()].insert(scan.paths.begin(), scan.paths.end());
}

StatusOr<NodeIndex> SourcePlanner::Plan(const Scan& scan, const Rel& rel) {
  const std::string digest = scan.SourceDigest();
  auto found = made_.find(digest);
  if (found == made_.end()) {
    StatusOr<Source> made = Make(scan);
    if (!made.ok()) {
      return Annotate(made.status(), fmt::format("Table '{}'", scan.table->path.object));
    }
    found = made_.emplace(digest, *std::move(made)).first;
  }
  const Source& source = found->second;
  ExprList columns;
  for (const ScanPath& path : scan.paths) {
    const std::uint32_t place = source.place.at(path);
    columns.push_back(MakeColumn(place, nodes_.schema(source.node).type(place)));
  }
  return nodes_.AddProject(source.node, columns, NamesOf(rel));
}

StatusOr<SourcePlanner::Source> SourcePlanner::Make(const Scan& scan) {
  const TableDefinition& table = *scan.table;
  const std::set<ScanPath>& outputs = wanted_.at(scan.SourceDigest());
  const bool has_watermark = watermarks_ && table.watermark.has_value();
  ASSIGN_OR_RETURN(const std::string name, ConnectorOf(table, scan.options));
  ASSIGN_OR_RETURN(const runtime::SourceConnector* connector, connectors_.Source(name));

  // What is read: of computed columns, what they are computed from.
  std::set<ScanPath> read;
  const auto add = [&](const ScanPath& path) {
    const TableColumn& column = table.columns[path.column];
    if (column.kind == ast::ColumnKind::kComputed) {
      AddPaths(*column.expression, &read);
    } else {
      read.insert(path);
    }
  };
  for (const ScanPath& path : outputs) {
    add(path);
  }
  ExprPtr watermark;
  if (has_watermark) {
    add({.column = table.watermark->column, .fields = {}});
    // Over physical columns alone.
    watermark = Rewrite(table.watermark->expression, [&](const Expr& column) {
      return table.columns[column.column].expression;
    });
    AddPaths(*watermark, &read);
  }
  if (read.empty()) {
    // Something must come, if only to be counted.
    for (std::uint32_t i = 0; i < table.columns.size() && read.empty(); ++i) {
      if (table.columns[i].kind != ast::ColumnKind::kComputed) {
        read.insert({.column = i, .fields = {}});
      }
    }
  }

  runtime::TableRequest request = RequestOf(table, scan.options, folder_);
  // Metadata comes as the connector types it, and is cast.
  std::map<std::string, DataType, std::less<>> key_types;
  for (const runtime::MetadataKey& key : connector->MetadataKeys()) {
    key_types.emplace(std::string(key.key), key.type);
  }
  std::map<std::uint32_t, DataType> metadata_types;
  for (std::uint32_t i = 0; i < table.columns.size(); ++i) {
    const TableColumn& column = table.columns[i];
    if (column.kind != ast::ColumnKind::kMetadata) {
      continue;
    }
    const auto found = key_types.find(column.metadata_key);
    if (found == key_types.end()) {
      std::vector<std::string> known;
      for (const auto& [key, type] : key_types) {
        known.push_back(key);
      }
      return InvalidArgument(
          fmt::format("Connector '{}' knows no metadata '{}' (column '{}'); it has: {}",
                      name,
                      column.metadata_key,
                      column.name,
                      known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", "))));
    }
    request.metadata.push_back({.column = column.name, .key = column.metadata_key});
    metadata_types.emplace(i, found->second);
  }
  ASSIGN_OR_RETURN(const runtime::SourceTraits traits, connector->TraitsOf(request));
  if (settings_.batch && !traits.bounded) {
    return InvalidArgument(
        "It never ends, and 'execution.runtime-mode' = 'batch' gives results when the input has "
        "ended");
  }

  ReadColumns columns(table, read, traits.narrows_rows);
  std::vector<columnar::Field> fields = columns.fields();
  for (const auto& [column, type] : metadata_types) {
    if (std::any_of(read.begin(), read.end(), [&](const ScanPath& path) {
          return path.column == column;
        })) {
      fields[columns.PlaceOf(column)].type = type;
    }
  }
  const bool all = fields == request.schema->fields();
  const columnar::SchemaPtr schema = columnar::Schema::Make(std::move(fields));
  request.read = all ? nullptr : schema;

  runtime::PlanNode node;
  node.step.set_name(table.path.object);
  proto::ConnectorSpec& source = *node.step.mutable_read()->mutable_source();
  source.set_connector(name);
  ASSIGN_OR_RETURN(*source.mutable_spec(), connector->Plan(request));
  columnar::ToProto(*schema, source.mutable_schema());
  ASSIGN_OR_RETURN(const std::int64_t parallelism, scan.options.Get(kScanParallelism));
  node.parallelism =
      parallelism == 0 ? settings_.parallelism : static_cast<std::uint32_t>(parallelism);
  node.step.mutable_read()->set_dead_letters(traits.dead_letters.has_value());
  Source made;
  ASSIGN_OR_RETURN(made.node, nodes_.AddSource(std::move(node), traits.bounded));
  if (traits.dead_letters.has_value()) {
    runtime::PlanNode letters;
    letters.step.set_name("dead letters of " + table.path.object);
    proto::ConnectorSpec& sink = *letters.step.mutable_sink()->mutable_sink();
    sink.set_connector(traits.dead_letters->connector);
    sink.set_spec(traits.dead_letters->spec);
    columnar::ToProto(*runtime::DeadLetterSchema(), sink.mutable_schema());
    letters.inputs = {made.node};
    letters.side_output = runtime::kDeadLetterOutput;
    letters.parallelism = nodes_.node(made.node).parallelism;
    RETURN_IF_ERROR(nodes_.Add(std::move(letters)).status());
  }

  // What is asked for, over what is read.
  const auto typed = [&](const ExprPtr& value) {
    return Rewrite(value, [&](const Expr& column) -> ExprPtr {
      const DataType& declared = columns.fields()[column.column].type;
      const DataType& given = schema->type(column.column);
      ExprPtr as_given = MakeColumn(column.column, given, column.span);
      return declared == given ? as_given : MakeCast(std::move(as_given), declared);
    });
  };
  ExprList expressions;
  std::vector<std::string> names;
  const auto output = [&](const ScanPath& path) {
    const TableColumn& column = table.columns[path.column];
    std::string label = column.name;
    ExprPtr value;
    if (column.kind == ast::ColumnKind::kComputed) {
      value = columns.Over(column.expression);
      for (const std::uint32_t field : path.fields) {
        label += "." + value->type.fields()[field].name;
        value = Field(std::move(value), field);
      }
    } else {
      value = columns.At(path);
      DataType type = column.type;
      for (const std::uint32_t field : path.fields) {
        const columnar::Field inner = type.fields()[field];
        label += "." + inner.name;
        type = inner.type;
      }
    }
    made.place[path] = static_cast<std::uint32_t>(expressions.size());
    expressions.push_back(typed(value));
    names.push_back(std::move(label));
  };
  for (const ScanPath& path : outputs) {
    output(path);
  }
  if (!has_watermark) {
    if (expressions.empty()) {
      return made;
    }
    ASSIGN_OR_RETURN(made.node, nodes_.AddProject(made.node, expressions, names));
    return made;
  }
  const ScanPath time{.column = table.watermark->column, .fields = {}};
  if (!made.place.contains(time)) {
    output(time);
  }
  const std::optional<std::int64_t> delay = DelayOf(*table.watermark);
  std::uint32_t column = made.place.at(time);
  if (!delay.has_value()) {
    column = static_cast<std::uint32_t>(expressions.size());
    expressions.push_back(typed(columns.Over(watermark)));
    names.emplace_back("$watermark");
  }
  ASSIGN_OR_RETURN(made.node, nodes_.AddProject(made.node, expressions, names));
  runtime::PlanNode step;
  proto::WatermarkStep& marks = *step.step.mutable_watermark();
  marks.set_column(column);
  marks.set_delay_millis(delay.value_or(0));
  if (settings_.watermark_interval_millis != 200) {
    marks.set_interval_millis(std::max<std::int64_t>(settings_.watermark_interval_millis, 1));
  }
  ASSIGN_OR_RETURN(const Milliseconds idle, scan.options.Get(kIdleTimeout));
  marks.set_idle_timeout_millis(idle.count() >= 0 ? idle.count() : settings_.idle_timeout_millis);
  step.inputs = {made.node};
  step.parallelism = nodes_.node(made.node).parallelism;
  ASSIGN_OR_RETURN(made.node, nodes_.Add(std::move(step)));
  return made;
}

}  // namespace thalweg::sql
