// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_STATE_TABLE_SPEC_H_
#define THALWEG_STATE_TABLE_SPEC_H_

#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "columnar/type.h"

namespace thalweg::state {

/// What a step says of a table when it declares it. (operator_id, name) finds the table's rows in
/// an older checkpoint; there the kind and the key fields' types must be the same, values are
/// matched by name: a new nullable field begins as NULL, a field that is gone is dropped, and a
/// field of another type is an error.
struct TableSpec {
  OperatorId operator_id;
  std::string name;                       // Unique in the operator.
  std::vector<columnar::Field> keys;      // As given to columnar::KeyEncoder, in that order.
  std::vector<columnar::Field> sub_keys;  // OrderedTable: what its sub-keys encode, for the schema
                                          // check; empty when rows are only appended.
  std::vector<columnar::Field> values;
  Milliseconds ttl{0};  // A row lives this long after its last write, counted in whole seconds, at
                        // least one; 0: for ever.
};

}  // namespace thalweg::state

#endif  // THALWEG_STATE_TABLE_SPEC_H_
