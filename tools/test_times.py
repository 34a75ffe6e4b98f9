#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the time of each test of a build directory's last run beside its budget, and the sum of each label.

usage: test_times.py BUILD_DIRECTORY
"""
import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

# All unit tests together stay below this, so that they are run without a second thought.
UNIT_BUDGET_SECONDS = 60


def properties_of_tests(build):
    """Label and budget by name, as CMake declared them."""
    shown = subprocess.run(
        ["ctest", "--test-dir", build, "--show-only=json-v1"], check=True, capture_output=True, text=True)
    tests = {}
    for test in json.loads(shown.stdout)["tests"]:
        properties = {each["name"]: each["value"] for each in test.get("properties", [])}
        tests[test["name"]] = (properties.get("LABELS", ["-"])[0], properties.get("TIMEOUT", 0))
    return tests


def main():
    build = sys.argv[1]
    junit = os.path.join(build, "junit.xml")
    if not os.path.exists(junit):
        return
    tests = properties_of_tests(build)
    sums = {}
    print("\n%-40s %-6s %10s %10s" % ("test", "label", "seconds", "budget"))
    cases = ElementTree.parse(junit).getroot().iter("testcase")
    for case in sorted(cases, key=lambda case: -float(case.get("time"))):
        label, budget = tests.get(case.get("name"), ("-", 0))
        seconds = float(case.get("time"))
        sums[label] = sums.get(label, 0) + seconds
        print("%-40s %-6s %10.2f %10.0f" % (case.get("name"), label, seconds, budget))
    for label in sorted(sums):
        budget = "%10d" % UNIT_BUDGET_SECONDS if label == "unit" else ""
        print("%-40s %-6s %10.2f %s" % ("sum", label, sums[label], budget))
    print()


if __name__ == "__main__":
    main()
