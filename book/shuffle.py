#!/usr/bin/env python3
"""Draws the shuffle of a job of lab 4: book/shuffle.py INPUT SPLIT_SIZE OUT [FILE], or one intermediate file of it.

OUT is the folder that `mr run --app wc --keep` has left; everything in the figure is read from its files and INPUT, and a
figure whose sides do not agree is an error. With FILE, the pairs of this file of OUT, byte by byte.
"""

import pathlib
import sys
from collections import Counter


def splits(lines, size):
    """The lines of each split (rule A1)."""
    found, split = [], []
    for line in lines:
        split.append(line)
        if sum(map(len, split)) >= size:
            found.append(split)
            split = []
    return found + ([split] if split else [])


def pairs(content):
    """The pairs of an intermediate file (rule C2), and for each the bytes of which it is made."""
    while content:
        key, value = (int.from_bytes(content[at : at + 4], "big") for at in (0, 4))
        parts = [content[:4], content[4:8], content[8 : 8 + key], content[8 + key : 8 + key + value]]
        content = content[8 + key + value :]
        yield parts[2].decode(), int.from_bytes(parts[3], "big"), parts


def byte_by_byte(path):
    print("length of key  length of value  key                     value")
    for key, value, parts in pairs(path.read_bytes()):
        lengths, rest = parts[:2], parts[2:]
        columns = [part.hex(" ") for part in lengths] + [f'{rest[0].hex(" ")} "{key}"', f'{rest[1].hex(" ")} {value}']
        print(f"{columns[0]:15}{columns[1]:17}{columns[2]:24}{columns[3]}")


def figure(tasks, files, outputs):
    """Draws rows of (label, name of a file, pair, bracket, output), and the lines that lead from each map task to its files."""
    rows, ends = [("map tasks", "partitions", "", "", "reduce tasks")], {}
    for reduce, output in enumerate(outputs):
        rows.append(("", f"partition {reduce}", "", "", ""))
        beside = [f"reduce task {reduce}", "key    values  result", *output]
        for number, task in enumerate(tasks):
            ends[number, reduce] = len(rows)
            pairs_here, labels = files[number, reduce] or ["(nothing)"], task if reduce == 0 else []
            is_last = number == len(tasks) - 1
            height = max(len(pairs_here), len(labels), len(beside) if is_last else 0)
            for line in range(height):
                name = f"mr-{number}-{reduce}" if line == 0 else ""
                bracket = braces(number == 0, is_last, line == 0)
                rows.append((at(labels, line), name, at(pairs_here, line), bracket, beside.pop(0) if beside else ""))
        if reduce < len(outputs) - 1:
            rows.append(("", "", "", "", ""))
    return drawn(rows, ends, len(tasks), len(outputs))


def braces(is_first, is_last, begins):
    """The piece of the line that leads from all files of a partition to the reduce task."""
    if not begins:
        return "" if is_last else " │"
    if is_first:
        return "───>" if is_last else "─┬─>"
    return "─┘" if is_last else "─┤"


def at(texts, place):
    return texts[place] if place < len(texts) else ""


def drawn(rows, ends, maps, reduces):
    left, pair_width = max(len(row[0]) for row in rows) + 2, max(len(row[2]) for row in rows)
    for place, (label, name, pair, bracket, output) in enumerate(rows):
        here = next((end for end in ends if ends[end] == place), None)
        line = label + " "
        for column in range(len(line), left + 2 * maps):
            lane, is_lane = divmod(column - left, 2)[0], column >= left and (column - left) % 2 == 0
            across = here is not None and (here[1] == 0 or column > left + 2 * here[0])
            comes = here is not None and is_lane and here[0] == lane
            above = is_lane and ends[lane, 0] < place <= ends[lane, reduces - 1]
            below = is_lane and ends[lane, 0] <= place < ends[lane, reduces - 1]
            line += corner(above, below, across, comes)
        line += "> " if here is not None else "  "
        if name.startswith("partition"):
            line += name + " " * (9 + pair_width - len(name))
        else:
            line += f"{name:8} {pair:{pair_width}}"
        yield f"{line} {bracket:4} {output}".rstrip()


def corner(above, below, across, comes):
    if comes:
        return {(False, True): "┬", (True, True): "├", (True, False): "└"}.get((above, below), "─")
    if across:
        return "┼" if above and below else "─"
    return "│" if above and below else " "


def main():
    source, size, out = pathlib.Path(sys.argv[1]), int(sys.argv[2]), pathlib.Path(sys.argv[3])
    if len(sys.argv) > 4:
        return byte_by_byte(out / sys.argv[4])
    tasks = splits(source.read_text().splitlines(keepends=True), size)
    reduces = int((out / "done").read_text())
    words = {path.name: list(pairs(path.read_bytes())) for path in out.glob("mr-*")}
    assert set(words) == {f"mr-{m}-{r}" for m in range(len(tasks)) for r in range(reduces)}, sorted(words)
    for number, task in enumerate(tasks):
        counted = Counter({key: value for r in range(reduces) for key, value, _ in words[f"mr-{number}-{r}"]})
        assert counted == Counter("".join(task).split()), number
    outputs = []
    for reduce in range(reduces):
        partition = [words[f"mr-{m}-{reduce}"] for m in range(len(tasks))]
        outputs.append(results(out / f"out-{reduce}", partition))
    labels = []
    for number, task in enumerate(tasks):
        labels.append([f"{' ' if place else number}  {line.strip()}" for place, line in enumerate(task)])
    files = {}
    for name, found in words.items():
        files[tuple(map(int, name.split("-")[1:]))] = [f"{key} {value}" for key, value, _ in found]
    print("\n".join(figure(labels, files, outputs)))


def results(output, partition):
    """The lines of an output, with the values of each key in the files of its partition, whose sum the result must be."""
    lines = []
    for line in output.read_text().splitlines():
        key, result = line.split("\t")
        values = [value for file in partition for other, value, _ in file if other == key]
        assert sum(values) == int(result), line
        lines.append(f"{key:6} {str(values):7} {result}")
    return lines


main()
