// SPDX-License-Identifier: Apache-2.0
//
// What a catalog holds: tables of the outside world and views.
#ifndef THALWEG_SQL_CATALOG_TABLE_H_
#define THALWEG_SQL_CATALOG_TABLE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "columnar/type.h"
#include "sql/expression/expression.h"
#include "sql/parser/ast.h"

namespace thalweg::sql {

/// `catalog`.`database`.`object`.
struct ObjectPath {
  std::string catalog;
  std::string database;
  std::string object;

  std::string ToString() const;  // In backquotes.
  friend auto operator<=>(const ObjectPath&, const ObjectPath&) = default;
};

struct TableColumn {
  std::string name;
  columnar::DataType type;
  ast::ColumnKind kind = ast::ColumnKind::kPhysical;
  std::string metadata_key = {};  // Of a metadata column.
  bool is_virtual = false;        // A metadata column that cannot be written.
  ExprPtr expression = {};        // Of a computed column, over all columns of the table.
  std::string text = {};          // The same as written.
  std::string comment = {};

  bool writable() const {
    return kind == ast::ColumnKind::kPhysical ||
           (kind == ast::ColumnKind::kMetadata && !is_virtual);
  }
};

struct Watermark {
  std::uint32_t column = 0;
  ExprPtr expression;  // Over all columns of the table.
  std::string text;
};

/// A table of the outside world. Immutable once in the catalog.
struct TableDefinition {
  ObjectPath path;
  bool temporary = false;
  std::vector<TableColumn> columns;
  std::optional<Watermark> watermark;
  std::string key_name;            // Of the constraint; empty: unnamed.
  std::vector<std::uint32_t> key;  // PRIMARY KEY; empty: none.
  std::vector<std::string> partitioned_by;
  Configuration options;
  std::string comment;

  std::optional<std::uint32_t> IndexOf(std::string_view name) const;
};
using TablePtr = std::shared_ptr<const TableDefinition>;

/// A named query. It is planned anew wherever it is used.
struct ViewDefinition {
  ObjectPath path;
  bool temporary = false;
  ast::QueryPtr query;
  SourcePtr source;  // That `query` was parsed from.
  // Where names in `query` begin.
  std::string catalog;
  std::string database;
  std::vector<columnar::Field> columns;
  std::string comment;

  std::string_view text() const { return source->Slice(query->span); }
};
using ViewPtr = std::shared_ptr<const ViewDefinition>;

}  // namespace thalweg::sql

#endif  // THALWEG_SQL_CATALOG_TABLE_H_
