// SPDX-License-Identifier: Apache-2.0
#include "sql/catalog/catalog.h"

#include <algorithm>
#include <set>
#include <utility>

#include "fmt/format.h"

namespace thalweg::sql {
namespace {

std::string Quoted(std::string_view name) {
  std::string text = "`";
  for (const char c : name) {
    text += c;
    if (c == '`') {
      text += c;
    }
  }
  return text + "`";
}

std::string DidYouMean(std::string_view word, const std::vector<std::string>& names) {
  const std::vector<std::string_view> views(names.begin(), names.end());
  const std::string_view near = NearestWord(word, views);
  if (!near.empty()) {
    return fmt::format(". Did you mean '{}'?", near);
  }
  return names.empty() ? "; there are none"
                       : fmt::format("; there are: {}", fmt::join(names, ", "));
}

}  // namespace

std::string ObjectPath::ToString() const {
  return Quoted(catalog) + "." + Quoted(database) + "." + Quoted(object);
}

std::optional<std::uint32_t> TableDefinition::IndexOf(std::string_view name) const {
  for (std::uint32_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == name) {
      return i;
    }
  }
  return std::nullopt;
}

Catalog::Catalog() : current_catalog_(kDefaultCatalog), current_database_(kDefaultDatabase) {
  catalogs_[current_catalog_][current_database_] = {};
}

StatusOr<ObjectPath> Catalog::Resolve(const ast::QualifiedName& name,
                                      const std::string& catalog,
                                      const std::string& database) {
  const auto& parts = name.parts;
  switch (parts.size()) {
    case 1:
      return ObjectPath{catalog, database, parts[0].name};
    case 2:
      return ObjectPath{catalog, parts[0].name, parts[1].name};
    case 3:
      return ObjectPath{parts[0].name, parts[1].name, parts[2].name};
    default:
      return InvalidArgument("A table is named by at most catalog, database and table");
  }
}

const Catalog::Database* Catalog::FindDatabase(const std::string& catalog,
                                               const std::string& database) const {
  const auto found = catalogs_.find(catalog);
  if (found == catalogs_.end()) {
    return nullptr;
  }
  const auto inner = found->second.find(database);
  return inner == found->second.end() ? nullptr : &inner->second;
}

CatalogObject Catalog::Find(const ObjectPath& path) const {
  const Database* database = FindDatabase(path.catalog, path.database);
  if (database == nullptr) {
    return {};
  }
  for (const auto* objects : {&database->temporary, &database->permanent}) {
    if (const auto found = objects->find(path.object); found != objects->end()) {
      return found->second;
    }
  }
  return {};
}

Status Catalog::CheckDatabase(const std::string& catalog, const std::string& database) const {
  const auto found = catalogs_.find(catalog);
  if (found == catalogs_.end()) {
    return NotFound(
        fmt::format("There is no catalog '{}'{}", catalog, DidYouMean(catalog, Catalogs())));
  }
  if (!found->second.contains(database)) {
    std::vector<std::string> names;
    for (const auto& [name, content] : found->second) {
      names.push_back(name);
    }
    return NotFound(
        fmt::format("There is no database '{}'{}", database, DidYouMean(database, names)));
  }
  return OkStatus();
}

Status Catalog::NoSuchObject(const ObjectPath& path) const {
  RETURN_IF_ERROR(CheckDatabase(path.catalog, path.database));
  return NotFound(
      fmt::format("There is no table or view '{}'{}",
                  path.object,
                  DidYouMean(path.object, ObjectsOf(path.catalog, path.database, false))));
}

StatusOr<bool> Catalog::Add(const ObjectPath& path, CatalogObject object, IfExists if_exists) {
  RETURN_IF_ERROR(CheckDatabase(path.catalog, path.database));
  Database& database = catalogs_[path.catalog][path.database];
  auto& objects = object.temporary() ? database.temporary : database.permanent;
  if (objects.contains(path.object)) {
    if (if_exists == IfExists::kIgnore) {
      return false;
    }
    if (if_exists == IfExists::kFail) {
      return AlreadyExists(
          fmt::format("{} exists already; drop it first, or write IF NOT EXISTS", path.ToString()));
    }
  }
  objects[path.object] = std::move(object);
  return true;
}

StatusOr<bool> Catalog::Add(TablePtr table, IfExists if_exists) {
  const ObjectPath path = table->path;
  return Add(path, CatalogObject{std::move(table), nullptr}, if_exists);
}

StatusOr<bool> Catalog::Add(ViewPtr view, IfExists if_exists) {
  const ObjectPath path = view->path;
  return Add(path, CatalogObject{nullptr, std::move(view)}, if_exists);
}

StatusOr<bool> Catalog::Drop(const ObjectPath& path,
                             ast::ObjectKind kind,
                             bool temporary,
                             bool if_exists) {
  const CatalogObject object = Find(path);
  const bool is_view = object.view != nullptr;
  if (!object.exists() || is_view != (kind == ast::ObjectKind::kView) ||
      (temporary && !object.temporary())) {
    if (if_exists) {
      return false;
    }
    if (object.exists() && is_view != (kind == ast::ObjectKind::kView)) {
      return InvalidArgument(fmt::format("'{}' is a {}; write DROP {}",
                                         path.object,
                                         is_view ? "view" : "table",
                                         is_view ? "VIEW" : "TABLE"));
    }
    return object.exists() ? InvalidArgument(fmt::format("'{}' is not temporary", path.object))
                           : NoSuchObject(path);
  }
  Database& database = catalogs_[path.catalog][path.database];
  (object.temporary() ? database.temporary : database.permanent).erase(path.object);
  return true;
}

Status Catalog::Rename(const ObjectPath& path, const std::string& name, ast::ObjectKind kind) {
  const CatalogObject object = Find(path);
  if (!object.exists()) {
    return NoSuchObject(path);
  }
  ObjectPath target = path;
  target.object = name;
  if (Find(target).exists()) {
    return AlreadyExists(fmt::format("{} exists already", target.ToString()));
  }
  if (object.table != nullptr) {
    auto table = std::make_shared<TableDefinition>(*object.table);
    table->path = target;
    RETURN_IF_ERROR(Add(TablePtr(std::move(table)), IfExists::kFail).status());
  } else {
    auto view = std::make_shared<ViewDefinition>(*object.view);
    view->path = target;
    RETURN_IF_ERROR(Add(ViewPtr(std::move(view)), IfExists::kFail).status());
  }
  return Drop(path, kind, false, false).status();
}

StatusOr<bool> Catalog::CreateCatalog(const std::string& name, bool if_not_exists) {
  if (catalogs_.contains(name)) {
    return if_not_exists ? StatusOr<bool>(false)
                         : AlreadyExists(fmt::format("Catalog '{}' exists already", name));
  }
  catalogs_[name][std::string(kDefaultDatabase)] = {};
  return true;
}

StatusOr<std::pair<std::string, std::string>> Catalog::DatabasePath(
    const ast::QualifiedName& name) const {
  if (name.parts.size() > 2) {
    return InvalidArgument("A database is named by at most catalog and database");
  }
  return std::pair(name.parts.size() == 2 ? name.parts[0].name : current_catalog_,
                   name.last().name);
}

StatusOr<bool> Catalog::CreateDatabase(const ast::QualifiedName& name, bool if_not_exists) {
  ASSIGN_OR_RETURN(const auto path, DatabasePath(name));
  const auto found = catalogs_.find(path.first);
  if (found == catalogs_.end()) {
    return CheckDatabase(path.first, path.second);
  }
  if (!found->second.emplace(path.second, Database()).second && !if_not_exists) {
    return AlreadyExists(fmt::format("Database '{}' exists already", path.second));
  }
  return true;
}

StatusOr<bool> Catalog::DropDatabase(const ast::QualifiedName& name, bool if_exists, bool cascade) {
  ASSIGN_OR_RETURN(const auto path, DatabasePath(name));
  const Database* database = FindDatabase(path.first, path.second);
  if (database == nullptr) {
    return if_exists ? StatusOr<bool>(false) : CheckDatabase(path.first, path.second);
  }
  if (path.first == current_catalog_ && path.second == current_database_) {
    return InvalidArgument(
        fmt::format("Database '{}' is in use; USE another one before", path.second));
  }
  if (!cascade && !(database->permanent.empty() && database->temporary.empty())) {
    return InvalidArgument(fmt::format(
        "Database '{}' is not empty; DROP DATABASE ... CASCADE drops its tables too", path.second));
  }
  catalogs_[path.first].erase(path.second);
  return true;
}

Status Catalog::UseCatalog(const std::string& name) {
  const auto found = catalogs_.find(name);
  if (found == catalogs_.end()) {
    return CheckDatabase(name, std::string(kDefaultDatabase));
  }
  current_catalog_ = name;
  current_database_ = std::string(kDefaultDatabase);
  return OkStatus();
}

Status Catalog::UseDatabase(const ast::QualifiedName& name) {
  ASSIGN_OR_RETURN(const auto path, DatabasePath(name));
  RETURN_IF_ERROR(CheckDatabase(path.first, path.second));
  current_catalog_ = path.first;
  current_database_ = path.second;
  return OkStatus();
}

std::vector<std::string> Catalog::Catalogs() const {
  std::vector<std::string> names;
  for (const auto& [name, databases] : catalogs_) {
    names.push_back(name);
  }
  return names;
}

std::vector<std::string> Catalog::Databases() const {
  std::vector<std::string> names;
  for (const auto& [name, database] : catalogs_.at(current_catalog_)) {
    names.push_back(name);
  }
  return names;
}

std::vector<std::string> Catalog::ObjectsOf(const std::string& catalog,
                                            const std::string& database,
                                            bool views_only) const {
  std::set<std::string> names;
  if (const Database* found = FindDatabase(catalog, database); found != nullptr) {
    for (const auto* objects : {&found->temporary, &found->permanent}) {
      for (const auto& [name, object] : *objects) {
        if (!views_only || object.view != nullptr) {
          names.insert(name);
        }
      }
    }
  }
  return {names.begin(), names.end()};
}

}  // namespace thalweg::sql
