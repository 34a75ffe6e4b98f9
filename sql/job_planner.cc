// SPDX-License-Identifier: Apache-2.0
#include "sql/job_planner.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "columnar/type_proto.h"
#include "fmt/format.h"
#include "sql/binder/coercion.h"
#include "sql/binder/query_binder.h"
#include "sql/explain.h"
#include "sql/rules/rules.h"

namespace thalweg::sql {

using columnar::DataType;

namespace {

constexpr Option<std::int64_t> kSinkParallelism{.key = "sink.parallelism",
                                                .default_value = 0,
                                                .min = 0,
                                                .max = 4096,
                                                .description = "Writers; 0: as what feeds them."};

/// The columns that rows are written to, in order.
std::vector<std::uint32_t> WritableColumns(const TableDefinition& table) {
  std::vector<std::uint32_t> columns;
  for (std::uint32_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].writable()) {
      columns.push_back(i);
    }
  }
  return columns;
}

/// Rules may drop renamings; what the result's columns are called is not theirs to decide.
RelPtr WithNames(RelPtr rel, std::vector<std::string> names) {
  if (NamesOf(*rel) == names) {
    return rel;
  }
  if (const auto* project = rel->As<ProjectRel>()) {
    return MakeProject(rel->input(), project->expressions, std::move(names));
  }
  return Rename(std::move(rel), std::move(names));
}

bool EndsOrdered(const Rel& rel) {
  if (const auto* sort = rel.As<SortRel>()) {
    return !sort->order.empty();
  }
  return rel.As<ProjectRel>() != nullptr && EndsOrdered(*rel.input());
}

}  // namespace

JobPlanner::JobPlanner(Environment environment,
                       const runtime::ConnectorRegistry& connectors,
                       JobSettings settings,
                       std::string folder)
    : environment_(std::move(environment)),
      connectors_(connectors),
      settings_(std::move(settings)),
      folder_(std::move(folder)),
      graph_(settings_.name),
      nodes_(graph_, settings_.reuse),
      sources_(connectors_, settings_, folder_, nodes_),
      translator_(settings_, sources_, nodes_) {}

Status JobPlanner::AddQuery(const ast::Query& query, const std::string& collect_name) {
  ASSIGN_OR_RETURN(const RelPtr rel, QueryBinder(environment_).Bind(query));
  collect_name_ = collect_name;
  targets_.push_back(
      {.rel = WithNames(Optimize(rel), NamesOf(*rel)), .name = "collect", .span = query.span});
  return OkStatus();
}

StatusOr<RelPtr> JobPlanner::AssignColumns(const ast::Insert& insert,
                                           const TableDefinition& table,
                                           RelPtr rel) const {
  const std::vector<std::uint32_t> writable = WritableColumns(table);
  // For each writable column, which column of the query.
  std::vector<std::optional<std::size_t>> from(writable.size());
  std::vector<std::uint32_t> targets = writable;
  if (!insert.columns.empty()) {
    targets.clear();
    for (const ast::Identifier& column : insert.columns) {
      const auto index = table.IndexOf(column.name);
      if (!index.has_value()) {
        std::vector<std::string> names;
        for (const TableColumn& each : table.columns) {
          names.push_back(each.name);
        }
        return environment_.Error(column.span,
                                  fmt::format("Table '{}' has no column '{}'{}",
                                              table.path.object,
                                              column.name,
                                              Suggestion(column.name, names)));
      }
      if (!table.columns[*index].writable()) {
        return environment_.Error(
            column.span,
            fmt::format("Column '{}' cannot be written: it is computed or VIRTUAL", column.name));
      }
      if (std::find(targets.begin(), targets.end(), *index) != targets.end()) {
        return environment_.Error(column.span, fmt::format("'{}' is given twice", column.name));
      }
      targets.push_back(*index);
    }
  }
  if (targets.size() != rel->columns.size()) {
    return environment_.Error(
        insert.query->span,
        fmt::format("The query gives {} columns, but {} takes {}: {}",
                    rel->columns.size(),
                    insert.columns.empty() ? "table '" + table.path.object + "'" : "the list",
                    targets.size(),
                    [&] {
                      std::string names;
                      for (const std::uint32_t target : targets) {
                        names += (names.empty() ? "" : ", ") + table.columns[target].name;
                      }
                      return names;
                    }()));
  }
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const auto place = std::find(writable.begin(), writable.end(), targets[i]);
    from[static_cast<std::size_t>(place - writable.begin())] = i;
  }
  ExprList values;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < writable.size(); ++i) {
    const TableColumn& column = table.columns[writable[i]];
    names.push_back(column.name);
    if (!from[i].has_value()) {
      if (!column.type.nullable()) {
        return environment_.Error(
            insert.table.span,
            fmt::format("Column '{}' is NOT NULL and must be given a value", column.name));
      }
      values.push_back(MakeLiteral(column.type, columnar::Datum()));
      continue;
    }
    const ExprPtr value = ColumnOf(*rel, *from[i]);
    if (!CanAssign(value->type, column.type)) {
      return environment_.Error(
          insert.query->span,
          fmt::format("Column {} of the query, '{}', is {}, which does not go into '{}' {} without "
                      "a CAST",
                      *from[i] + 1,
                      rel->columns[*from[i]].name,
                      value->type.ToString(),
                      column.name,
                      column.type.ToString()));
    }
    values.push_back(MakeCast(value, column.type.WithNullable(value->type.nullable())));
  }
  return MakeProject(std::move(rel), std::move(values), std::move(names));
}

Status JobPlanner::AddInsert(const ast::Insert& insert) {
  if (insert.overwrite) {
    return environment_.Unsupported(insert.table.span, "INSERT OVERWRITE");
  }
  if (!insert.partition.empty()) {
    return environment_.Unsupported(insert.partition[0].column.span, "INSERT INTO ... PARTITION");
  }
  if (insert.on_conflict != ast::OnConflict::kUnset) {
    return environment_.Unsupported(insert.table.span, "ON CONFLICT");
  }
  const StatusOr<ObjectPath> path =
      Catalog::Resolve(insert.table, environment_.current_catalog, environment_.current_database);
  if (!path.ok()) {
    return environment_.At(insert.table.span, path.status());
  }
  const CatalogObject object = environment_.catalog->Find(*path);
  if (!object.exists()) {
    return environment_.At(insert.table.span, environment_.catalog->NoSuchObject(*path));
  }
  if (object.table == nullptr) {
    return environment_.Error(insert.table.span,
                              fmt::format("'{}' is a view; rows go into tables", path->object));
  }
  Configuration options = object.table->options;
  for (const ast::Hint& hint : insert.hints) {
    for (const ast::HintOption& option : hint.options) {
      options.Set(option.key, option.value.value_or(""));
    }
  }
  ASSIGN_OR_RETURN(RelPtr rel, QueryBinder(environment_).Bind(*insert.query));
  ASSIGN_OR_RETURN(rel, AssignColumns(insert, *object.table, std::move(rel)));
  targets_.push_back({.rel = WithNames(Optimize(rel), NamesOf(*rel)),
                      .name = object.table->path.object,
                      .span = insert.table.span,
                      .table = object.table,
                      .options = std::move(options)});
  return OkStatus();
}

Status JobPlanner::Finish(PlannedJob* job) {
  for (const Target& target : targets_) {
    translator_.Announce(*target.rel);
  }
  job->bounded = true;
  job->batch = settings_.batch;
  for (Target& target : targets_) {
    RETURN_IF_ERROR(AddSink(&target, job));
  }
  proto::JobGraph& header = graph_.header();
  header.set_key_group_count(settings_.key_group_count);
  *header.mutable_checkpoints() = settings_.checkpoints;
  *header.mutable_restart() = settings_.restart;
  header.set_time_zone(settings_.time_zone);
  if (header.name().empty()) {
    std::string name;
    for (const Target& target : targets_) {
      name += (name.empty() ? "insert into " : ", ") + target.name;
    }
    header.set_name(targets_[0].table == nullptr ? "select" : name);
  }
  ASSIGN_OR_RETURN(job->graph, graph_.Build());
  return OkStatus();
}

Status JobPlanner::AddSink(Target* target, PlannedJob* job) {
  ASSIGN_OR_RETURN(NodeIndex input, translator_.Translate(target->rel));
  ASSIGN_OR_RETURN(input, nodes_.WithNames(input, DistinctNames(NamesOf(*target->rel))));
  job->bounded = job->bounded && nodes_.bounded(input);
  if (target->table == nullptr) {
    return AddCollect(target, input, job);
  }
  const Status status = AddTable(target, input, job);
  return environment_.At(target->span, status);
}

Status JobPlanner::AddCollect(Target* target, NodeIndex input, PlannedJob* job) {
  ASSIGN_OR_RETURN(const runtime::SinkConnector* connector, connectors_.Sink("collect"));
  runtime::TableRequest request;
  request.options.Set("result", collect_name_);
  request.schema = nodes_.node(input).schema;
  request.updating = !nodes_.insert_only(input);
  runtime::PlanNode node;
  node.step.set_name("collect");
  proto::ConnectorSpec& sink = *node.step.mutable_sink()->mutable_sink();
  sink.set_connector("collect");
  ASSIGN_OR_RETURN(*sink.mutable_spec(), connector->Plan(request));
  columnar::ToProto(*request.schema, sink.mutable_schema());
  node.inputs = {input};
  node.parallelism = nodes_.node(input).parallelism;
  job->result = request.schema;
  job->updating = request.updating;
  job->ordered = EndsOrdered(*target->rel);
  ASSIGN_OR_RETURN(target->node, nodes_.Add(std::move(node)));
  return OkStatus();
}

Status JobPlanner::AddTable(Target* target, NodeIndex input, PlannedJob* job) {
  const TableDefinition& table = *target->table;
  ASSIGN_OR_RETURN(const std::string name, ConnectorOf(table, target->options));
  ASSIGN_OR_RETURN(const runtime::SinkConnector* connector, connectors_.Sink(name));
  runtime::TableRequest request = RequestOf(table, target->options, folder_);
  std::vector<columnar::Field> fields;
  std::vector<std::uint32_t> columns = WritableColumns(table);
  for (const std::uint32_t column : columns) {
    fields.push_back({table.columns[column].name, table.columns[column].type});
  }
  request.schema = columnar::Schema::Make(std::move(fields));
  request.updating = !nodes_.insert_only(input);
  ASSIGN_OR_RETURN(const runtime::SinkTraits traits, connector->TraitsOf(request));
  runtime::PlanNode node;
  node.step.set_name(table.path.object);
  proto::SinkStep& step = *node.step.mutable_sink();
  step.mutable_sink()->set_connector(name);
  ASSIGN_OR_RETURN(*step.mutable_sink()->mutable_spec(), connector->Plan(request));
  columnar::ToProto(*request.schema, step.mutable_sink()->mutable_schema());
  step.set_drops_nulls(settings_.drops_nulls);
  for (std::uint32_t i = 0; i < columns.size(); ++i) {
    if (!request.schema->type(i).nullable() && nodes_.schema(input).type(i).nullable()) {
      step.add_enforced_not_null(i);
    }
  }
  for (const std::uint32_t key : table.key) {
    const auto place = std::find(columns.begin(), columns.end(), key);
    step.add_primary_key(static_cast<std::uint32_t>(place - columns.begin()));
  }
  ASSIGN_OR_RETURN(const std::int64_t parallelism, target->options.Get(kSinkParallelism));
  node.inputs = {input};
  node.parallelism =
      parallelism == 0 ? nodes_.node(input).parallelism : static_cast<std::uint32_t>(parallelism);
  if (!traits.distribution.empty()) {
    node.hash_on.emplace();
    for (const std::string& column : traits.distribution) {
      if (const auto index = request.schema->IndexOf(column); index.has_value()) {
        node.hash_on->push_back(static_cast<std::uint32_t>(*index));
      }
    }
  } else if (request.updating && step.primary_key_size() > 0) {
    // All changes of a key by one writer.
    node.hash_on = std::vector<std::uint32_t>(step.primary_key().begin(), step.primary_key().end());
  }
  job->targets.push_back(table.path.object);
  ASSIGN_OR_RETURN(target->node, nodes_.Add(std::move(node)));
  return OkStatus();
}

std::string JobPlanner::Explanation() const {
  std::vector<NodeIndex> sinks;
  std::string text = "== Logical Plan ==\n";
  for (const Target& target : targets_) {
    text += "Sink " + target.name + "\n";
    const std::string tree = ToText(*target.rel);
    for (std::size_t begin = 0; begin < tree.size();) {
      const std::size_t end = tree.find('\n', begin);
      text += "  " + tree.substr(begin, end - begin) + "\n";
      begin = end + 1;
    }
    sinks.push_back(target.node);
  }
  return text + "\n== Physical Plan ==\n" + ExplainNodes(graph_, sinks);
}

}  // namespace thalweg::sql
