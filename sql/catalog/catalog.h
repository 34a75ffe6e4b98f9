// SPDX-License-Identifier: Apache-2.0
//
// The names that a session knows: catalogs of databases of tables and views. Temporary objects
// stand before permanent ones of the same name.
#ifndef THALWEG_SQL_CATALOG_CATALOG_H_
#define THALWEG_SQL_CATALOG_CATALOG_H_

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/status.h"
#include "sql/catalog/table.h"
#include "sql/parser/ast.h"

namespace thalweg::sql {

inline constexpr std::string_view kDefaultCatalog = "default_catalog";
inline constexpr std::string_view kDefaultDatabase = "default_database";

/// Either of them is not null.
struct CatalogObject {
  TablePtr table;
  ViewPtr view;

  bool exists() const { return table != nullptr || view != nullptr; }
  bool temporary() const { return table != nullptr ? table->temporary : view->temporary; }
};

/// What CREATE does when the name is taken.
enum class IfExists { kFail, kIgnore, kReplace };

/// Not thread-safe. All Status results are without a place; the caller knows it.
class Catalog {
 public:
  /// Has default_catalog.default_database and uses it.
  Catalog();

  const std::string& current_catalog() const { return current_catalog_; }
  const std::string& current_database() const { return current_database_; }

  /// Completes a name of one to three parts from the given catalog and database.
  static StatusOr<ObjectPath> Resolve(const ast::QualifiedName& name,
                                      const std::string& catalog,
                                      const std::string& database);
  StatusOr<ObjectPath> Resolve(const ast::QualifiedName& name) const {
    return Resolve(name, current_catalog_, current_database_);
  }

  /// Empty when there is none of that name.
  CatalogObject Find(const ObjectPath& path) const;
  /// "There is no table or view `a`.`b`.`c`", with the nearest name and the database's tables.
  Status NoSuchObject(const ObjectPath& path) const;

  Status CheckDatabase(const std::string& catalog, const std::string& database) const;
  /// kAlreadyExists, unless `if_exists` says otherwise. False: it was there and is left alone.
  StatusOr<bool> Add(TablePtr table, IfExists if_exists);
  StatusOr<bool> Add(ViewPtr view, IfExists if_exists);
  /// False: there is none, which is no mistake with `if_exists`.
  StatusOr<bool> Drop(const ObjectPath& path, ast::ObjectKind kind, bool temporary, bool if_exists);
  /// Puts an object back under another name of the same database.
  Status Rename(const ObjectPath& path, const std::string& name, ast::ObjectKind kind);

  StatusOr<bool> CreateCatalog(const std::string& name, bool if_not_exists);
  StatusOr<bool> CreateDatabase(const ast::QualifiedName& name, bool if_not_exists);
  StatusOr<bool> DropDatabase(const ast::QualifiedName& name, bool if_exists, bool cascade);
  Status UseCatalog(const std::string& name);
  Status UseDatabase(const ast::QualifiedName& name);

  std::vector<std::string> Catalogs() const;
  std::vector<std::string> Databases() const;
  /// Of one database, by name; tables and views, or views alone.
  std::vector<std::string> ObjectsOf(const std::string& catalog,
                                     const std::string& database,
                                     bool views_only) const;

 private:
  struct Database {
    std::map<std::string, CatalogObject> permanent;
    std::map<std::string, CatalogObject> temporary;
  };

  StatusOr<bool> Add(const ObjectPath& path, CatalogObject object, IfExists if_exists);
  const Database* FindDatabase(const std::string& catalog, const std::string& database) const;
  StatusOr<std::pair<std::string, std::string>> DatabasePath(const ast::QualifiedName& name) const;

  std::map<std::string, std::map<std::string, Database>> catalogs_;
  std::string current_catalog_;
  std::string current_database_;
};

}  // namespace thalweg::sql

#endif  // THALWEG_SQL_CATALOG_CATALOG_H_
