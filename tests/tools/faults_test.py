#!/usr/bin/env python3
"""Each defect that the library can be built with is found by midden-stress, within half a minute.

    faults_test.py MIDDEN_STRESS        of a build with -Dfaults=true; prints TAP

A line says which scenario found it, after how many operations; tools/stress/README.md has the table.
"""
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / 'support'))
from tap import without_settings  # noqa: E402

PROGRAM = sys.argv[1]
SEED = '1'
BUDGET = '30'    # seconds
PATIENCE = '15'  # a defect may make a scenario hang

# Who is to find it.
SCENARIO = {
    'thread-roots': 'graph', 'task-roots': 'roots', 'global-roots': 'roots', 'host-roots': 'roots',
    'root-window': 'roots', 'pin-ignored': 'roots', 'stolen-mark': 'graph', 'full-stack': 'graph',
    'array-half': 'graph', 'array-end': 'graph', 'swept-alive': 'graph', 'unswept': 'graph', 'size-class': 'graph',
    'not-zeroed': 'graph', 'weak-late': 'weak', 'weak-early': 'weak', 'cleanup-argument': 'weak',
    'cleanup-lost': 'weak', 'destructor-freed': 'weak', 'early-stop': 'threads', 'early-resume': 'threads', 'grace-ignored': 'threads',
    'grace-wraps': 'threads', 'bucket-unscanned': 'maps', 'old-unscanned': 'maps', 'evacuation': 'maps', 'column-early': 'concurrent-maps',
    'node-early': 'concurrent-maps', 'version-pruned': 'concurrent-maps', 'stale-cursor': 'maps',
    'shown-freed': 'maps', 'slice-unshared': 'slices', 'rebuild-lost': 'maps',
}


def run(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=180, env=without_settings())


def operations_until_found(defect, scenario):
    """None where it was not found."""
    result = run('--break', defect, '--scenario', scenario, '--seed', SEED, '--seconds', BUDGET, '--patience', PATIENCE,
                 '--shorten', '0')
    if result.returncode != 1 or f'FAILED {scenario}: ' not in result.stdout:
        return None
    before = re.search(rf'{scenario} +\d+ rounds +(\d+) operations', result.stdout)
    return int(before[1]) + int(re.search(r', operation (\d+);', result.stdout)[1]) + 1


def main():
    known = re.search(r'--break TEXT:\{([a-z,-]+)\}', run('--help').stdout)
    if known is None:
        sys.exit('this build has no defects: configure with -Dfaults=true')
    names = known[1].split(',')
    print(f'1..{len(names) + 1}')
    failed = set(names) != set(SCENARIO) or len(names) < 20
    print(f'{"not ok" if failed else "ok"} 1 - each of {len(names)} defects has a scenario that is to find it')
    for number, name in enumerate(names, 2):
        count = operations_until_found(name, SCENARIO[name]) if name in SCENARIO else None
        failed = failed or count is None
        found = f'by {SCENARIO[name]} after {count} operations' if count is not None else f'not found in {BUDGET} s'
        print(f'{"ok" if count is not None else "not ok"} {number} - {name}: {found}', flush=True)
    return failed


sys.exit(main())
