// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_SQL_BINDER_TABLE_BINDER_H_
#define THALWEG_SQL_BINDER_TABLE_BINDER_H_

#include "base/status.h"
#include "sql/binder/scope.h"
#include "sql/catalog/table.h"
#include "sql/parser/ast.h"

namespace thalweg::sql {

/// The table that CREATE TABLE declares, LIKE included: types, computed columns, watermark and key
/// checked. Its connector is not asked. Errors have a place.
StatusOr<TablePtr> BindTable(const Environment& environment,
                             const ast::CreateTable& create,
                             SourceSpan span);

/// The table that ALTER TABLE makes of another.
StatusOr<TablePtr> AlterTable(const Environment& environment,
                              const TableDefinition& table,
                              const ast::Alter& alter,
                              SourceSpan span);

/// The view that CREATE VIEW declares, its query bound once to see that it can be.
StatusOr<ViewPtr> BindView(const Environment& environment,
                           const ast::CreateView& create,
                           SourceSpan span);

}  // namespace thalweg::sql

#endif  // THALWEG_SQL_BINDER_TABLE_BINDER_H_
