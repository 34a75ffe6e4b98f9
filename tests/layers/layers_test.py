#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The layer rule's own test: each kind of mistake is found, and what is allowed is not."""
import unittest

import layers

PAGE = """
before
<!-- layers:begin -->
| folder | holds | may include (directly) |
| --- | --- | --- |
| `base/` | ids | std, absl |
| `runtime/` | steps | base |
| `connectors/` | files | base, runtime/{connector,time} |
| `client/` | API | base |
| `client/embedded/` | RunEmbedded | all |
| `tests/` | tests | all |
<!-- layers:end -->
| `elsewhere/` | not part of it | all |
"""
TABLE = layers.read_table(PAGE)


class TableTest(unittest.TestCase):
    def test_reads_the_rows_between_the_markers(self):
        self.assertEqual(TABLE["connectors"], ["base", "runtime/connector", "runtime/time"])
        self.assertIsNone(TABLE["tests"])
        self.assertNotIn("elsewhere", TABLE)


class CheckTest(unittest.TestCase):
    def expect(self, sources, mistakes):
        self.assertEqual(mistakes, layers.check(sources, TABLE))

    def test_own_folder_and_allowed_folders_pass(self):
        self.expect({"runtime/task/a.h": '#include <vector>\n#include "base/id.h"\n#include "runtime/time/b.h"\n',
                     "connectors/file/c.cc": '#include "runtime/connector/d.h"\n#include "absl/status/status.h"\n'},
                    [])

    def test_another_folder_is_refused_with_its_place(self):
        self.expect({"base/a.h": '// c\n#include "runtime/b.h"\n'},
                    ["base/a.h:2: base/ may not include runtime/b.h"])

    def test_a_sub_folder_that_is_not_named_is_refused(self):
        self.expect({"connectors/a.cc": '#include "runtime/task/b.h"\n'},
                    ["connectors/a.cc:1: connectors/ may not include runtime/task/b.h"])

    def test_the_longest_row_counts(self):
        self.expect({"client/embedded/a.cc": '#include "runtime/task/b.h"\n'}, [])
        self.expect({"client/a.cc": '#include "runtime/task/b.h"\n'},
                    ["client/a.cc:1: client/ may not include runtime/task/b.h"])

    def test_only_tests_beside_the_code_may_use_the_fixtures(self):
        self.expect({"base/a_test.cc": '#include "tests/testing/sim.h"\n'}, [])
        self.expect({"base/a.cc": '#include "tests/testing/sim.h"\n'},
                    ["base/a.cc:1: base/ may not include tests/testing/sim.h"])

    def test_what_tests_share_counts_as_a_test_and_stays_among_them(self):
        self.expect({"base/a_test_util.h": '#include "tests/testing/sim.h"\n',
                     "base/a_test.cc": '#include "base/a_test_util.h"\n'}, [])
        self.expect({"base/a.cc": '#include "base/a_test_util.h"\n'},
                    ["base/a.cc:1: only tests may include base/a_test_util.h"])

    def test_a_cycle_of_folders_is_found_but_not_through_tests(self):
        self.expect({"runtime/a/x.h": '#include "runtime/b/y.h"\n', "runtime/b/y.h": '#include "runtime/a/z.h"\n'},
                    ["folders include each other: runtime/a -> runtime/b -> runtime/a"])
        self.expect({"runtime/a/x.h": '#include "runtime/b/y.h"\n',
                     "runtime/b/y_test.cc": '#include "runtime/a/x.h"\n'}, [])

    def test_a_folder_without_a_row_is_refused(self):
        self.expect({"new/a.h": ""}, ["new/a.h: its folder has no row in the table of docs/architecture.md"])

    def test_includes_that_stand_twice_or_start_elsewhere_are_refused(self):
        self.expect({"base/a.h": "", "base/a.cc": '#include "base/a.h"\n#include "base/a.h"\n'},
                    ["base/a.cc:2: base/a.h is included twice"])
        self.expect({"base/a.h": "", "base/a.cc": '#include "a.h"\n'},
                    ["base/a.cc:1: write base/a.h: includes start at the root of the repository"])
        self.expect({"base/a.h": "", "base/a.cc": "#include <base/a.h>\n"},
                    ["base/a.cc:1: base/a.h is ours: write it in quotes"])


if __name__ == "__main__":
    unittest.main()
