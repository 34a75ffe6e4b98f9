// SPDX-License-Identifier: Apache-2.0
//
// What tests of this folder share: an executor and a mailbox that run by hand, and keys.
#ifndef THALWEG_STATE_STATE_TEST_UTIL_H_
#define THALWEG_STATE_STATE_TEST_UTIL_H_

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "base/executor.h"
#include "columnar/batch.h"
#include "columnar/column_builder.h"
#include "columnar/key_codec.h"
#include "state/table_spec.h"

namespace thalweg::state {

/// Mails and works wait until Run() is called.
class ManualMailbox final : public Mailbox {
 public:
  void Post(UniqueFunction<void()> mail) override { mails_.push_back(std::move(mail)); }
  bool RunOne() {
    if (mails_.empty()) {
      return false;
    }
    UniqueFunction<void()> mail = std::move(mails_.front());
    mails_.pop_front();
    mail();
    return true;
  }

 private:
  std::deque<UniqueFunction<void()>> mails_;
};

class ManualExecutor final : public BlockingExecutor {
 public:
  void Submit(UniqueFunction<UniqueFunction<void()>()> work, Mailbox& reply) override {
    works_.emplace_back(std::move(work), &reply);
  }
  bool RunOne() {
    if (works_.empty()) {
      return false;
    }
    auto [work, reply] = std::move(works_.front());
    works_.pop_front();
    reply->Post(work());
    return true;
  }
  std::size_t waiting() const { return works_.size(); }

 private:
  std::deque<std::pair<UniqueFunction<UniqueFunction<void()>()>, Mailbox*>> works_;
};

/// Until nothing is left.
inline void RunAll(ManualExecutor& executor, ManualMailbox& mailbox) {
  while (mailbox.RunOne() || executor.RunOne()) {
  }
}

inline columnar::EncodedKeys EncodeKeys(const std::vector<std::int64_t>& keys) {
  columnar::ColumnBuilder builder(columnar::DataType::BigInt());
  for (const std::int64_t key : keys) {
    builder.Append(key);
  }
  const columnar::Batch batch(columnar::Schema::Make({{"k", columnar::DataType::BigInt()}}),
                              {builder.Finish()});
  columnar::EncodedKeys encoded;
  const std::uint32_t columns[] = {0};
  columnar::KeyEncoder({columnar::DataType::BigInt()}).Encode(batch, columns, &encoded);
  return encoded;
}

inline columnar::EncodedKeys EncodeKeys(const std::vector<std::string>& keys) {
  columnar::ColumnBuilder builder(columnar::DataType::String());
  for (const std::string& key : keys) {
    builder.AppendString(key);
  }
  const columnar::Batch batch(columnar::Schema::Make({{"k", columnar::DataType::String()}}),
                              {builder.Finish()});
  columnar::EncodedKeys encoded;
  const std::uint32_t columns[] = {0};
  columnar::KeyEncoder({columnar::DataType::String()}).Encode(batch, columns, &encoded);
  return encoded;
}

/// A table of an operator "op" with one BIGINT or STRING key.
inline TableSpec SpecOf(std::string name,
                        columnar::DataType key,
                        std::vector<columnar::Field> values) {
  TableSpec spec;
  spec.operator_id = OperatorId("op");
  spec.name = std::move(name);
  spec.keys = {{"k", std::move(key)}};
  spec.values = std::move(values);
  return spec;
}

}  // namespace thalweg::state

#endif  // THALWEG_STATE_STATE_TEST_UTIL_H_
