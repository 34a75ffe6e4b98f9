// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_SQL_DESCRIBE_H_
#define THALWEG_SQL_DESCRIBE_H_

#include <string>
#include <string_view>
#include <vector>

#include "sql/catalog/table.h"
#include "sql/parser/ast.h"
#include "sql/planner.h"

// Answers about what there is.
namespace thalweg::sql {

/// A row per column: name, type, null, key, extras, watermark.
TextTable DescribeTable(const TableDefinition& table);
TextTable DescribeView(const ViewDefinition& view);

/// The statement that would create it.
std::string CreateText(const TableDefinition& table);
std::string CreateText(const ViewDefinition& view);

/// All scalar and aggregate functions, by name.
std::vector<std::string> FunctionNames();

/// One column of names, those that LIKE of the statement lets through.
TextTable ListOf(std::string_view title,
                 const std::vector<std::string>& names,
                 const ast::Show& show);

}  // namespace thalweg::sql

#endif  // THALWEG_SQL_DESCRIBE_H_
