// SPDX-License-Identifier: Apache-2.0
#include "sql/binder/scope.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "fmt/format.h"

namespace thalweg::sql {

using columnar::DataType;
using columnar::TypeKind;

Status Environment::At(SourceSpan span, const Status& status) const {
  if (status.ok()) {
    return status;
  }
  return MakeStatus(status.code(), MessageOf(ErrorAt(*source, span, MessageOf(status))));
}

Scope Scope::Of(RelPtr rel, std::string alias, std::optional<ObjectPath> path) {
  Scope scope;
  scope.tables.push_back({std::move(alias), std::move(path)});
  for (std::size_t i = 0; i < rel->columns.size(); ++i) {
    scope.columns.push_back(
        {.table = 0, .name = rel->columns[i].name, .expression = ColumnOf(*rel, i)});
  }
  scope.rel = std::move(rel);
  return scope;
}

std::string Suggestion(std::string_view word, const std::vector<std::string>& names) {
  const auto same_but_for_case = [&](const std::string& name) {
    return std::equal(
        name.begin(), name.end(), word.begin(), word.end(), [](unsigned char a, unsigned char b) {
          return std::tolower(a) == std::tolower(b);
        });
  };
  const auto found = std::find_if(names.begin(), names.end(), same_but_for_case);
  if (found != names.end()) {
    return fmt::format(". Did you mean '{}'?", *found);
  }
  const std::vector<std::string_view> views(names.begin(), names.end());
  const std::string_view near = NearestWord(word, views);
  return near.empty() ? "" : fmt::format(". Did you mean '{}'?", near);
}

StatusOr<ExprPtr> AccessField(const Environment& environment,
                              ExprPtr row,
                              const ast::Identifier& field) {
  if (row->type.kind() != TypeKind::kRow) {
    return environment.Error(
        field.span,
        fmt::format("There is no field '{}': it is asked of a {}, which is no ROW",
                    field.name,
                    row->type.ToString()));
  }
  const std::vector<columnar::Field>& fields = row->type.fields();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == field.name) {
      const DataType type =
          fields[i].type.WithNullable(fields[i].type.nullable() || row->type.nullable());
      const SourceSpan span = Cover(row->span, field.span);
      return MakeCall("FIELD",
                      {std::move(row), MakeLiteral(DataType::Int().NotNull(), columnar::Datum(i))},
                      type,
                      span);
    }
  }
  std::vector<std::string> names;
  for (const columnar::Field& each : fields) {
    names.push_back(each.name);
  }
  return environment.Error(field.span,
                           fmt::format("There is no field '{}' in {}{}",
                                       field.name,
                                       row->type.ToString(),
                                       Suggestion(field.name, names)));
}

namespace {

ExprPtr WithSpan(const ExprPtr& expression, SourceSpan span) {
  auto copy = std::make_shared<Expr>(*expression);
  copy->span = span;
  return copy;
}

/// Finds what a name's first parts mean.
class Resolver {
 public:
  Resolver(const Environment& environment, const Scope& scope, const ast::QualifiedName& name)
      : environment_(environment), scope_(scope), name_(name) {}

  StatusOr<ExprPtr> Run() {
    const auto& parts = name_.parts;
    // The longest table name first: catalog.database.table.column ... column.
    for (std::size_t prefix = std::min<std::size_t>(3, parts.size() - 1); prefix > 0; --prefix) {
      const std::optional<std::size_t> table = FindTable(prefix);
      if (!table.has_value()) {
        continue;
      }
      for (const ScopeColumn& column : scope_.columns) {
        if (column.table == table && column.name == parts[prefix].name) {
          return Fields(column.expression, prefix + 1);
        }
      }
      if (!HasColumn(parts[0].name)) {
        return NoColumn(parts[prefix], table);
      }
    }
    const ScopeColumn* found = nullptr;
    for (const ScopeColumn& column : scope_.columns) {
      if (column.name != parts[0].name || column.needs_qualifier) {
        continue;
      }
      if (found != nullptr) {
        return environment_.Error(
            name_.span,
            fmt::format("Column '{}' is ambiguous: it is in {} and in {}; write which one, such "
                        "as {}.{}",
                        parts[0].name,
                        TableName(*found),
                        TableName(column),
                        TableName(*found),
                        parts[0].name));
      }
      found = &column;
    }
    if (found != nullptr) {
      return Fields(found->expression, 1);
    }
    if (parts.size() > 1 && !FindTable(1).has_value()) {
      std::vector<std::string> names;
      for (const ScopeTable& table : scope_.tables) {
        names.push_back(table.alias);
      }
      return environment_.Error(parts[0].span,
                                fmt::format("There is no table or column '{}' here{}",
                                            parts[0].name,
                                            Suggestion(parts[0].name, names)));
    }
    return NoColumn(parts[0], std::nullopt);
  }

 private:
  bool HasColumn(const std::string& name) const {
    return std::any_of(scope_.columns.begin(), scope_.columns.end(), [&](const ScopeColumn& each) {
      return each.name == name;
    });
  }

  std::string TableName(const ScopeColumn& column) const {
    return column.table.has_value() ? scope_.tables[*column.table].alias : "the joined columns";
  }

  /// The table that the first `count` parts name.
  std::optional<std::size_t> FindTable(std::size_t count) const {
    for (std::size_t i = 0; i < scope_.tables.size(); ++i) {
      const ScopeTable& table = scope_.tables[i];
      if (name_.parts[count - 1].name != table.alias) {
        continue;
      }
      if (count == 1) {
        return i;
      }
      if (!table.path.has_value() || name_.parts[count - 2].name != table.path->database ||
          (count == 3 && name_.parts[0].name != table.path->catalog)) {
        continue;
      }
      return i;
    }
    return std::nullopt;
  }

  StatusOr<ExprPtr> Fields(const ExprPtr& column, std::size_t from) const {
    ExprPtr value = WithSpan(column, name_.span);
    for (std::size_t i = from; i < name_.parts.size(); ++i) {
      ASSIGN_OR_RETURN(value, AccessField(environment_, std::move(value), name_.parts[i]));
    }
    return WithSpan(value, name_.span);
  }

  Status NoColumn(const ast::Identifier& part, std::optional<std::size_t> table) const {
    std::vector<std::string> names;
    for (const ScopeColumn& column : scope_.columns) {
      if (!table.has_value() || column.table == table) {
        names.push_back(column.name);
      }
    }
    const std::string where =
        table.has_value() ? fmt::format(" in '{}'", scope_.tables[*table].alias) : "";
    std::string hint = Suggestion(part.name, names);
    if (hint.empty() && !names.empty()) {
      hint = fmt::format("; there are: {}", fmt::join(names, ", "));
    }
    return environment_.Error(part.span,
                              fmt::format("There is no column '{}'{}{}", part.name, where, hint));
  }

  const Environment& environment_;
  const Scope& scope_;
  const ast::QualifiedName& name_;
};

}  // namespace

StatusOr<ExprPtr> ResolveColumn(const Environment& environment,
                                const Scope& scope,
                                const ast::QualifiedName& name) {
  return Resolver(environment, scope, name).Run();
}

StatusOr<std::vector<NamedExpr>> ExpandStar(const Environment& environment,
                                            const Scope& scope,
                                            const ast::Star& star,
                                            SourceSpan span) {
  std::vector<NamedExpr> expanded;
  if (!star.qualifier.has_value()) {
    for (const ScopeColumn& column : scope.columns) {
      if (!column.needs_qualifier) {
        expanded.push_back({WithSpan(column.expression, span), column.name});
      }
    }
    return expanded;
  }
  const ast::QualifiedName& name = *star.qualifier;
  for (std::size_t i = 0; i < scope.tables.size(); ++i) {
    if (name.parts.size() == 1 && scope.tables[i].alias == name.last().name) {
      for (const ScopeColumn& column : scope.columns) {
        if (column.table == i) {
          expanded.push_back({WithSpan(column.expression, span), column.name});
        }
      }
      return expanded;
    }
  }
  // All fields of a ROW.
  ASSIGN_OR_RETURN(const ExprPtr row, ResolveColumn(environment, scope, name));
  if (row->type.kind() != TypeKind::kRow) {
    return environment.Error(name.span,
                             fmt::format("'{}' is neither a table nor a ROW, so it has no .*",
                                         environment.source->Slice(name.span)));
  }
  for (const columnar::Field& field : row->type.fields()) {
    ASSIGN_OR_RETURN(ExprPtr value,
                     AccessField(environment, row, {.name = field.name, .span = span}));
    expanded.push_back({std::move(value), field.name});
  }
  return expanded;
}

}  // namespace thalweg::sql
