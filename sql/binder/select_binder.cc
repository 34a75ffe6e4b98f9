// SPDX-License-Identifier: Apache-2.0
//
// SELECT, in the order in which its clauses take effect: FROM, WHERE, GROUP BY with the aggregates,
// HAVING, ROW_NUMBER, QUALIFY, the list, DISTINCT, ORDER BY.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/config.h"
#include "fmt/format.h"
#include "sql/binder/coercion.h"
#include "sql/binder/expression_binder.h"
#include "sql/binder/query_binder.h"

namespace thalweg::sql {

using columnar::DataType;

class SelectBinder {
 public:
  using Ordered = QueryBinder::Ordered;

  SelectBinder(QueryBinder& queries,
               const ast::Select& select,
               const std::vector<ast::OrderItem>& order_by)
      : queries_(queries),
        environment_(queries.environment_),
        select_(select),
        order_items_(order_by) {}

  StatusOr<Ordered> Run() {
    RETURN_IF_ERROR(ReadHints());
    RETURN_IF_ERROR(BindInput());
    if (!select_.windows.empty()) {
      return environment_.Unsupported(select_.windows[0].name.span, "WINDOW");
    }
    RETURN_IF_ERROR(BindGroups());
    RETURN_IF_ERROR(BindItems());
    RETURN_IF_ERROR(BindConditions());
    RETURN_IF_ERROR(BindOrder());
    if (grouped()) {
      RETURN_IF_ERROR(Aggregate());
    }
    rel_ = MakeFilter(std::move(rel_), having_);
    RETURN_IF_ERROR(NumberRows());
    return Finish();
  }

 private:
  struct Item {
    ExprPtr value;
    std::string name;
  };
  struct Order {
    std::optional<std::size_t> item;  // Index into items_.
    ExprPtr value;                    // Where it is none of them.
    OrderKey key;
  };

  bool grouped() const {
    return !select_.group_by.empty() || !uses_.aggregates.empty() || having_ != nullptr;
  }

  Status ReadHints() {
    for (const ast::Hint& hint : select_.hints) {
      std::string name = hint.name.name;
      std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
        return static_cast<char>(std::toupper(c));
      });
      if (name != "STATE_TTL") {
        environment_.notes->push_back(
            fmt::format("The hint {} has no meaning here and is left alone", hint.name.name));
        continue;
      }
      for (const ast::HintOption& option : hint.options) {
        if (!option.value.has_value()) {
          return environment_.Error(option.span,
                                    "STATE_TTL takes 'table' = 'time', such as "
                                    "STATE_TTL('orders' = '1 d')");
        }
        const StatusOr<Milliseconds> time = ParseDuration(*option.value);
        if (!time.ok()) {
          return environment_.At(option.span, time.status());
        }
        ttl_[option.key] = time->count();
      }
    }
    return OkStatus();
  }

  Status BindInput() {
    if (select_.from == nullptr) {
      scope_.rel = MakeSingleRow();
    } else {
      ASSIGN_OR_RETURN(scope_, queries_.BindFrom(*select_.from, ttl_));
    }
    rel_ = scope_.rel;
    if (select_.where != nullptr) {
      ASSIGN_OR_RETURN(rel_, queries_.BindWhere(scope_, *select_.where));
    }
    return OkStatus();
  }

  // ---- GROUP BY

  Status BindGroups() {
    for (const ast::GroupingElement& element : select_.group_by) {
      if (element.kind != ast::GroupingElement::Kind::kExpressions) {
        return environment_.Unsupported(element.span, "GROUPING SETS, ROLLUP and CUBE");
      }
      for (const ast::ExpressionPtr& expression : element.expressions) {
        RETURN_IF_ERROR(BindGroup(expression));
      }
    }
    return OkStatus();
  }

  Status BindGroup(const ast::ExpressionPtr& expression) {
    if (const auto* call = expression->As<ast::Call>(); call != nullptr) {
      const std::string name = FunctionName(call->function);
      if (name == "TUMBLE" || name == "HOP" || name == "SESSION") {
        return BindGroupWindow(name, *call, expression->span);
      }
    }
    ExpressionBinder binder(environment_, scope_, "GROUP BY");
    // The number of an item of the list, or its alias where no column has that name.
    if (const auto* number = expression->As<ast::NumberLiteral>(); number != nullptr) {
      const StatusOr<std::int64_t> ordinal = ParseInteger(number->text);
      if (!ordinal.ok() || *ordinal < 1 ||
          *ordinal > static_cast<std::int64_t>(select_.items.size()) ||
          select_.items[static_cast<std::size_t>(*ordinal - 1)].expression->As<ast::Star>()) {
        return environment_.Error(expression->span,
                                  fmt::format("GROUP BY {}: the list has items 1 to {}, and it "
                                              "must be no '*'",
                                              number->text,
                                              select_.items.size()));
      }
      return AddGroup(
          binder.Bind(select_.items[static_cast<std::size_t>(*ordinal - 1)].expression));
    }
    StatusOr<ExprPtr> bound = binder.Bind(expression);
    if (!bound.ok()) {
      if (const auto* column = expression->As<ast::ColumnName>();
          column != nullptr && column->name.parts.size() == 1) {
        for (const ast::SelectItem& item : select_.items) {
          if (item.alias.has_value() && item.alias->name == column->name.last().name) {
            return AddGroup(binder.Bind(item.expression));
          }
        }
      }
    }
    return AddGroup(std::move(bound));
  }

  Status AddGroup(StatusOr<ExprPtr> bound) {
    RETURN_IF_ERROR(bound.status());
    if ((*bound)->is_untyped_null()) {
      *bound = MakeLiteral(DataType::String(), columnar::Datum(), (*bound)->span);
    }
    groups_.push_back(*std::move(bound));
    return OkStatus();
  }

  /// GROUP BY TUMBLE(time, size): the window columns are added to the input.
  Status BindGroupWindow(const std::string& name, const ast::Call& call, SourceSpan span) {
    if (name == "SESSION") {
      return environment_.Unsupported(span, "A session window");
    }
    if (!group_window_.empty()) {
      return environment_.Error(span, "GROUP BY takes one window");
    }
    const std::size_t count = name == "TUMBLE" ? 2 : 3;
    if (call.arguments.size() != count) {
      return environment_.Error(span,
                                name == "TUMBLE" ? "TUMBLE takes a time column and a size"
                                                 : "HOP takes a time column, a slide and a size");
    }
    ASSIGN_OR_RETURN(group_window_, GroupWindowDigest(environment_, scope_, name, call));
    ExpressionBinder binder(environment_, scope_, "GROUP BY");
    ASSIGN_OR_RETURN(const ExprPtr time, binder.Bind(call.arguments[0].value));
    if (!time->is_column()) {
      return environment_.Error(call.arguments[0].value->span,
                                "A window needs a time column, not an expression");
    }
    proto::WindowSpec spec;
    spec.set_kind(name == "TUMBLE" ? proto::WINDOW_TUMBLE : proto::WINDOW_HOP);
    ASSIGN_OR_RETURN(const ExprPtr size, binder.Bind(call.arguments[count - 1].value));
    ASSIGN_OR_RETURN(const std::int64_t size_millis,
                     IntervalMillis(environment_, *size, size->span, false));
    spec.set_size_millis(size_millis);
    if (name == "HOP") {
      ASSIGN_OR_RETURN(const ExprPtr slide, binder.Bind(call.arguments[1].value));
      ASSIGN_OR_RETURN(const std::int64_t slide_millis,
                       IntervalMillis(environment_, *slide, slide->span, false));
      spec.set_slide_millis(slide_millis);
    }
    const std::size_t width = rel_->columns.size();
    ASSIGN_OR_RETURN(rel_, AddWindows(environment_, rel_, name, time->column, spec, span));
    for (std::size_t i = 0; i < 3; ++i) {
      window_columns_.push_back(ColumnOf(*rel_, width + i, span));
      groups_.push_back(window_columns_.back());
    }
    return OkStatus();
  }

  // ---- The list, HAVING, QUALIFY, ORDER BY

  Status BindItems() {
    ExpressionBinder binder(environment_, scope_, "SELECT", &uses_);
    for (const ast::SelectItem& item : select_.items) {
      if (const auto* star = item.expression->As<ast::Star>()) {
        if (select_.from == nullptr) {
          return environment_.Error(item.expression->span, "'*' needs a FROM");
        }
        ASSIGN_OR_RETURN(const std::vector<NamedExpr> all,
                         ExpandStar(environment_, scope_, *star, item.expression->span));
        for (const NamedExpr& each : all) {
          items_.push_back({each.expression, each.name});
        }
        continue;
      }
      ASSIGN_OR_RETURN(ExprPtr value, binder.Bind(item.expression));
      if (value->is_untyped_null()) {
        value = MakeLiteral(DataType::String(), columnar::Datum(), value->span);
      }
      std::string name = fmt::format("EXPR${}", items_.size());
      if (item.alias.has_value()) {
        name = item.alias->name;
      } else if (const auto* column = item.expression->As<ast::ColumnName>()) {
        name = column->name.last().name;
      } else if (const auto* access = item.expression->As<ast::FieldAccess>()) {
        name = access->field.name;
      }
      items_.push_back({std::move(value), std::move(name)});
    }
    return OkStatus();
  }

  Status BindConditions() {
    if (select_.having != nullptr) {
      ExpressionBinder binder(environment_, scope_, "HAVING", &uses_);
      ASSIGN_OR_RETURN(having_, binder.BindCondition(*select_.having));
    }
    if (select_.qualify != nullptr) {
      // Aliases of the list may be used, as the number that is asked for mostly has one.
      Scope scope = scope_;
      for (std::size_t i = 0; i < items_.size(); ++i) {
        const bool known =
            std::any_of(scope.columns.begin(), scope.columns.end(), [&](const ScopeColumn& column) {
              return column.name == items_[i].name && !column.needs_qualifier;
            });
        if (!known) {
          scope.columns.push_back(
              {.table = std::nullopt, .name = items_[i].name, .expression = items_[i].value});
        }
      }
      ExpressionBinder binder(environment_, scope, "QUALIFY", &uses_);
      ASSIGN_OR_RETURN(qualify_, binder.BindCondition(*select_.qualify));
    }
    return OkStatus();
  }

  Status BindOrder() {
    for (const ast::OrderItem& item : order_items_) {
      Order order;
      order.key.descending = item.direction == ast::SortDirection::kDescending;
      order.key.nulls_first = item.nulls == ast::NullOrder::kDefault
                                  ? !order.key.descending
                                  : item.nulls == ast::NullOrder::kFirst;
      RETURN_IF_ERROR(FindOrdered(item, &order));
      order_.push_back(std::move(order));
    }
    return OkStatus();
  }

  Status FindOrdered(const ast::OrderItem& item, Order* order) {
    if (const auto* number = item.expression->As<ast::NumberLiteral>()) {
      const StatusOr<std::int64_t> ordinal = ParseInteger(number->text);
      if (!ordinal.ok() || *ordinal < 1 || *ordinal > static_cast<std::int64_t>(items_.size())) {
        return environment_.Error(
            item.span,
            fmt::format("ORDER BY {}: there are columns 1 to {}", number->text, items_.size()));
      }
      order->item = static_cast<std::size_t>(*ordinal - 1);
      return OkStatus();
    }
    // A name of the list comes before a column of FROM.
    if (const auto* column = item.expression->As<ast::ColumnName>();
        column != nullptr && column->name.parts.size() == 1) {
      for (std::size_t i = 0; i < items_.size(); ++i) {
        if (items_[i].name == column->name.last().name) {
          order->item = i;
          return OkStatus();
        }
      }
    }
    ExpressionBinder binder(environment_, scope_, "ORDER BY", &uses_);
    ASSIGN_OR_RETURN(order->value, binder.Bind(item.expression));
    const std::string digest = DigestOf(*order->value);
    for (std::size_t i = 0; i < items_.size(); ++i) {
      if (DigestOf(*items_[i].value) == digest) {
        order->item = i;
      }
    }
    if (!order->item.has_value() && select_.distinct) {
      return environment_.Error(item.span,
                                "With DISTINCT, ORDER BY takes what is in the SELECT list");
    }
    return OkStatus();
  }

  // ---- Aggregation

  Status Aggregate() {
    ASSIGN_OR_RETURN(const std::optional<Window> window, FindWindow());
    // The input of the aggregate: keys, arguments, filters.
    ExprList inputs;
    std::map<std::string, std::uint32_t> index_of;
    const auto add = [&](const ExprPtr& value) {
      const auto [found, added] =
          index_of.emplace(DigestOf(*value), static_cast<std::uint32_t>(inputs.size()));
      if (added) {
        inputs.push_back(value);
      }
      return found->second;
    };
    AggregateRel aggregate;
    std::map<std::string, std::uint32_t> key_of;  // By digest: column of the result.
    for (const ExprPtr& group : groups_) {
      const std::string digest = DigestOf(*group);
      if (key_of.contains(digest) || (window.has_value() && window->Contains(*group))) {
        continue;
      }
      key_of[digest] = static_cast<std::uint32_t>(aggregate.keys.size());
      aggregate.keys.push_back(add(group));
    }
    for (const AggregateUse& use : uses_.aggregates) {
      AggregateCallRel call{
          .function = use.function, .arguments = {}, .distinct = use.distinct, .type = use.type};
      for (const ExprPtr& argument : use.arguments) {
        call.arguments.push_back(add(argument));
      }
      if (use.filter != nullptr) {
        call.filter = add(use.filter);
      }
      aggregate.calls.push_back(std::move(call));
    }
    if (window.has_value()) {
      aggregate.window = window->info;
      aggregate.window_start = add(ColumnOf(*rel_, window->start));
      aggregate.window_end = add(ColumnOf(*rel_, window->end));
    }
    if (inputs.empty()) {
      inputs.push_back(MakeLiteral(DataType::Int().NotNull(), columnar::Datum(0)));
    }
    for (const ScopeTable& table : scope_.tables) {
      if (const auto found = ttl_.find(table.alias); found != ttl_.end()) {
        aggregate.ttl_millis = found->second;
      }
    }
    const std::uint32_t first_call = static_cast<std::uint32_t>(aggregate.keys.size());
    const std::uint32_t first_bound =
        first_call + static_cast<std::uint32_t>(aggregate.calls.size());
    if (window.has_value()) {
      for (std::size_t i = 0; i < rel_->columns.size(); ++i) {
        const std::string digest = DigestOf(*ColumnOf(*rel_, i));
        if (window->Contains(*ColumnOf(*rel_, i))) {
          const WindowRole role = rel_->columns[i].role;
          key_of[digest] = first_bound + (role == WindowRole::kStart ? 0
                                          : role == WindowRole::kEnd ? 1
                                                                     : 2);
        }
      }
    }
    RelPtr input = MakeProject(rel_, inputs, InputNames(inputs));
    std::vector<std::string> names;
    for (const std::uint32_t key : aggregate.keys) {
      names.push_back(input->columns[key].name);
    }
    for (std::size_t i = 0; i < aggregate.calls.size(); ++i) {
      names.push_back(fmt::format("agg{}", i));
    }
    rel_ = MakeAggregate(std::move(input), std::move(aggregate), std::move(names));
    // Everything behind is over the result of the aggregate.
    const auto replace = [&](ExprPtr* value) -> Status {
      ASSIGN_OR_RETURN(*value, OverGroups(*value, key_of, first_call));
      return OkStatus();
    };
    for (Item& item : items_) {
      RETURN_IF_ERROR(replace(&item.value));
    }
    if (having_ != nullptr) {
      RETURN_IF_ERROR(replace(&having_));
    }
    if (qualify_ != nullptr) {
      RETURN_IF_ERROR(replace(&qualify_));
    }
    for (Order& order : order_) {
      if (order.value != nullptr) {
        RETURN_IF_ERROR(replace(&order.value));
      }
    }
    for (RowNumberUse& use : uses_.row_numbers) {
      for (ExprPtr& value : use.partition_by) {
        RETURN_IF_ERROR(replace(&value));
      }
      for (RowNumberUse::Order& order : use.order_by) {
        RETURN_IF_ERROR(replace(&order.value));
      }
    }
    return OkStatus();
  }

  /// Bounds of a window among the columns of the input.
  struct Window {
    const Rel* rel = nullptr;
    WindowPtr info;
    std::uint32_t start = 0;
    std::uint32_t end = 0;

    bool Contains(const Expr& value) const {
      return value.is_column() && value.column < rel->columns.size() &&
             rel->columns[value.column].role != WindowRole::kNone &&
             *rel->columns[value.column].window == *info;
    }
  };

  /// GROUP BY window_start, window_end: results per window. One of them alone is a mistake.
  StatusOr<std::optional<Window>> FindWindow() const {
    Window window;
    window.rel = rel_.get();
    bool start = false;
    bool end = false;
    SourceSpan span;
    for (const ExprPtr& group : groups_) {
      if (!group->is_column()) {
        continue;
      }
      const RelColumn& column = rel_->columns[group->column];
      if (column.role == WindowRole::kNone || column.role == WindowRole::kTime) {
        continue;
      }
      span = group->span;
      window.info = column.window;
      if (column.role == WindowRole::kStart) {
        start = true;
        window.start = group->column;
      } else {
        end = true;
        window.end = group->column;
      }
    }
    if (start != end) {
      return environment_.Error(span,
                                "An aggregate over windows is grouped by both window_start and "
                                "window_end");
    }
    return start ? std::optional(window) : std::nullopt;
  }

  std::vector<std::string> InputNames(const ExprList& inputs) const {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      names.push_back(inputs[i]->is_column() ? rel_->columns[inputs[i]->column].name
                                             : fmt::format("$f{}", i));
    }
    return UniqueNames(std::move(names));
  }

  /// A value over the input as one over keys and aggregates.
  StatusOr<ExprPtr> OverGroups(const ExprPtr& value,
                               const std::map<std::string, std::uint32_t>& key_of,
                               std::uint32_t first_call) const {
    if (const auto key = key_of.find(DigestOf(*value)); key != key_of.end()) {
      return MakeColumn(key->second, rel_->columns[key->second].type, value->span);
    }
    if (value->is_column()) {
      if (value->column >= kGroupWindowBase) {
        return OverWindow(*value, key_of);
      }
      if (value->column >= kRowNumberBase) {
        return value;
      }
      if (value->column >= kAggregateBase) {
        return MakeColumn(first_call + value->column - kAggregateBase, value->type, value->span);
      }
      return environment_.Error(
          value->span,
          fmt::format("'{}' is neither grouped nor aggregated; add it to GROUP BY",
                      environment_.source->Slice(value->span)));
    }
    if (value->is_literal()) {
      return value;
    }
    ExprList arguments;
    for (const ExprPtr& argument : value->arguments) {
      ASSIGN_OR_RETURN(ExprPtr each, OverGroups(argument, key_of, first_call));
      arguments.push_back(std::move(each));
    }
    return MakeCall(value->function, std::move(arguments), value->type, value->span);
  }

  /// TUMBLE_START(...) and the like.
  StatusOr<ExprPtr> OverWindow(const Expr& value,
                               const std::map<std::string, std::uint32_t>& key_of) const {
    const GroupWindowUse& use = uses_.group_windows[value.column - kGroupWindowBase];
    if (use.digest != group_window_) {
      return environment_.Error(use.span, "GROUP BY has no such window");
    }
    const std::size_t part = use.part == GroupWindowPart::kStart ? 0
                             : use.part == GroupWindowPart::kEnd ? 1
                                                                 : 2;
    const std::uint32_t column = key_of.at(DigestOf(*window_columns_[part]));
    return MakeColumn(column, rel_->columns[column].type, value.span);
  }

  // ---- ROW_NUMBER

  Status NumberRows() {
    if (!uses_.group_windows.empty() && !grouped()) {
      return environment_.Error(uses_.group_windows[0].span, "GROUP BY has no such window");
    }
    std::vector<std::uint32_t> numbers;
    for (const RowNumberUse& use : uses_.row_numbers) {
      ExprList columns = ColumnsOf(*rel_);
      std::vector<std::string> names = NamesOf(*rel_);
      const auto add = [&](const ExprPtr& value) {
        if (value->is_column()) {
          return value->column;
        }
        columns.push_back(value);
        names.push_back(fmt::format("$w{}", columns.size()));
        return static_cast<std::uint32_t>(columns.size() - 1);
      };
      RowNumberRel rank;
      rank.span = use.span;
      rank.source = environment_.source;
      for (const ExprPtr& value : use.partition_by) {
        const std::uint32_t key = add(value);
        if (std::find(rank.keys.begin(), rank.keys.end(), key) == rank.keys.end()) {
          rank.keys.push_back(key);
        }
      }
      for (const RowNumberUse::Order& order : use.order_by) {
        rank.order.push_back({add(order.value), order.descending, order.nulls_first});
      }
      if (columns.size() != rel_->columns.size()) {
        rel_ = MakeProject(std::move(rel_), std::move(columns), std::move(names));
      }
      numbers.push_back(static_cast<std::uint32_t>(rel_->columns.size()));
      rel_ = MakeRowNumber(std::move(rel_), std::move(rank), fmt::format("$rn{}", numbers.size()));
    }
    if (numbers.empty()) {
      return OkStatus();
    }
    const auto replace = [&](const Expr& column) -> ExprPtr {
      if (column.column < kRowNumberBase || column.column >= kGroupWindowBase) {
        return nullptr;
      }
      return ColumnOf(*rel_, numbers[column.column - kRowNumberBase], column.span);
    };
    for (Item& item : items_) {
      item.value = Rewrite(item.value, replace);
    }
    if (qualify_ != nullptr) {
      qualify_ = Rewrite(qualify_, replace);
    }
    for (Order& order : order_) {
      if (order.value != nullptr) {
        order.value = Rewrite(order.value, replace);
      }
    }
    return OkStatus();
  }

  // ---- The result

  StatusOr<Ordered> Finish() {
    rel_ = MakeFilter(std::move(rel_), qualify_);
    ExprList values;
    std::vector<std::string> names;
    for (const Item& item : items_) {
      values.push_back(item.value);
      names.push_back(item.name);
    }
    names = UniqueNames(std::move(names));
    Ordered ordered;
    ordered.visible = values.size();
    for (Order& order : order_) {
      if (order.item.has_value()) {
        order.key.column = static_cast<std::uint32_t>(*order.item);
      } else {
        order.key.column = static_cast<std::uint32_t>(values.size());
        values.push_back(order.value);
        names.push_back(fmt::format("$order{}", values.size()));
      }
      ordered.order.push_back(order.key);
    }
    ordered.rel = MakeProject(std::move(rel_), std::move(values), std::move(names));
    if (select_.distinct) {
      ordered.rel = MakeDistinct(std::move(ordered.rel));
    }
    return ordered;
  }

  QueryBinder& queries_;
  const Environment& environment_;
  const ast::Select& select_;
  const std::vector<ast::OrderItem>& order_items_;

  std::map<std::string, std::int64_t> ttl_;
  Scope scope_;  // FROM; its expressions are over the first columns of rel_, until Aggregate().
  RelPtr rel_;
  Uses uses_;
  ExprList groups_;
  std::string group_window_;  // Digest; empty: none.
  ExprList window_columns_;   // Start, end, time.
  std::vector<Item> items_;
  ExprPtr having_;
  ExprPtr qualify_;
  std::vector<Order> order_;
};

StatusOr<QueryBinder::Ordered> QueryBinder::BindSelect(
    const ast::Select& select, const std::vector<ast::OrderItem>& order_by) {
  return SelectBinder(*this, select, order_by).Run();
}

}  // namespace thalweg::sql
