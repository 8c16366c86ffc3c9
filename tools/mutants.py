"""`make mutants`: changes the rules in every small way that mutmut knows; writes docs/reports/mutants.md.

It works on a copy under var/mutants and goes on where it was stopped: what was killed stays killed while its function
is the same, what survived is tried again once a test or another file changed.
"""

import ast
import difflib
import hashlib
import json
import os
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
WORK = ROOT / "var" / "mutants"
TREE = WORK / "tree"
RESULTS = WORK / "results.jsonl"
REASONS = ROOT / "tools" / "mutants.toml"
REPORT = ROOT / "docs" / "reports" / "mutants.md"
KILLERS = ["tests/unit", "tests/property"]
NOTICED = {"killed", "timeout"}
# mutmut leaves decorated functions alone; in the copy these register or wrap the function by a call after it.
UNDONE = {"condition", "_fires", "_excludes", "property", "cached_property"}


@dataclass(frozen=True)
class Mutant:
    """One change; `change` are the lines that it takes out and puts in."""

    key: str
    function: str
    source: str
    file: str
    change: str


def main(arguments: list[str]) -> int:
    _copy()
    mutants = [*_mutants()]
    before, others = _before(), _digest_of_the_rest()
    plan = [each for each in mutants if not _stands(before.get(each.key), each, others)]
    # What was never tried comes before what survived once.
    plan.sort(key=lambda each: _is_of(before.get(each.key), each))
    wanted = [each for each in plan if not arguments or any(word in each.key for word in arguments)]
    print(f"{len(mutants)} mutants, {len(wanted)} to try.", flush=True)
    if wanted:
        _try(wanted, others)
    after = _before()
    found = {each.key: after[each.key] for each in mutants if _is_of(after.get(each.key), each)}
    if len(found) < len(mutants):
        print(f"{len(mutants) - len(found)} not tried yet: run make mutants again.")
        return 1
    REPORT.write_text(_report(mutants, found))
    killed = sum(result["outcome"] in NOTICED for result in found.values())
    print(f"{killed} of {len(mutants)} killed: {killed / len(mutants):.1%}. {REPORT.relative_to(ROOT)}")
    return 0 if killed >= 0.95 * len(mutants) else 1


def _copy() -> None:
    """The files as they are now, without what git ignores."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    names = {name for name in listed.split("\0") if name and (ROOT / name).is_file()}
    for old in [each for each in TREE.rglob("*") if each.is_file() and "__pycache__" not in each.parts]:
        if str(old.relative_to(TREE)) not in names:
            old.unlink()
    for name in names:
        target, content = TREE / name, (ROOT / name).read_bytes()
        if not target.exists() or target.read_bytes() != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)


def _mutants() -> Iterator[Mutant]:
    """Every mutant of the rules, written into the copy."""
    for path in sorted(TREE.glob("*/rules/**/*.py")):
        name, source = str(path.relative_to(TREE)), path.read_text(encoding="utf-8")
        kept = WORK / "generated" / f"{hashlib.sha256(f'{name} {source}'.encode()).hexdigest()[:24]}.json"
        if not kept.exists():
            kept.parent.mkdir(exist_ok=True)
            kept.write_text(json.dumps(_mutated(name, source)), encoding="utf-8")
        code, rows = json.loads(kept.read_text(encoding="utf-8"))
        path.write_text(code, encoding="utf-8")
        yield from (Mutant(**row) for row in rows)


def _mutated(file: str, source: str) -> tuple[str, list[dict[str, str]]]:
    """The module with all its mutants behind trampolines, and what each of them changes."""
    from mutmut.mutation.file_mutation import mutate_file_contents

    os.chdir(ROOT)
    mutated = mutate_file_contents(file, undecorated(source))
    module, lines = file.removesuffix(".py").replace("/", "."), mutated.code.splitlines()
    text = {
        name: [line.replace(name, "f") for line in lines[span.start - 1 : span.end]]
        for name, span in mutated.line_span_by_function_name.items()
    }

    def row(name: str) -> dict[str, str]:
        function = name.partition("__mutmut_")[0]
        return {
            "key": f"{module}.{name}",
            "function": f"{module}.{function}",
            "source": mutated.hash_by_function_name[function],
            "file": file,
            "change": _change(text[f"{function}__mutmut_orig"], text[name]),
        }

    return mutated.code, [row(name) for name in mutated.mutant_names]


def undecorated(source: str) -> str:
    """The same module with registering and wrapping decorators as calls after the function."""
    lines, tree = source.splitlines(), ast.parse(source)
    bodies = [tree.body, *(node.body for node in tree.body if isinstance(node, ast.ClassDef))]
    functions = [node for body in bodies for node in body if isinstance(node, ast.FunctionDef) and node.decorator_list]
    for node in sorted(functions, key=lambda each: each.lineno, reverse=True):
        if not all(_name(each) in UNDONE for each in node.decorator_list):
            continue
        first, last = node.decorator_list[0].lineno - 1, node.end_lineno or node.lineno
        indent, wrapped = " " * node.col_offset, node.name
        for each in reversed(node.decorator_list):
            wrapped = f"{ast.unparse(each)}({wrapped})"
        lines[last:last] = [f"{indent}{node.name} = {wrapped}"]
        del lines[first : node.lineno - 1]
    return "\n".join(lines) + "\n"


def _name(decorator: ast.expr) -> str:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return called.id if isinstance(called, ast.Name) else ""


def _change(old: list[str], new: list[str]) -> str:
    lines = [*difflib.unified_diff(old, new, lineterm="", n=0)][2:]
    return "\n".join(line for line in lines if not line.startswith("@@"))


def _before() -> dict[str, dict[str, str]]:
    """The last outcome of each mutant, by its key."""
    if not RESULTS.exists():
        return {}
    return {(result := json.loads(line))["key"]: result for line in RESULTS.read_text(encoding="utf-8").splitlines()}


def _digest_of_the_rest() -> str:
    """Of the tests that are run, and of what they and the rules read."""
    folders = ["tests/unit", "tests/property", "tests/builders", "tests/vignettes", "protocols/catalogue"]
    files = [file for folder in folders for file in ROOT.glob(f"{folder}/**/*") if file.suffix != ".pyc"]
    rules = [*ROOT.glob("*/rules/**/*.py")]
    content = b"".join(file.read_bytes() for file in sorted([*files, *rules]) if file.is_file())
    return hashlib.sha256(content).hexdigest()[:16]


def _is_of(result: Mapping[str, str] | None, mutant: Mutant) -> bool:
    return result is not None and (result["source"], result["change"]) == (mutant.source, mutant.change)


def _stands(result: Mapping[str, str] | None, mutant: Mutant, others: str) -> bool:
    if result is None or not _is_of(result, mutant):
        return False
    return result["outcome"] in NOTICED or result["others"] == others


def _try(wanted: list[Mutant], others: str) -> None:
    plan = WORK / "plan.json"
    rows = [each.__dict__ | {"others": others} for each in wanted]
    plan.write_text(json.dumps(rows), encoding="utf-8")
    environment = os.environ | {"DEMO": "0", "MUTANTS_PLAN": str(plan), "MUTANTS_RESULTS": str(RESULTS)}
    environment |= {"DATABASE_URL": "", "REDIS_URL": "", "PYTHONPATH": str(TREE)}
    plugins = ["no:cacheprovider", "no:xdist", "no:randomly", "tests.mutants_plugin"]
    # Nobody reads why a test failed, and telling takes longer than failing.
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--tb=no",
        "--assert=plain",
        *KILLERS,
        *(word for name in plugins for word in ("-p", name)),
    ]
    done = subprocess.run(command, cwd=TREE, env=environment, stdin=subprocess.DEVNULL, check=False)
    if done.returncode not in (0, 5):
        raise SystemExit(f"The tests could not be run on the copy (pytest ended with {done.returncode}).")


def _report(mutants: list[Mutant], found: Mapping[str, Mapping[str, str]]) -> str:
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    killed = [each for each in mutants if found[each.key]["outcome"] in NOTICED]
    left = [each for each in mutants if found[each.key]["outcome"] not in NOTICED]
    return "\n".join(
        [
            "# Mutants",
            "",
            f"Written by `make mutants` at commit {commit.strip()}: every function in the rules is changed in every "
            "small way that mutmut knows, and the unit and property tests and the written cases are run until one "
            "notices. Decorated conditions and properties, which mutmut leaves alone, are changed too.",
            "",
            f"**{len(killed)} of {len(mutants)} mutants were killed: {len(killed) / len(mutants):.1%}.**",
            "",
            *_by_file(mutants, found),
            "",
            "## What survived, and why",
            "",
            *_survivors(left),
        ]
    )


def _by_file(mutants: list[Mutant], found: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    yield "| file | mutants | killed | of these by time | survived |"
    yield "|---|---|---|---|---|"
    outcomes: dict[str, Counter[str]] = defaultdict(Counter)
    for each in mutants:
        outcomes[each.file][found[each.key]["outcome"]] += 1
    for file, counted in sorted(outcomes.items()):
        noticed = sum(counted[name] for name in NOTICED)
        yield f"| {file} | {counted.total()} | {noticed} | {counted['timeout']} | {counted.total() - noticed} |"


def _survivors(left: list[Mutant]) -> Iterator[str]:
    reasons = _reasons()
    yield "| function | change | why it stands |"
    yield "|---|---|---|"
    for each in left:
        shown = "<br>".join(f"`{line.replace('|', '¦').replace('`', '´')}`" for line in each.change.splitlines())
        yield f"| {_plain(each.function)} | {shown} | {reasons.get(_reason_key(each), 'not judged yet')} |"


def _plain(function: str) -> str:
    module, _, name = function.rpartition(".")
    return f"{module}.{name.removeprefix('x_').removeprefix('xǁ').replace('ǁ', '.')}"


def _reason_key(mutant: Mutant) -> str:
    return hashlib.sha256(f"{_plain(mutant.function)}\n{mutant.change}".encode()).hexdigest()[:10]


def _reasons() -> dict[str, str]:
    """Why a survivor may stand, by function and change."""
    if not REASONS.exists():
        return {}
    rows = tomllib.loads(REASONS.read_text(encoding="utf-8")).get("survivor", [])
    return {row["key"]: row["why"] for row in rows}


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
