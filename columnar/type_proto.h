// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_COLUMNAR_TYPE_PROTO_H_
#define THALWEG_COLUMNAR_TYPE_PROTO_H_

#include "base/status.h"
#include "columnar/type.h"

namespace thalweg::proto {
class DataType;
class Schema;
}  // namespace thalweg::proto

namespace thalweg::columnar {

/// Types between memory and plans. FromProto checks kinds, bounds and nesting (at most 32 levels);
/// kInvalidArgument names what is wrong.
void ToProto(const DataType& type, proto::DataType* out);
StatusOr<DataType> TypeFromProto(const proto::DataType& type);

void ToProto(const Schema& schema, proto::Schema* out);
StatusOr<SchemaPtr> SchemaFromProto(const proto::Schema& schema);

}  // namespace thalweg::columnar

#endif  // THALWEG_COLUMNAR_TYPE_PROTO_H_
