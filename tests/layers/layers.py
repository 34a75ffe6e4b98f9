#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the sources against the layer rule, which is the table between two markers of docs/architecture.md.

Every `#include "..."` of a file must be of its own folder or of one that the folder's row allows; folders form no
cycles; no file includes the same header twice; includes of ours are written from the root of the repository.
Tests and benchmarks beside the code, and what several tests share (*_test_util), may also include tests/testing, and do
not count for cycles; nothing else includes a *_test_util.h.

usage: layers.py REPOSITORY
"""
import os
import re
import sys

MARKERS = ("<!-- layers:begin -->", "<!-- layers:end -->")
FOLDER_COLUMN = "folder"
ALLOWED_COLUMN = "may include"
SKIPPED_FOLDERS = {"build"}
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')


def expand(entry):
    """`runtime/{connector,time}` -> runtime/connector, runtime/time."""
    braces = re.fullmatch(r"([^{}]*)\{([^{}]*)\}([^{}]*)", entry)
    if not braces:
        return [entry]
    before, inside, after = braces.groups()
    return [before + each.strip() + after for each in inside.split(",")]


def split_entries(cell):
    """The cell at its commas outside of braces."""
    return [each.strip(" `/") for each in re.split(r",(?![^{]*\})", cell) if each.strip(" `/")]


def read_table(page):
    """Folder -> list of folders that it may include; None means all."""
    begin, end = (page.index(marker) for marker in MARKERS)
    rows = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in page[begin:end].splitlines()
        if line.startswith("|")
    ]
    head, body = rows[0], rows[2:]
    folder_column = next(i for i, cell in enumerate(head) if cell.startswith(FOLDER_COLUMN))
    allowed_column = next(i for i, cell in enumerate(head) if cell.startswith(ALLOWED_COLUMN))
    table = {}
    for row in body:
        entries = [part for entry in split_entries(row[allowed_column]) for part in expand(entry)]
        table[row[folder_column].strip("`/ ")] = None if entries == ["all"] else entries
    return table


def read_sources(root):
    """Path -> text of every .h and .cc, by paths from the root."""
    sources = {}
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = sorted(s for s in subfolders if s not in SKIPPED_FOLDERS and not s.startswith("."))
        for name in sorted(names):
            if name.endswith((".h", ".cc")):
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8") as file:
                    sources[os.path.relpath(path, root)] = file.read()
    return sources


def is_inside(path, folder):
    return path.startswith(folder + "/")


def row_of(path, table):
    """The longest folder of the table that holds the path."""
    rows = [folder for folder in table if is_inside(path, folder)]
    return max(rows, key=len) if rows else None


def is_test(path):
    return path.endswith(("_test.cc", "_bench.cc", "_test_util.h", "_test_util.cc"))


def find_cycle(graph):
    """A list of folders in which each includes the next and the last is the first, or None."""
    done = set()

    def visit(folder, trail):
        if folder in trail:
            return trail[trail.index(folder):] + [folder]
        if folder in done:
            return None
        for target in sorted(graph.get(folder, ())):
            cycle = visit(target, trail + [folder])
            if cycle:
                return cycle
        done.add(folder)
        return None

    for folder in sorted(graph):
        cycle = visit(folder, [])
        if cycle:
            return cycle
    return None


def may_include(path, target, table):
    row = row_of(path, table)
    allowed = table[row]
    return (
        allowed is None
        or is_inside(target, row)
        or any(is_inside(target, folder) for folder in allowed)
        or (is_test(path) and is_inside(target, "tests/testing"))
    )


def check_file(path, text, sources, table, graph):
    """The mistakes of one file, as lines; adds its folders to the graph."""
    mistakes = []
    tops = {folder.split("/")[0] for folder in table}
    seen = set()
    for number, line in enumerate(text.splitlines(), start=1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quote, target = match.groups()
        place = f"{path}:{number}: "
        if target in seen:
            mistakes.append(place + f"{target} is included twice")
        seen.add(target)
        beside = os.path.normpath(os.path.join(os.path.dirname(path), target))
        if target not in sources and beside in sources:
            mistakes.append(place + f"write {beside}: includes start at the root of the repository")
            target = beside
        if "/" not in target or target.split("/")[0] not in tops:
            continue
        if quote == "<":
            mistakes.append(place + f"{target} is ours: write it in quotes")
        if not may_include(path, target, table):
            mistakes.append(place + f"{row_of(path, table)}/ may not include {target}")
        if target.endswith("_test_util.h") and not is_test(path) and not is_inside(path, "tests"):
            mistakes.append(place + f"only tests may include {target}")
        from_folder, to_folder = os.path.dirname(path), os.path.dirname(target)
        if from_folder != to_folder and not is_test(path):
            graph.setdefault(from_folder, set()).add(to_folder)
    return mistakes


def check(sources, table):
    """All mistakes, as lines."""
    mistakes = []
    graph = {}
    for path, text in sorted(sources.items()):
        if row_of(path, table) is None:
            mistakes.append(f"{path}: its folder has no row in the table of docs/architecture.md")
            continue
        mistakes += check_file(path, text, sources, table, graph)
    cycle = find_cycle(graph)
    if cycle:
        mistakes.append("folders include each other: " + " -> ".join(cycle))
    return mistakes


def main():
    root = sys.argv[1]
    with open(os.path.join(root, "docs/architecture.md"), encoding="utf-8") as file:
        table = read_table(file.read())
    sources = read_sources(root)
    mistakes = check(sources, table)
    print("\n".join(mistakes + [f"{len(sources)} files, {len(mistakes)} mistakes"]))
    return 1 if mistakes or not sources else 0


if __name__ == "__main__":
    sys.exit(main())
