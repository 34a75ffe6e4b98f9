// SPDX-License-Identifier: Apache-2.0
//
// Counts made-up clicks per page in windows of ten seconds of event time, exactly once, into files.
//
//   build/release/bin/windowed_count DIRECTORY
#include <cstdio>
#include <memory>

#include "client/embedded/embedded_cluster.h"
#include "client/plan_builder.h"
#include "connectors/connectors.h"
#include "connectors/datagen/datagen.h"
#include "connectors/filesystem/filesystem.h"

namespace thalweg {
namespace {

columnar::SchemaPtr Clicks() {
  using columnar::DataType;
  return std::make_shared<const columnar::Schema>(std::vector<columnar::Field>{
      {"page", DataType::BigInt().NotNull()}, {"ts", DataType::Timestamp(3).NotNull()}});
}

/// 10,000 clicks on ten pages, one every 10 ms of event time.
std::string MakeUpClicks() {
  connectors::DatagenOptions options;
  options.row_count = 10'000;
  options.fields = {connectors::DefaultField(Clicks()->field(0).type),
                    connectors::DefaultField(Clicks()->field(1).type)};
  options.fields[0].set_min(0);
  options.fields[0].set_max(9);
  options.fields[1].set_kind(proto::DATAGEN_SEQUENCE);
  options.fields[1].set_step(10'000);  // Microseconds, the physical unit of TIMESTAMP(3).
  options.fields[1].set_end(std::int64_t{1} << 60);
  return connectors::DatagenSpecOf(options);
}

std::string WriteTo(const std::string& folder) {
  connectors::FileSinkOptions options;
  options.path = folder;
  return connectors::FileSinkSpecOf(options);
}

StatusOr<coordinator::JobOutcome> Run(const std::filesystem::path& directory) {
  client::PlanBuilder plan("clicks per page");
  plan.Source(
          {.connector = "datagen", .spec = MakeUpClicks(), .schema = Clicks(), .name = "clicks"})
      .Watermark("ts", Milliseconds(1'000))
      .TumbleWindow("ts", Milliseconds(10'000))
      .GroupBy({"page"})
      .Aggregate({client::CountAll("clicks")})
      .Sink({.connector = "filesystem", .spec = WriteTo("clicks_per_page")});
  ASSIGN_OR_RETURN(const proto::JobGraph graph, plan.Build());
  runtime::ConnectorRegistry connectors;
  connectors::RegisterAll(connectors);
  client::EmbeddedOptions options;
  options.storage = directory / "state";
  options.files = directory;
  return client::RunEmbedded(graph, connectors, options);
}

}  // namespace
}  // namespace thalweg

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
    return 2;
  }
  const auto outcome = thalweg::Run(argv[1]);
  if (!outcome.ok()) {
    std::fprintf(stderr, "%s\n", std::string(thalweg::MessageOf(outcome.status())).c_str());
    return 1;
  }
  std::printf("%s %s\n",
              std::string(thalweg::coordinator::NameOf(outcome->state)).c_str(),
              outcome->reason.c_str());
  return outcome->state == thalweg::coordinator::JobState::kFinished ? 0 : 1;
}
