// SPDX-License-Identifier: Apache-2.0
#ifndef THALWEG_BENCH_PROCESS_H_
#define THALWEG_BENCH_PROCESS_H_

#include <cstdint>

namespace thalweg::bench {

/// Bytes that this process has given to write calls of any kind so far.
std::uint64_t BytesWritten();

/// The most memory that this process has had resident at once, in bytes.
std::uint64_t PeakResidentBytes();

}  // namespace thalweg::bench

#endif  // THALWEG_BENCH_PROCESS_H_
