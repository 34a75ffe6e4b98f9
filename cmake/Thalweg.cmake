# SPDX-License-Identifier: Apache-2.0
# How a folder says what it holds:
#
#   thalweg_library(NAME windows HEADERS session.h SRCS session.cc DEPS thalweg::base PRIVATE_DEPS thalweg::state)
#   thalweg_test(session_test DEPS thalweg::windows)                  # one program, one ctest entry
#   thalweg_bench(session_bench DEPS thalweg::windows)
#   thalweg_fuzzer(json_fuzzer DEPS thalweg::connectors_formats)      # corpus in tests/fuzz/corpus/json_fuzzer/
#   thalweg_proto(NAME proto SRCS plan.proto)                         # included as "proto/plan.pb.h"
#
# Target thalweg_<NAME>, alias thalweg::<NAME>. Headers are included from the root of the repository.

include_guard(GLOBAL)

set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
set(THALWEG_GENERATED_DIR ${PROJECT_BINARY_DIR}/gen)

find_program(THALWEG_CCACHE ccache)
if(THALWEG_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${THALWEG_CCACHE})
endif()

# Everything of ours links this one target: the language level, warnings, sanitizers, the linker.
add_library(thalweg_options INTERFACE)
target_compile_features(thalweg_options INTERFACE cxx_std_20)
target_compile_options(thalweg_options INTERFACE -Wall -Wextra -Wconversion -Wno-sign-conversion -Werror)
target_include_directories(thalweg_options INTERFACE ${PROJECT_SOURCE_DIR})
target_link_libraries(thalweg_options INTERFACE Threads::Threads)
set(CMAKE_CXX_EXTENSIONS OFF)

if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # Debian's libraries are built with g++, whose mangling clang follows only up to its version 17.
  target_compile_options(thalweg_options INTERFACE -Wthread-safety -fclang-abi-compat=17)
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND (THALWEG_SANITIZE OR CMAKE_BUILD_TYPE STREQUAL "Release"))
  # With -O2 and under sanitizers g++ 12 sees uninitialized members and overlaps inside std::variant, std::string and
  # std::vector that are not there. The dev build and clang keep the true ones out.
  target_compile_options(thalweg_options INTERFACE -Wno-maybe-uninitialized -Wno-restrict -Wno-array-bounds
                                                   -Wno-stringop-overflow -Wno-stringop-overread)
endif()

if(THALWEG_SANITIZE)
  target_compile_options(thalweg_options INTERFACE -fsanitize=${THALWEG_SANITIZE} -fno-omit-frame-pointer
                                                   -fno-sanitize-recover=all)
  target_link_options(thalweg_options INTERFACE -fsanitize=${THALWEG_SANITIZE})
elseif(BUILD_SHARED_LIBS)
  # A dependency that a library uses but does not list fails here and not in somebody's test.
  target_link_options(thalweg_options INTERFACE -Wl,-z,defs)
endif()

find_program(THALWEG_MOLD mold)
if(THALWEG_MOLD)
  target_link_options(thalweg_options INTERFACE -fuse-ld=mold)
endif()

function(thalweg_library)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME" "HEADERS;SRCS;DEPS;PRIVATE_DEPS")
  set(target thalweg_${arg_NAME})
  if(arg_SRCS)
    add_library(${target} ${arg_SRCS})
    target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${arg_HEADERS})
    target_link_libraries(${target} PUBLIC thalweg_options ${arg_DEPS} PRIVATE ${arg_PRIVATE_DEPS})
  else()
    add_library(${target} INTERFACE)
    target_sources(${target} INTERFACE FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${arg_HEADERS})
    target_link_libraries(${target} INTERFACE thalweg_options ${arg_DEPS})
  endif()
  add_library(thalweg::${arg_NAME} ALIAS ${target})
endfunction()

# Compiles generated code once, without our warnings. Imports are written from the root of the repository.
function(thalweg_proto)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME" "SRCS;DEPS")
  set(target thalweg_${arg_NAME})
  file(RELATIVE_PATH folder ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  set(generated)
  foreach(source IN LISTS arg_SRCS)
    string(REGEX REPLACE "\\.proto$" "" stem ${source})
    set(out ${THALWEG_GENERATED_DIR}/${folder}/${stem}.pb)
    add_custom_command(
      OUTPUT ${out}.cc ${out}.h
      COMMAND ${CMAKE_COMMAND} -E make_directory ${THALWEG_GENERATED_DIR}
      COMMAND protobuf::protoc --proto_path=${PROJECT_SOURCE_DIR} --cpp_out=${THALWEG_GENERATED_DIR}
              ${folder}/${source}
      DEPENDS ${arg_SRCS}
      VERBATIM)
    list(APPEND generated ${out}.cc ${out}.h)
  endforeach()
  add_library(${target} ${generated})
  target_compile_options(${target} PRIVATE -w)
  target_include_directories(${target} SYSTEM PUBLIC ${THALWEG_GENERATED_DIR})
  target_link_libraries(${target} PUBLIC thalweg_options protobuf::libprotobuf ${arg_DEPS})
  add_library(thalweg::${arg_NAME} ALIAS ${target})
endfunction()

# One GoogleTest program is one ctest entry. SRCS is <name>.cc unless given, LABEL is unit or slow, and the program is
# ended after BUDGET seconds (sanitizers get six times as long). `tools/test.sh` prints times beside budgets.
function(thalweg_test name)
  if(NOT THALWEG_TESTS)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LABEL;BUDGET" "SRCS;DEPS;ARGS")
  if(NOT arg_SRCS)
    set(arg_SRCS ${name}.cc)
  endif()
  if(NOT arg_LABEL)
    set(arg_LABEL unit)
  endif()
  if(NOT arg_BUDGET)
    set(arg_BUDGET 10)
  endif()
  if(THALWEG_SANITIZE)
    math(EXPR arg_BUDGET "${arg_BUDGET} * 6")
  endif()
  add_executable(${name} ${arg_SRCS})
  target_link_libraries(${name} PRIVATE thalweg_options ${arg_DEPS} GTest::gmock GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name} ${arg_ARGS})
  thalweg_test_properties(${name} LABEL ${arg_LABEL} BUDGET ${arg_BUDGET})
endfunction()

# Label, time budget and environment of a ctest entry, for those that are not GoogleTest programs too.
function(thalweg_test_properties name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LABEL;BUDGET" "")
  set_tests_properties(
    ${name}
    PROPERTIES LABELS ${arg_LABEL}
               TIMEOUT ${arg_BUDGET}
               ENVIRONMENT "TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tools/tsan.supp")
endfunction()

# A Google Benchmark program; `make microbench` builds them all through the target `benches`.
function(thalweg_bench name)
  if(NOT THALWEG_BENCH)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SRCS;DEPS")
  if(NOT arg_SRCS)
    set(arg_SRCS ${name}.cc)
  endif()
  add_executable(${name} ${arg_SRCS})
  target_link_libraries(${name} PRIVATE thalweg_options ${arg_DEPS} benchmark::benchmark benchmark::benchmark_main)
  add_dependencies(benches ${name})
endfunction()

# LLVMFuzzerTestOneInput in <name>.cc. A fuzzing build links libFuzzer (target `fuzzers`, `make fuzz`); any other build
# replays the kept corpus as a test.
function(thalweg_fuzzer name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SRCS;DEPS")
  if(NOT arg_SRCS)
    set(arg_SRCS ${name}.cc)
  endif()
  if(THALWEG_FUZZ)
    add_executable(${name} ${arg_SRCS})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    add_dependencies(fuzzers ${name})
  elseif(THALWEG_TESTS)
    add_executable(${name} ${arg_SRCS} ${PROJECT_SOURCE_DIR}/tests/fuzz/replay.cc)
    add_test(NAME ${name} COMMAND ${name} ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
    thalweg_test_properties(${name} LABEL unit BUDGET 20)
  else()
    return()
  endif()
  target_link_libraries(${name} PRIVATE thalweg_options ${arg_DEPS})
endfunction()

if(THALWEG_TESTS)
  enable_testing()
endif()
add_custom_target(benches)
add_custom_target(fuzzers)
