# SPDX-License-Identifier: Apache-2.0
# A thin front for CMake presets and tools/; each target installs the Debian packages that it needs.
SEEDS ?= 3000
SEED ?= 1
JOBS ?= $(shell nproc)
install := tools/install-packages.sh

.PHONY: release demo test bench microbench check asan tsan clang fuzz sim mutants fault fresh

release:  ## Builds into build/release.
	$(install) build
	cmake --preset release
	cmake --build --preset release -j $(JOBS)

demo:  ## Runs examples/flights.sql on real data.
	$(install) build
	cmake --preset release
	cmake --build --preset release -j $(JOBS) --target thalweg
	rm -rf build/demo
	build/release/thalweg run examples/flights.sql

test:  ## Builds into build/dev and runs every test.
	$(install) build
	cmake --preset dev
	cmake --build --preset dev -j $(JOBS)
	tools/test.sh build/dev

bench:  ## Measures whole jobs against bare loops into build/bench.json; ONLY=join for one of them.
	$(install) build
	cmake --preset release
	cmake --build --preset release -j $(JOBS) --target bench_jobs
	build/release/bin/bench_jobs --out=build/bench.json $(if $(ONLY),--only=$(ONLY))

microbench:  ## Runs every benchmark program that stands beside the code.
	$(install) build
	cmake --preset release
	cmake --build --preset release -j $(JOBS) --target benches
	for bench in build/release/bin/*_bench; do $$bench || exit 1; done

check:  ## Format, lint, layer rule, duplicate includes; ALL=1 looks at every file.
	$(install) build check
	tools/check.sh $(if $(ALL),--all)

asan tsan:  ## Every test under the address and undefined behaviour, or the thread sanitizer.
	$(install) build
	cmake --preset $@
	cmake --build --preset $@ -j $(JOBS)
	tools/test.sh build/$@

clang:  ## Every test built by clang with thread-safety analysis; every header on its own.
	$(install) build check
	cmake --preset clang
	cmake --build --preset clang -j $(JOBS)
	tools/test.sh build/clang

fuzz:  ## Every fuzzer for SECONDS_EACH=60.
	$(install) build check
	cmake --preset fuzz
	cmake --build --preset fuzz -j $(JOBS)
	tools/fuzz.sh build/fuzz

sim:  ## SEEDS runs of the simulated cluster.
	$(install) build
	cmake --preset dev
	cmake --build --preset dev -j $(JOBS) --target sim
	build/dev/bin/sim --seeds=$(SEEDS)

mutants:  ## Which oracle of the simulated cluster catches which deliberate mistake.
	$(install) build
	cmake --preset dev
	cmake --build --preset dev -j $(JOBS) --target sim
	build/dev/bin/sim --mutants --seeds=$(SEEDS)

fault:  ## Kills and stops of real processes; SEED=N chooses which. Writes build/fault.json.
	$(install) build
	cmake --preset dev
	cmake --build --preset dev -j $(JOBS) --target thalweg
	tests/fault/process_faults.py build/dev/thalweg --seed $(SEED) --worker-kills 20 --coordinator-kills 5 \
		--worker-stops 3 --report build/fault.json

fresh:  ## The README's commands in a new Debian 12 root.
	$(install) fresh
	tools/fresh.sh
