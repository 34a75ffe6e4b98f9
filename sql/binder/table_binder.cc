// SPDX-License-Identifier: Apache-2.0
#include "sql/binder/table_binder.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "fmt/format.h"
#include "sql/binder/expression_binder.h"
#include "sql/binder/query_binder.h"

namespace thalweg::sql {

using ast::ColumnKind;
using ast::LikeFeature;
using ast::LikeMerge;
using columnar::DataType;

namespace {

/// How LIKE treats each part of the other table.
class LikeRules {
 public:
  explicit LikeRules(const std::vector<ast::LikeOption>& options) {
    for (const LikeFeature feature : {LikeFeature::kConstraints,
                                      LikeFeature::kDistribution,
                                      LikeFeature::kPartitions,
                                      LikeFeature::kGenerated,
                                      LikeFeature::kMetadata,
                                      LikeFeature::kWatermarks}) {
      rules_[feature] = LikeMerge::kIncluding;
    }
    rules_[LikeFeature::kOptions] = LikeMerge::kOverwriting;
    for (const ast::LikeOption& option : options) {
      if (option.feature == LikeFeature::kAll) {
        for (auto& [feature, merge] : rules_) {
          merge = option.merge;
        }
      }
    }
    for (const ast::LikeOption& option : options) {
      if (option.feature != LikeFeature::kAll) {
        rules_[option.feature] = option.merge;
      }
    }
  }

  bool Includes(LikeFeature feature) const { return rules_.at(feature) != LikeMerge::kExcluding; }
  bool Overwrites(LikeFeature feature) const {
    return rules_.at(feature) == LikeMerge::kOverwriting;
  }

 private:
  std::map<LikeFeature, LikeMerge> rules_;
};

/// Adds what a statement declares to a table that may have something already.
class TableMaker {
 public:
  TableMaker(const Environment& environment, TableDefinition table, SourceSpan span)
      : environment_(environment), table_(std::move(table)), span_(span) {}

  TableDefinition& table() { return table_; }

  Status Like(const ast::LikeClause& like) {
    const StatusOr<ObjectPath> path =
        Catalog::Resolve(like.table, environment_.current_catalog, environment_.current_database);
    if (!path.ok()) {
      return environment_.At(like.table.span, path.status());
    }
    const CatalogObject object = environment_.catalog->Find(*path);
    if (object.table == nullptr) {
      return object.exists()
                 ? environment_.Error(like.table.span, "LIKE takes a table, and this is a view")
                 : environment_.At(like.table.span, environment_.catalog->NoSuchObject(*path));
    }
    const TableDefinition& other = *object.table;
    const LikeRules rules(like.options);
    std::vector<std::optional<std::uint32_t>> place(other.columns.size());
    std::vector<TableColumn> computed;
    for (std::size_t i = 0; i < other.columns.size(); ++i) {
      const TableColumn& column = other.columns[i];
      if ((column.kind == ColumnKind::kComputed && !rules.Includes(LikeFeature::kGenerated)) ||
          (column.kind == ColumnKind::kMetadata && !rules.Includes(LikeFeature::kMetadata))) {
        continue;
      }
      place[i] = static_cast<std::uint32_t>(table_.columns.size());
      table_.columns.push_back(column);
    }
    for (TableColumn& column : table_.columns) {
      if (column.expression != nullptr) {
        ASSIGN_OR_RETURN(column.expression, Moved(column.expression, place, column.name));
      }
    }
    if (rules.Includes(LikeFeature::kConstraints)) {
      table_.key_name = other.key_name;
      for (const std::uint32_t key : other.key) {
        table_.key.push_back(*place[key]);
      }
    }
    if (rules.Includes(LikeFeature::kWatermarks) && other.watermark.has_value()) {
      Watermark watermark = *other.watermark;
      if (!place[watermark.column].has_value()) {
        return environment_.Error(
            like.table.span, "The watermark's column is excluded; write EXCLUDING WATERMARKS too");
      }
      watermark.column = *place[watermark.column];
      ASSIGN_OR_RETURN(watermark.expression, Moved(watermark.expression, place, "the watermark"));
      table_.watermark = std::move(watermark);
    }
    if (rules.Includes(LikeFeature::kPartitions)) {
      table_.partitioned_by = other.partitioned_by;
    }
    if (rules.Includes(LikeFeature::kOptions)) {
      table_.options = other.options;
    }
    options_overwrite_ = rules.Overwrites(LikeFeature::kOptions);
    columns_overwrite_ = rules.Overwrites(LikeFeature::kGenerated);
    watermark_overwrites_ = rules.Overwrites(LikeFeature::kWatermarks);
    liked_ = true;
    return OkStatus();
  }

  Status AddColumns(const std::vector<ast::ColumnDefinition>& columns, bool modify) {
    // Physical ones first: computed ones may name any of them.
    for (const ast::ColumnDefinition& definition : columns) {
      TableColumn column{.name = definition.name.name,
                         .type = definition.type.value_or(DataType::Int()),
                         .kind = definition.kind};
      column.comment = definition.comment.value_or("");
      if (definition.kind == ColumnKind::kNameOnly) {
        return environment_.Error(definition.span, "This column needs a type");
      }
      if (definition.kind == ColumnKind::kMetadata) {
        column.metadata_key = definition.metadata_key.value_or(column.name);
        column.is_virtual = definition.is_virtual;
      }
      const auto existing = table_.IndexOf(column.name);
      if (existing.has_value() != modify && !(existing.has_value() && columns_overwrite_ &&
                                              definition.kind == ColumnKind::kComputed)) {
        return environment_.Error(
            definition.name.span,
            existing.has_value() ? fmt::format("Column '{}' is there already", column.name)
                                 : fmt::format("There is no column '{}' to modify", column.name));
      }
      if (existing.has_value()) {
        table_.columns[*existing] = std::move(column);
      } else {
        table_.columns.push_back(std::move(column));
      }
    }
    for (const ast::ColumnDefinition& definition : columns) {
      if (definition.kind == ColumnKind::kComputed) {
        RETURN_IF_ERROR(BindComputed(definition));
      }
    }
    return OkStatus();
  }

  Status SetWatermark(const ast::WatermarkDefinition& definition) {
    if (table_.watermark.has_value() && liked_ && !watermark_overwrites_) {
      return environment_.Error(definition.span,
                                "The table of LIKE has a watermark; write OVERWRITING WATERMARKS "
                                "or EXCLUDING WATERMARKS");
    }
    if (definition.column.parts.size() != 1) {
      return environment_.Unsupported(
          definition.column.span,
          "A watermark for a field of a ROW (make it a computed column first)");
    }
    const Scope scope = AllColumns();
    ASSIGN_OR_RETURN(const ExprPtr column, ResolveColumn(environment_, scope, definition.column));
    if (!column->type.IsTimestamp() || column->type.precision() > 3) {
      return environment_.Error(
          definition.column.span,
          fmt::format("A watermark is for a TIMESTAMP(3) or TIMESTAMP_LTZ(3), and '{}' is {}",
                      definition.column.last().name,
                      column->type.ToString()));
    }
    ExpressionBinder binder(environment_, scope, "a watermark");
    ASSIGN_OR_RETURN(ExprPtr expression, binder.Bind(definition.expression));
    if (expression->type.kind() != column->type.kind()) {
      return environment_.Error(definition.expression->span,
                                fmt::format("The watermark must be {} as its column, not {}",
                                            column->type.Nullable().ToString(),
                                            expression->type.Nullable().ToString()));
    }
    table_.watermark =
        Watermark{.column = column->column,
                  .expression = std::move(expression),
                  .text = std::string(environment_.source->Slice(definition.expression->span))};
    return OkStatus();
  }

  Status SetKey(const ast::PrimaryKey& key) {
    if (!table_.key.empty()) {
      return environment_.Error(key.span, "The table has a PRIMARY KEY already");
    }
    if (key.enforced) {
      return environment_.Error(
          key.span, "Nobody enforces a PRIMARY KEY here: write PRIMARY KEY (...) NOT ENFORCED");
    }
    table_.key_name = key.name.has_value() ? key.name->name : "";
    for (const ast::Identifier& column : key.columns) {
      const auto index = table_.IndexOf(column.name);
      if (!index.has_value()) {
        return environment_.Error(
            column.span,
            fmt::format(
                "There is no column '{}'{}", column.name, Suggestion(column.name, Names())));
      }
      if (table_.columns[*index].kind != ColumnKind::kPhysical) {
        return environment_.Error(column.span, "A PRIMARY KEY is made of physical columns");
      }
      if (std::find(table_.key.begin(), table_.key.end(), *index) != table_.key.end()) {
        return environment_.Error(column.span,
                                  fmt::format("'{}' is twice in the key", column.name));
      }
      table_.key.push_back(*index);
      table_.columns[*index].type = table_.columns[*index].type.NotNull();
    }
    return OkStatus();
  }

  Status SetPartitions(const std::vector<ast::Identifier>& columns) {
    if (columns.empty()) {
      return OkStatus();
    }
    table_.partitioned_by.clear();
    for (const ast::Identifier& column : columns) {
      const auto index = table_.IndexOf(column.name);
      if (!index.has_value()) {
        return environment_.Error(
            column.span,
            fmt::format(
                "There is no column '{}'{}", column.name, Suggestion(column.name, Names())));
      }
      table_.partitioned_by.push_back(column.name);
    }
    return OkStatus();
  }

  Status SetOptions(const std::vector<ast::TableOption>& options) {
    for (const ast::TableOption& option : options) {
      if (liked_ && !options_overwrite_ && table_.options.Find(option.key).has_value()) {
        return environment_.Error(
            option.key_span,
            fmt::format("The table of LIKE has the option '{}'; write OVERWRITING OPTIONS",
                        option.key));
      }
      table_.options.Set(option.key, option.value);
    }
    return OkStatus();
  }

  Status Finish() {
    std::set<std::string> names;
    bool physical = false;
    for (const TableColumn& column : table_.columns) {
      physical |= column.kind != ColumnKind::kComputed;
      if (!names.insert(column.name).second) {
        return environment_.Error(span_, fmt::format("Column '{}' is there twice", column.name));
      }
    }
    if (!physical) {
      return environment_.Error(span_, "A table needs a column that is not computed");
    }
    return OkStatus();
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const TableColumn& column : table_.columns) {
      names.push_back(column.name);
    }
    return names;
  }

 private:
  /// All columns, computed ones too.
  Scope AllColumns() const {
    Scope scope;
    scope.tables.push_back({.alias = table_.path.object, .path = table_.path});
    for (std::uint32_t i = 0; i < table_.columns.size(); ++i) {
      scope.columns.push_back({.table = 0,
                               .name = table_.columns[i].name,
                               .expression = MakeColumn(i, table_.columns[i].type)});
    }
    return scope;
  }

  Status BindComputed(const ast::ColumnDefinition& definition) {
    Scope scope = AllColumns();
    std::erase_if(scope.columns, [&](const ScopeColumn& column) {
      return table_.columns[column.expression->column].kind == ColumnKind::kComputed;
    });
    ExpressionBinder binder(environment_, scope, "a computed column");
    ASSIGN_OR_RETURN(ExprPtr expression, binder.Bind(definition.expression));
    if (expression->is_untyped_null()) {
      return environment_.Error(definition.expression->span, "NULL needs a type here: CAST it");
    }
    TableColumn& column = table_.columns[*table_.IndexOf(definition.name.name)];
    column.type = expression->type;
    column.text = std::string(environment_.source->Slice(definition.expression->span));
    column.expression = std::move(expression);
    return OkStatus();
  }

  /// An expression of another table over the columns of this one.
  StatusOr<ExprPtr> Moved(const ExprPtr& expression,
                          const std::vector<std::optional<std::uint32_t>>& place,
                          const std::string& name) const {
    bool lost = false;
    ExprPtr moved = Rewrite(expression, [&](const Expr& column) -> ExprPtr {
      if (column.column >= place.size() || !place[column.column].has_value()) {
        lost = true;
        return nullptr;
      }
      return MakeColumn(*place[column.column], column.type, column.span);
    });
    if (lost) {
      return environment_.Error(
          span_, fmt::format("{} is computed from a column that LIKE excludes", name));
    }
    return moved;
  }

  const Environment& environment_;
  TableDefinition table_;
  const SourceSpan span_;
  bool liked_ = false;
  bool options_overwrite_ = true;
  bool columns_overwrite_ = false;
  bool watermark_overwrites_ = true;
};

}  // namespace

StatusOr<TablePtr> BindTable(const Environment& environment,
                             const ast::CreateTable& create,
                             SourceSpan span) {
  if (create.as_query != nullptr) {
    return environment.Unsupported(create.as_query->span, "CREATE TABLE ... AS");
  }
  if (create.distribution.has_value()) {
    return environment.Unsupported(create.distribution->span, "DISTRIBUTED");
  }
  TableDefinition table;
  const StatusOr<ObjectPath> path =
      Catalog::Resolve(create.name, environment.current_catalog, environment.current_database);
  if (!path.ok()) {
    return environment.At(create.name.span, path.status());
  }
  table.path = *path;
  table.temporary = create.temporary;
  table.comment = create.comment.value_or("");
  TableMaker maker(environment, std::move(table), span);
  if (create.like.has_value()) {
    RETURN_IF_ERROR(maker.Like(*create.like));
  }
  RETURN_IF_ERROR(maker.AddColumns(create.columns, false));
  if (create.primary_key.has_value()) {
    if (create.like.has_value()) {
      maker.table().key.clear();
    }
    RETURN_IF_ERROR(maker.SetKey(*create.primary_key));
  }
  if (create.watermark.has_value()) {
    RETURN_IF_ERROR(maker.SetWatermark(*create.watermark));
  }
  RETURN_IF_ERROR(maker.SetPartitions(create.partitioned_by));
  RETURN_IF_ERROR(maker.SetOptions(create.options));
  RETURN_IF_ERROR(maker.Finish());
  return std::make_shared<const TableDefinition>(std::move(maker.table()));
}

StatusOr<TablePtr> AlterTable(const Environment& environment,
                              const TableDefinition& table,
                              const ast::Alter& alter,
                              SourceSpan span) {
  TableMaker maker(environment, table, span);
  if (const auto* set = std::get_if<ast::SetOptions>(&alter.action)) {
    RETURN_IF_ERROR(maker.SetOptions(set->options));
  } else if (const auto* reset = std::get_if<ast::ResetOptions>(&alter.action)) {
    Configuration::Map values = table.options.values();
    for (const std::string& key : reset->keys) {
      values.erase(key);
    }
    maker.table().options = Configuration(std::move(values));
  } else if (const auto* change = std::get_if<ast::ChangeColumns>(&alter.action)) {
    RETURN_IF_ERROR(maker.AddColumns(change->columns, change->modify));
    if (change->primary_key.has_value()) {
      if (change->modify) {
        maker.table().key.clear();
      }
      RETURN_IF_ERROR(maker.SetKey(*change->primary_key));
    }
    if (change->watermark.has_value()) {
      RETURN_IF_ERROR(maker.SetWatermark(*change->watermark));
    }
  } else {
    return environment.Unsupported(span, "This change of a table");
  }
  RETURN_IF_ERROR(maker.Finish());
  return std::make_shared<const TableDefinition>(std::move(maker.table()));
}

StatusOr<ViewPtr> BindView(const Environment& environment,
                           const ast::CreateView& create,
                           SourceSpan span) {
  const StatusOr<ObjectPath> path =
      Catalog::Resolve(create.name, environment.current_catalog, environment.current_database);
  if (!path.ok()) {
    return environment.At(create.name.span, path.status());
  }
  Environment inner = environment;
  inner.open_views.push_back(*path);
  ASSIGN_OR_RETURN(const RelPtr rel, QueryBinder(std::move(inner)).Bind(*create.query));
  if (!create.columns.empty() && create.columns.size() != rel->columns.size()) {
    return environment.Error(span,
                             fmt::format("The view has {} column names, but its query gives {}",
                                         create.columns.size(),
                                         rel->columns.size()));
  }
  auto view = std::make_shared<ViewDefinition>();
  view->path = *path;
  view->temporary = create.temporary;
  view->query = create.query;
  view->source = environment.source;
  view->catalog = environment.current_catalog;
  view->database = environment.current_database;
  view->comment = create.comment.value_or("");
  for (std::size_t i = 0; i < rel->columns.size(); ++i) {
    const std::string& name =
        create.columns.empty() ? rel->columns[i].name : create.columns[i].name.name;
    view->columns.push_back({name, rel->columns[i].type});
  }
  return ViewPtr(std::move(view));
}

}  // namespace thalweg::sql
