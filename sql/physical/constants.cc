// SPDX-License-Identifier: Apache-2.0
#include "sql/physical/constants.h"

#include <string>

#include "columnar/batch.h"
#include "columnar/row_codec.h"
#include "fmt/format.h"
#include "runtime/expr/program.h"

namespace thalweg::sql {

using columnar::Column;
using columnar::DataType;

StatusOr<proto::ValuesSpec> EncodeValues(const std::vector<ExprList>& rows,
                                         const columnar::Schema& schema,
                                         const JobSettings& /*settings*/) {
  const columnar::SchemaPtr nothing = columnar::Schema::Make({{"zero", DataType::Int().NotNull()}});
  const columnar::Batch one(
      nothing, {Column::Constant(nothing->type(0), 1, columnar::Datum(0))}, 1);
  const columnar::RowCodec codec(schema.Types());
  columnar::ByteRows bytes;
  proto::ValuesSpec spec;
  for (const ExprList& row : rows) {
    std::vector<proto::Expression> protos;
    for (const ExprPtr& value : row) {
      ASSIGN_OR_RETURN(proto::Expression each, ToProto(*value));
      protos.push_back(std::move(each));
    }
    std::vector<const proto::Expression*> pointers;
    for (const proto::Expression& each : protos) {
      pointers.push_back(&each);
    }
    ASSIGN_OR_RETURN(const runtime::Program program, runtime::Program::Compile(pointers, *nothing));
    ASSIGN_OR_RETURN(const std::vector<columnar::ColumnPtr> columns, program.Evaluate(one));
    codec.Encode(columns, 1, &bytes);
    spec.add_rows(std::string(bytes[0]));
  }
  return spec;
}

}  // namespace thalweg::sql
