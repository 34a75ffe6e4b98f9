// SPDX-License-Identifier: Apache-2.0
#include "state/run_builder.h"

#include <utility>

#include "base/check.h"
#include "base/checksum.h"
#include "state/inline_run.h"
#include "state/run_cursor.h"
#include "state/run_format.h"
#include "state/sst_file.h"

namespace thalweg::state {

RunBuilder::RunBuilder(storage::DirectoryStore& store, std::string file, std::size_t inline_max)
    : store_(store), file_(std::move(file)), inline_max_(inline_max), inline_(BeginInlineRun()) {}

RunBuilder::~RunBuilder() = default;

Status RunBuilder::Add(std::string_view key, std::string_view value) {
  CHECK(row_count_ == 0 || key > last_key_);
  ++row_count_;
  if (sst_ == nullptr) {
    AppendInlineRow(last_key_, key, value, &inline_);
    last_key_.assign(key);
    return inline_.size() > inline_max_ ? MoveToFile() : OkStatus();
  }
  last_key_.assign(key);
  return sst_->Add(key, value);
}

Status RunBuilder::MoveToFile() {
  ASSIGN_OR_RETURN(sst_, SstFile::Create(store_, file_));
  FinishInlineRun(&inline_);
  ASSIGN_OR_RETURN(const std::unique_ptr<RunCursor> rows,
                   OpenInlineRun(std::exchange(inline_, {}), file_));
  RETURN_IF_ERROR(rows->Seek(""));
  while (rows->valid()) {
    RETURN_IF_ERROR(sst_->Add(rows->key(), rows->value()));
    RETURN_IF_ERROR(rows->Next());
  }
  return OkStatus();
}

StatusOr<proto::RunRef> RunBuilder::Finish(KeyGroupRange range) {
  proto::RunRef run;
  run.set_row_count(row_count_);
  run.set_first_key_group(range.begin);
  run.set_last_key_group(range.end - 1);
  run.set_format(kRunFormat);
  if (sst_ == nullptr) {
    FinishInlineRun(&inline_);
    run.set_size(inline_.size());
    run.set_checksum(Checksum(inline_));
    run.set_inline_run(std::move(inline_));
    return run;
  }
  ASSIGN_OR_RETURN(const SstFileInfo info, sst_->Finish());
  run.set_file(file_);
  run.set_size(info.size);
  run.set_checksum(info.checksum);
  return run;
}

}  // namespace thalweg::state
