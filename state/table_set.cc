// SPDX-License-Identifier: Apache-2.0
#include "state/table_set.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"
#include "columnar/type_proto.h"
#include "proto/plan.pb.h"

namespace thalweg::state {
namespace {

using ProtoFields = google::protobuf::RepeatedPtrField<proto::Field>;

void FieldsToProto(const std::vector<columnar::Field>& fields, ProtoFields* out) {
  for (const columnar::Field& field : fields) {
    proto::Field* const added = out->Add();
    added->set_name(field.name);
    columnar::ToProto(field.type, added->mutable_type());
  }
}

StatusOr<std::vector<columnar::Field>> FieldsFromProto(const ProtoFields& fields) {
  std::vector<columnar::Field> out;
  for (const proto::Field& field : fields) {
    ASSIGN_OR_RETURN(columnar::DataType type, columnar::TypeFromProto(field.type()));
    out.push_back({field.name(), std::move(type)});
  }
  return out;
}

std::string NameOf(const proto::TableSchema& schema) {
  return fmt::format("State table {} of operator {}", schema.name(), schema.operator_id());
}

// Keys are found by their bytes, so their types may not change, but for nullability: the bytes of a
// key do not tell of it.
Status CheckSameTypes(const proto::TableSchema& schema,
                      const ProtoFields& old_fields,
                      const std::vector<columnar::Field>& fields) {
  ASSIGN_OR_RETURN(const std::vector<columnar::Field> old, FieldsFromProto(old_fields));
  const bool same = std::equal(old.begin(),
                               old.end(),
                               fields.begin(),
                               fields.end(),
                               [](const columnar::Field& a, const columnar::Field& b) {
                                 return a.type.Nullable() == b.type.Nullable();
                               });
  return same ? OkStatus()
              : InvalidArgument(fmt::format(
                    "{} has other key types in the checkpoint than in this job.", NameOf(schema)));
}

}  // namespace

proto::TableKind DeclaredTable::kind() const {
  if (ordered != nullptr) {
    return proto::TABLE_ORDERED;
  }
  return timers != nullptr ? proto::TABLE_TIMER : proto::TABLE_VALUE;
}

DeclaredTable& TableSet::Add(const TableSpec& spec) {
  for (const std::unique_ptr<DeclaredTable>& table : tables_) {
    CHECK(table->spec.operator_id != spec.operator_id || table->spec.name != spec.name);
  }
  tables_.push_back(std::make_unique<DeclaredTable>());
  tables_.back()->spec = spec;
  return *tables_.back();
}

void TableSet::SetNumber(DeclaredTable& table, std::uint32_t number) {
  CHECK_LE(number, 0xFFFFU);
  table.number = number;
  if (table.sliced != nullptr) {
    table.sliced->set_table(number);
  } else if (table.values != nullptr) {
    table.values->set_identity({number, false, 0});
  } else if (table.ordered != nullptr) {
    table.ordered->set_identity({number, false, 0});
  } else {
    table.timers->set_identity({number, false, 0});
  }
}

void TableSet::ForgetDroppedSlices() {
  for (const std::unique_ptr<DeclaredTable>& table : tables_) {
    if (table->sliced != nullptr) {
      table->sliced->ForgetDropped();
    }
  }
}

void TableSet::Describe(proto::TaskSnapshot* snapshot) const {
  for (const std::unique_ptr<DeclaredTable>& table : tables_) {
    proto::TableSchema* const schema = snapshot->add_tables();
    schema->set_table(table->number);
    schema->set_operator_id(table->spec.operator_id.value());
    schema->set_name(table->spec.name);
    schema->set_kind(table->kind());
    FieldsToProto(table->spec.keys, schema->mutable_keys());
    FieldsToProto(table->spec.sub_keys, schema->mutable_sub_keys());
    FieldsToProto(table->spec.values, schema->mutable_values());
    schema->set_ttl_millis(table->spec.ttl.count());
    if (table->sliced != nullptr) {
      table->sliced->Describe(schema);
    }
  }
}

StatusOr<TableMatch> TableSet::Match(const proto::TableSchema& schema) {
  TableMatch match;
  match.schema = &schema;
  match.has_ttl = schema.ttl_millis() > 0 && schema.kind() != proto::TABLE_TIMER;
  ASSIGN_OR_RETURN(std::vector<columnar::Field> old_values, FieldsFromProto(schema.values()));
  match.layout = std::make_unique<RowLayout>(std::move(old_values));
  for (const std::unique_ptr<DeclaredTable>& table : tables_) {
    if (table->spec.operator_id.value() == schema.operator_id() &&
        table->spec.name == schema.name()) {
      match.table = table.get();
    }
  }
  if (match.table == nullptr) {
    return match;
  }
  const TableSpec& spec = match.table->spec;
  if (match.table->kind() != schema.kind() || (match.table->sliced != nullptr) != schema.sliced()) {
    return InvalidArgument(
        fmt::format("{} is of another kind in the checkpoint than in this job.", NameOf(schema)));
  }
  RETURN_IF_ERROR(CheckSameTypes(schema, schema.keys(), spec.keys));
  RETURN_IF_ERROR(CheckSameTypes(schema, schema.sub_keys(), spec.sub_keys));
  for (std::size_t i = 0; i < spec.values.size(); ++i) {
    const columnar::Field& field = spec.values[i];
    const std::optional<std::size_t> old = match.layout->IndexOf(field.name);
    if (!old) {
      if (!field.type.nullable()) {
        return InvalidArgument(
            fmt::format("{} has no field {} in the checkpoint, and NULL cannot stand for it.",
                        NameOf(schema),
                        field.name));
      }
      continue;
    }
    const columnar::DataType& old_type = match.layout->fields()[*old].type;
    if (old_type.Nullable() != field.type.Nullable() ||
        (old_type.nullable() && !field.type.nullable())) {
      return InvalidArgument(fmt::format("{} has field {} as {} in the checkpoint and as {} here.",
                                         NameOf(schema),
                                         field.name,
                                         old_type.ToString(),
                                         field.type.ToString()));
    }
    match.fields.emplace_back(*old, i);
  }
  match.identical =
      match.layout->fields() == spec.values &&
      match.has_ttl == (spec.ttl > Milliseconds(0) && schema.kind() != proto::TABLE_TIMER);
  return match;
}

}  // namespace thalweg::state
