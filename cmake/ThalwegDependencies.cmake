# SPDX-License-Identifier: Apache-2.0
# The libraries that we use, as Debian 12 packages them. Nothing is downloaded.

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Protobuf REQUIRED)  # Debian ships no config file for it: CMake's own module.
find_package(absl CONFIG REQUIRED)
find_package(fmt CONFIG REQUIRED)
find_package(simdjson CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(RocksDB CONFIG REQUIRED)  # Link RocksDB::rocksdb-shared; RocksDB::rocksdb is the static one.

# These have no CMake files. (In capitals: the small names are those of RocksDB's own find modules.)
# PkgConfig::XXHASH, PkgConfig::LZ4, PkgConfig::ZSTD, PkgConfig::JEMALLOC, PkgConfig::ICU,
# PkgConfig::PCRE2, PkgConfig::CRYPTO, PkgConfig::LIBEDIT.
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(LZ4 REQUIRED IMPORTED_TARGET liblz4)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(JEMALLOC REQUIRED IMPORTED_TARGET jemalloc)
pkg_check_modules(ICU REQUIRED IMPORTED_TARGET icu-uc)
pkg_check_modules(LIBEDIT REQUIRED IMPORTED_TARGET libedit)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(CRYPTO REQUIRED IMPORTED_TARGET libcrypto)

# gRPC's own CMake files want its protoc plugin, which we do not need: streams carry plain bytes. Its pkg-config file
# takes ten seconds to resolve.
add_library(thalweg_grpc INTERFACE)
foreach(library IN ITEMS grpc++ grpc gpr)
  find_library(THALWEG_LIB_${library} ${library} REQUIRED)
  target_link_libraries(thalweg_grpc INTERFACE ${THALWEG_LIB_${library}})
endforeach()

if(THALWEG_TESTS)
  find_package(GTest CONFIG REQUIRED)
endif()
if(THALWEG_BENCH)
  find_package(benchmark CONFIG REQUIRED)
endif()
