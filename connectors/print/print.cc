// SPDX-License-Identifier: Apache-2.0
#include "connectors/print/print.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/mutex.h"
#include "columnar/row_text.h"
#include "connectors/common/serial_work.h"
#include "connectors/common/table_options.h"
#include "proto/connectors.pb.h"

namespace thalweg::connectors {
namespace {

using runtime::SinkListener;
using runtime::StateEntries;

constexpr std::string_view kConnector = "print";
constexpr std::size_t kQueuedBytesMax = 1U << 20;

inline constexpr Option<std::string_view> kIdentifier{
    .key = "print-identifier", .default_value = "", .description = "Stands before each line."};
inline constexpr Option<bool> kStandardError{
    .key = "standard-error", .default_value = false, .description = "Not to the standard output."};

class StandardStreams final : public PrintOutput {
 public:
  Status Write(std::string_view lines, bool to_standard_error) override {
    std::FILE* const file = to_standard_error ? stderr : stdout;
    MutexLock lock(mutex_);
    if (std::fwrite(lines.data(), 1, lines.size(), file) != lines.size() ||
        std::fflush(file) != 0) {
      return Unavailable(fmt::format("The standard {} cannot be written: {}. Is its reader gone?",
                                     to_standard_error ? "error" : "output",
                                     std::strerror(errno)));
    }
    return OkStatus();
  }

 private:
  Mutex mutex_;  // Keeps lines of one call together.
};

std::string PrefixOf(const proto::PrintSpec& spec, const runtime::ConnectorContext& context) {
  if (context.parallelism > 1) {
    const std::string task = std::to_string(context.subtask + 1);
    return spec.identifier().empty() ? task + "> " : spec.identifier() + ":" + task + "> ";
  }
  return spec.identifier().empty() ? "" : spec.identifier() + "> ";
}

class PrintSink final : public runtime::Sink {
 public:
  PrintSink(const proto::PrintSpec& spec, PrintOutput& output, runtime::ConnectorContext context)
      : prefix_(PrefixOf(spec, context)),
        to_standard_error_(spec.standard_error()),
        output_(output),
        context_(std::move(context)),
        work_(*context_.executor, *context_.mailbox) {}

  void Start(CheckpointId /*restored*/,
             std::span<const proto::OperatorStateEntry> /*entries*/,
             SinkListener& listener) override {
    listener_ = &listener;
    listener.OnReplayed();
  }

  bool HasRoom() const override { return queued_bytes_ < kQueuedBytesMax; }

  Status Write(const columnar::Batch& batch) override {
    RETURN_IF_ERROR(failure_);
    std::string lines;
    for (std::size_t row = 0; row < batch.row_count(); ++row) {
      lines += prefix_;
      columnar::AppendRowText(batch, row, &lines);
      lines += '\n';
    }
    const std::size_t size = lines.size();
    queued_bytes_ += size;
    work_.Add<Status>(
        [&output = output_, to_standard_error = to_standard_error_, lines = std::move(lines)] {
          return output.Write(lines, to_standard_error);
        },
        [this, size](const Status& status) { OnWritten(size, status); });
    return OkStatus();
  }

  void Snapshot(CheckpointId /*checkpoint*/,
                UniqueFunction<void(StatusOr<StateEntries>)> done) override {
    if (work_.idle()) {
      return Answer(done);
    }
    // Behind the lines of the rows before the barrier.
    work_.Add<Status>([] { return OkStatus(); },
                      [this, done = std::move(done)](const Status&) mutable { Answer(done); });
  }
  void Complete(CheckpointId checkpoint) override { listener_->OnCommitted(checkpoint); }
  void Abort(CheckpointId /*checkpoint*/) override {}

 private:
  void OnWritten(std::size_t bytes, const Status& status) {
    const bool had_room = HasRoom();
    queued_bytes_ -= bytes;
    if (!status.ok() && failure_.ok()) {
      failure_ = status;
      listener_->OnFailed(status);
    }
    if (!had_room && HasRoom()) {
      context_.wake();
    }
  }

  void Answer(UniqueFunction<void(StatusOr<StateEntries>)>& done) const {
    done(failure_.ok() ? StatusOr<StateEntries>(StateEntries()) : failure_);
  }

  const std::string prefix_;
  const bool to_standard_error_;
  PrintOutput& output_;
  runtime::ConnectorContext context_;
  SinkListener* listener_ = nullptr;
  std::size_t queued_bytes_ = 0;
  Status failure_;
  SerialWork work_;
};

class PrintConnector final : public runtime::SinkConnector {
 public:
  explicit PrintConnector(PrintOutput& output) : output_(output) {}

  StatusOr<std::string> Plan(const runtime::TableRequest& table) const override {
    TableOptions options(kConnector, table.options);
    proto::PrintSpec spec;
    ASSIGN_OR_RETURN(*spec.mutable_identifier(), options.Get(kIdentifier));
    ASSIGN_OR_RETURN(const bool standard_error, options.Get(kStandardError));
    spec.set_standard_error(standard_error);
    RETURN_IF_ERROR(options.CheckNoOthers());
    return spec.SerializeAsString();
  }

  StatusOr<std::unique_ptr<runtime::Sink>> Open(const std::string& bytes,
                                                columnar::SchemaPtr /*schema*/,
                                                runtime::ConnectorContext context) const override {
    proto::PrintSpec spec;
    if (!spec.ParseFromString(bytes)) {
      return DataLoss("The spec of a table with connector 'print' cannot be read.");
    }
    return std::make_unique<PrintSink>(spec, output_, std::move(context));
  }

 private:
  PrintOutput& output_;
};

}  // namespace

PrintOutput& StandardOutput() {
  static StandardStreams* const streams = new StandardStreams();
  return *streams;
}

std::unique_ptr<runtime::SinkConnector> MakePrintSink(PrintOutput& output) {
  return std::make_unique<PrintConnector>(output);
}

}  // namespace thalweg::connectors
