"""The tables of a run: printed, as JSON, and in docs/attacks.md between marks.

    tests/attack/report.py check|write FILE

`check` compares the document with the cases as they are described, all with the
result that they must have; `write` brings its text up to date and keeps the
results that are there. A run writes the results of what it ran, so what
the document says of a case is from the last run of that case."""

import json
import os
import re
import sys

if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(
        os.path.abspath(__file__)))))
    sys.path.insert(0, os.path.join(sys.path[0], "tools"))

from tests.attack import cases, witnesses  # noqa: E402

DOCUMENT = os.path.join(cases.ROOT, "docs", "attacks.md")
NOT_RUN = "not run"
MARK = "<!-- {}: written by `make attack` -->\n"
END = "<!-- end -->\n"


def row_of(case, mutation=None):
    row = {"case": case.case, "rule": case.rule, "tries": case.tries,
           "witness": ", ".join(case.witness), "result": cases.ERROR}
    if mutation:
        row.update(mutation=mutation, witness=case.witness[-1],
                   rule=cases.load_mutations()[mutation]["rule"])
    return row


def key_of(row):
    return row["case"], row.get("mutation", "")


def all_rows():
    """The rows of a run of everything, in their order, as they must end."""
    found = []
    for case in cases.load():
        found.append(dict(row_of(case), result=case.expected))
    for name in cases.load_mutations():
        for case in cases.load():
            if name in case.mutations:
                found.append(dict(row_of(case, name), result=cases.BREACHED))
    return found


# As text

def attack_cells(row):
    return [row["case"], row["rule"], row["tries"], row["witness"],
            row["result"]]


def mutation_cells(row):
    told = cases.load_mutations()[row["mutation"]]
    return [row["rule"], row["mutation"], told["leaves_out"], row["case"],
            row["witness"], row["result"]]


ATTACKS = ["case", "rule", "tries", "witness", "result"], attack_cells
MUTATIONS = (["rule", "mutation", "leaves out", "attack", "witness", "result"],
             mutation_cells)


def tables(rows):
    """(heading, cells) of the attacks' table and of the mutations'."""
    for (heading, cells), mutated in ((ATTACKS, False), (MUTATIONS, True)):
        chosen = [cells(r) for r in rows if ("mutation" in r) == mutated]
        if chosen:
            yield heading, chosen


def plain(rows):
    lines = []
    for heading, cells in tables(rows):
        table = [heading] + cells
        widths = [max(len(r[i]) for r in table) for i in range(len(heading))]
        lines += ["  ".join(t.ljust(w) for t, w in zip(r, widths)).rstrip()
                  for r in table] + [""]
    return lines[:-1]


def markdown(heading, cells):
    quoted = [["|" if c is None else str(c).replace("|", "\\|") for c in row]
              for row in cells]
    return "".join("| " + " | ".join(row) + " |\n" for row in
                   [heading, ["---"] * len(heading)] + quoted)


def witness_table():
    used = {}
    for case in cases.load():
        for name in case.witness:
            told = witnesses.by_name(case, name).__doc__.split("\n")[0]
            used[name, told] = None
    return markdown(["witness", "asks"], [list(k) for k in sorted(used)])


# The document

def results_in(text):
    """{key: result} as the document has it."""
    found = {}
    for line in text.split("\n"):
        cells = [c.strip() for c in line.strip("|").split(" | ")]
        if re.fullmatch(r"R\d+", cells[0]) and len(cells) == 6:
            found[cells[3], cells[1]] = cells[5]
        elif len(cells) == 5 and re.fullmatch(r"R\d+", cells[1]):
            found[cells[0], ""] = cells[4]
    return found


def document(text, results):
    """The text with its generated parts anew."""
    rows = [dict(r, result=results.get(key_of(r), NOT_RUN)) for r in all_rows()]
    attacks, mutations = (
        markdown(heading, [cells(r) for r in rows if ("mutation" in r) == m])
        for (heading, cells), m in ((ATTACKS, False), (MUTATIONS, True)))
    for name, part in (("attacks", attacks), ("witnesses", witness_table()),
                       ("mutations", mutations)):
        start = text.index(MARK.format(name)) + len(MARK.format(name))
        text = text[:start] + part + text[text.index(END, start):]
    return text


def write_document(path, rows=()):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    results = results_in(text)
    results.update({key_of(r): r["result"] for r in rows})
    new = document(text, results)
    if new != text:
        with open(path, "w", encoding="utf-8") as f:
            f.write(new)


def in_order(rows):
    place = {key_of(r): i for i, r in enumerate(all_rows())}
    return sorted(rows, key=lambda r: place[key_of(r)])


def write_json(path, rows):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        json.dump(rows, f, indent=2)
        f.write("\n")


def main():
    what, path = sys.argv[1:]
    if what == "write":
        write_document(path)
        return
    with open(path, encoding="utf-8") as f:
        text = f.read()
    wanted = document(text, {key_of(r): r["result"] for r in all_rows()})
    if text != wanted:
        wrong = [b for a, b in zip(text.split("\n"), wanted.split("\n"))
                 if a != b][:1]
        sys.exit(f"{path} does not agree with tests/attack (`make attack` "
                 f"writes it), first at: {wrong}")


if __name__ == "__main__":
    main()
