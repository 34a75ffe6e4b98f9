// SPDX-License-Identifier: Apache-2.0
#include "sql/planner.h"

#include <utility>

#include "sql/binder/table_binder.h"
#include "sql/describe.h"
#include "sql/job_planner.h"

namespace thalweg::sql {
namespace {

/// What CREATE does when the name is taken.
IfExists PolicyOf(bool or_replace, bool if_not_exists) {
  return or_replace ? IfExists::kReplace : if_not_exists ? IfExists::kIgnore : IfExists::kFail;
}

Status Placed(const ast::Statement& statement, SourceSpan span, const Status& status) {
  if (status.ok()) {
    return status;
  }
  return MakeStatus(status.code(), MessageOf(ErrorAt(*statement.source, span, MessageOf(status))));
}

}  // namespace

Planner::Planner(PlannerOptions options)
    : connectors_(*options.connectors),
      initial_(options.settings),
      folder_(std::move(options.folder)),
      collect_name_(std::move(options.collect_name)),
      settings_(std::move(options.settings)) {}

Environment Planner::EnvironmentOf(const ast::Statement& statement,
                                   std::vector<std::string>* notes) const {
  Environment environment;
  environment.catalog = &catalog_;
  environment.source = statement.source;
  environment.current_catalog = catalog_.current_catalog();
  environment.current_database = catalog_.current_database();
  environment.time_zone = settings_.Get(setting::kLocalTimeZone);
  environment.notes = notes;
  return environment;
}

StatusOr<PlannedJob> Planner::Plan(const ast::Statement& statement, std::string* explanation) {
  PlannedJob job;
  ASSIGN_OR_RETURN(const JobSettings settings, ReadSettings(settings_));
  JobPlanner planner(EnvironmentOf(statement, &job.notes), connectors_, settings, folder_);
  if (const auto* query = statement.As<ast::QueryStatement>()) {
    RETURN_IF_ERROR(planner.AddQuery(*query->query, collect_name_));
  } else if (const auto* insert = statement.As<ast::Insert>()) {
    RETURN_IF_ERROR(planner.AddInsert(*insert));
  } else if (const auto* set = statement.As<ast::StatementSet>()) {
    for (const ast::StatementPtr& each : set->inserts) {
      RETURN_IF_ERROR(planner.AddInsert(*each->As<ast::Insert>()));
    }
  } else {
    return ErrorAt(
        *statement.source, statement.span, "Only a query, an INSERT or a statement set has a plan");
  }
  RETURN_IF_ERROR(planner.Finish(&job));
  job.graph.set_text(std::string(statement.source->Slice(statement.span)));
  if (explanation != nullptr) {
    *explanation = planner.Explanation();
  }
  return job;
}

StatusOr<std::string> Planner::Explain(const ast::Statement& statement) {
  std::string explanation;
  RETURN_IF_ERROR(Plan(statement, &explanation).status());
  return explanation;
}

StatusOr<Outcome> Planner::Execute(const ast::Statement& statement) {
  if (statement.As<ast::QueryStatement>() != nullptr || statement.As<ast::Insert>() != nullptr ||
      statement.As<ast::StatementSet>() != nullptr) {
    ASSIGN_OR_RETURN(PlannedJob job, Plan(statement, nullptr));
    return Outcome(std::move(job));
  }
  if (const auto* table = statement.As<ast::CreateTable>()) {
    return Create(*table, statement);
  }
  if (const auto* view = statement.As<ast::CreateView>()) {
    return Create(*view, statement);
  }
  if (const auto* catalog = statement.As<ast::CreateCatalog>()) {
    if (!catalog->options.empty()) {
      return UnsupportedAt(
          *statement.source, catalog->options[0].key_span, "A catalog with options");
    }
    RETURN_IF_ERROR(
        Placed(statement,
               catalog->name.span,
               catalog_.CreateCatalog(catalog->name.name, catalog->if_not_exists).status()));
    return Outcome(Done());
  }
  if (const auto* database = statement.As<ast::CreateDatabase>()) {
    RETURN_IF_ERROR(
        Placed(statement,
               database->name.span,
               catalog_.CreateDatabase(database->name, database->if_not_exists).status()));
    return Outcome(Done());
  }
  if (const auto* alter = statement.As<ast::Alter>()) {
    return Alter(*alter, statement);
  }
  if (const auto* drop = statement.As<ast::Drop>()) {
    return Drop(*drop, statement);
  }
  if (const auto* use = statement.As<ast::Use>()) {
    return Use(*use, statement);
  }
  if (const auto* set = statement.As<ast::Set>()) {
    return Set(*set, statement);
  }
  if (const auto* reset = statement.As<ast::Reset>()) {
    return Reset(*reset, statement);
  }
  if (const auto* describe = statement.As<ast::Describe>()) {
    return Describe(*describe, statement);
  }
  if (const auto* show = statement.As<ast::Show>()) {
    return Show(*show, statement);
  }
  if (const auto* explain = statement.As<ast::Explain>()) {
    ASSIGN_OR_RETURN(std::string text, Explain(*explain->statement));
    return Outcome(TextAnswer{std::move(text)});
  }
  if (statement.As<ast::CreateFunction>() != nullptr) {
    return UnsupportedAt(*statement.source, statement.span, "CREATE FUNCTION");
  }
  return UnsupportedAt(*statement.source, statement.span, "This statement");
}

StatusOr<Outcome> Planner::Create(const ast::CreateTable& create, const ast::Statement& statement) {
  Done done;
  const Environment environment = EnvironmentOf(statement, &done.notes);
  ASSIGN_OR_RETURN(TablePtr table, BindTable(environment, create, statement.span));
  RETURN_IF_ERROR(Placed(
      statement,
      create.name.span,
      catalog_.Add(std::move(table), PolicyOf(create.or_replace, create.if_not_exists)).status()));
  return Outcome(std::move(done));
}

StatusOr<Outcome> Planner::Create(const ast::CreateView& create, const ast::Statement& statement) {
  Done done;
  const Environment environment = EnvironmentOf(statement, &done.notes);
  ASSIGN_OR_RETURN(ViewPtr view, BindView(environment, create, statement.span));
  RETURN_IF_ERROR(Placed(
      statement,
      create.name.span,
      catalog_.Add(std::move(view), PolicyOf(create.or_replace, create.if_not_exists)).status()));
  return Outcome(std::move(done));
}

StatusOr<Outcome> Planner::Alter(const ast::Alter& alter, const ast::Statement& statement) {
  Done done;
  const Environment environment = EnvironmentOf(statement, &done.notes);
  if (alter.kind != ast::ObjectKind::kTable && alter.kind != ast::ObjectKind::kView) {
    return UnsupportedAt(*statement.source, statement.span, "ALTER of a catalog or database");
  }
  ASSIGN_OR_RETURN(const ObjectPath path, catalog_.Resolve(alter.name));
  const CatalogObject object = catalog_.Find(path);
  const bool wants_view = alter.kind == ast::ObjectKind::kView;
  if (!object.exists() || (object.view != nullptr) != wants_view) {
    if (alter.if_exists) {
      return Outcome(std::move(done));
    }
    return Placed(statement, alter.name.span, catalog_.NoSuchObject(path));
  }
  if (const auto* rename = std::get_if<ast::RenameTo>(&alter.action)) {
    RETURN_IF_ERROR(Placed(
        statement, rename->name.span, catalog_.Rename(path, rename->name.last().name, alter.kind)));
    return Outcome(std::move(done));
  }
  if (wants_view) {
    const auto* change = std::get_if<ast::ChangeQuery>(&alter.action);
    if (change == nullptr) {
      return UnsupportedAt(*statement.source, statement.span, "This change of a view");
    }
    ast::CreateView create;
    create.name = alter.name;
    create.temporary = object.view->temporary;
    create.query = change->query;
    ASSIGN_OR_RETURN(ViewPtr view, BindView(environment, create, statement.span));
    RETURN_IF_ERROR(catalog_.Add(std::move(view), IfExists::kReplace).status());
    return Outcome(std::move(done));
  }
  ASSIGN_OR_RETURN(TablePtr table, AlterTable(environment, *object.table, alter, statement.span));
  RETURN_IF_ERROR(catalog_.Add(std::move(table), IfExists::kReplace).status());
  return Outcome(std::move(done));
}

StatusOr<Outcome> Planner::Drop(const ast::Drop& drop, const ast::Statement& statement) {
  if (drop.kind == ast::ObjectKind::kDatabase) {
    RETURN_IF_ERROR(
        Placed(statement,
               drop.name.span,
               catalog_.DropDatabase(drop.name, drop.if_exists, drop.cascade).status()));
    return Outcome(Done());
  }
  if (drop.kind != ast::ObjectKind::kTable && drop.kind != ast::ObjectKind::kView) {
    return UnsupportedAt(*statement.source, statement.span, "DROP of this");
  }
  const StatusOr<ObjectPath> path = catalog_.Resolve(drop.name);
  RETURN_IF_ERROR(Placed(statement, drop.name.span, path.status()));
  RETURN_IF_ERROR(Placed(statement,
                         drop.name.span,
                         catalog_.Drop(*path, drop.kind, drop.temporary, drop.if_exists).status()));
  return Outcome(Done());
}

StatusOr<Outcome> Planner::Use(const ast::Use& use, const ast::Statement& statement) {
  const Status status =
      use.catalog ? catalog_.UseCatalog(use.name.last().name) : catalog_.UseDatabase(use.name);
  RETURN_IF_ERROR(Placed(statement, use.name.span, status));
  return Outcome(Done());
}

StatusOr<Outcome> Planner::Set(const ast::Set& set, const ast::Statement& statement) {
  if (!set.option.has_value()) {
    TextTable table{.columns = {"key", "value"}, .rows = {}};
    for (const auto& [key, value] : settings_.values().values()) {
      table.rows.push_back({key, value});
    }
    return Outcome(std::move(table));
  }
  // Tried on a copy: a value that means nothing here leaves the session as it was.
  SessionSettings changed = settings_;
  const StatusOr<std::string> note = changed.Set(set.option->key, set.option->value);
  RETURN_IF_ERROR(Placed(statement, set.option->key_span, note.status()));
  RETURN_IF_ERROR(Placed(statement, set.option->value_span, ReadSettings(changed).status()));
  settings_ = std::move(changed);
  Done done;
  if (!note->empty()) {
    done.notes.push_back(*note);
  }
  return Outcome(std::move(done));
}

StatusOr<Outcome> Planner::Reset(const ast::Reset& reset, const ast::Statement& statement) {
  if (!reset.key.has_value()) {
    settings_ = initial_;
    return Outcome(Done());
  }
  RETURN_IF_ERROR(Placed(statement, reset.key_span, settings_.Reset(*reset.key)));
  if (const auto value = initial_.values().Find(*reset.key); value.has_value()) {
    RETURN_IF_ERROR(settings_.Set(*reset.key, *value).status());
  }
  return Outcome(Done());
}

StatusOr<Outcome> Planner::Describe(const ast::Describe& describe,
                                    const ast::Statement& statement) {
  if (describe.kind != ast::ObjectKind::kTable && describe.kind != ast::ObjectKind::kView) {
    return UnsupportedAt(*statement.source, statement.span, "DESCRIBE of this");
  }
  const StatusOr<ObjectPath> path = catalog_.Resolve(describe.name);
  RETURN_IF_ERROR(Placed(statement, describe.name.span, path.status()));
  const CatalogObject object = catalog_.Find(*path);
  if (!object.exists()) {
    return Placed(statement, describe.name.span, catalog_.NoSuchObject(*path));
  }
  return Outcome(object.table != nullptr ? DescribeTable(*object.table)
                                         : DescribeView(*object.view));
}

StatusOr<Outcome> Planner::Show(const ast::Show& show, const ast::Statement& statement) {
  const auto find = [&]() -> StatusOr<CatalogObject> {
    const StatusOr<ObjectPath> path = catalog_.Resolve(*show.of);
    RETURN_IF_ERROR(Placed(statement, show.of->span, path.status()));
    CatalogObject object = catalog_.Find(*path);
    if (!object.exists()) {
      return Placed(statement, show.of->span, catalog_.NoSuchObject(*path));
    }
    return object;
  };
  switch (show.kind) {
    case ast::ShowKind::kCatalogs:
      return Outcome(ListOf("catalog name", catalog_.Catalogs(), show));
    case ast::ShowKind::kCurrentCatalog:
      return Outcome(ListOf("current catalog name", {catalog_.current_catalog()}, show));
    case ast::ShowKind::kDatabases:
      return Outcome(ListOf("database name", catalog_.Databases(), show));
    case ast::ShowKind::kCurrentDatabase:
      return Outcome(ListOf("current database name", {catalog_.current_database()}, show));
    case ast::ShowKind::kTables:
    case ast::ShowKind::kViews: {
      const bool views = show.kind == ast::ShowKind::kViews;
      std::string catalog = catalog_.current_catalog();
      std::string database = catalog_.current_database();
      if (show.of.has_value()) {
        database = show.of->last().name;
        catalog = show.of->parts.size() > 1 ? show.of->parts[0].name : catalog;
        RETURN_IF_ERROR(
            Placed(statement, show.of->span, catalog_.CheckDatabase(catalog, database)));
      }
      return Outcome(ListOf(
          views ? "view name" : "table name", catalog_.ObjectsOf(catalog, database, views), show));
    }
    case ast::ShowKind::kFunctions:
      return Outcome(ListOf("function name", FunctionNames(), show));
    case ast::ShowKind::kUserFunctions:
      return Outcome(ListOf("function name", {}, show));
    case ast::ShowKind::kColumns: {
      ASSIGN_OR_RETURN(const CatalogObject object, find());
      return Outcome(object.table != nullptr ? DescribeTable(*object.table)
                                             : DescribeView(*object.view));
    }
    case ast::ShowKind::kCreateTable:
    case ast::ShowKind::kCreateView: {
      ASSIGN_OR_RETURN(const CatalogObject object, find());
      const bool wants_view = show.kind == ast::ShowKind::kCreateView;
      if (wants_view != (object.view != nullptr)) {
        return ErrorAt(*statement.source,
                       show.of->span,
                       wants_view ? "This is a table; write SHOW CREATE TABLE"
                                  : "This is a view; write SHOW CREATE VIEW");
      }
      return Outcome(TextAnswer{wants_view ? CreateText(*object.view) : CreateText(*object.table)});
    }
    default:
      return UnsupportedAt(*statement.source, statement.span, "This kind of SHOW");
  }
}

}  // namespace thalweg::sql
