#!/usr/bin/env python3
"""Roots that a host forgot: which of them MIDDEN_AUDIT_ROOTS finds, by compiler and level of optimisation.

    planted_test.py --include DIR... --library LIB --packages NAME... [--lines]

Compiles planted.cpp with each of g++ and clang++ that is here, at -O0 and -O2, and prints TAP and, as comments, a table
of what was found. `--lines`: the library knows files and lines (libdw).
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / 'support'))
from tap import tell_all  # noqa: E402

HERE = pathlib.Path(__file__).parent

# Name: what must be said of it, in one report. The others of its reports, of what is left over, may say anything.
FOUND = {
    'local': r'thread "main" .*\n  held by +\S*sum_of_local\b',
    'inlined': r'thread "main" .*\n  held by .*(\n +called by .*)*\bsum_of_inlined\b',
    'argument': r'thread "main" .*\n  held by +\S*sum_of_argument\b',
    'this': r'thread "main" .*\n  held by +\S*sum_as_member\b',
    'capture': r'thread "main" .*\n  held by +\S*sum_of_capture\b',
    'array': r'thread "main" .*\n  held by +\S*sum_of_array\b',
    'undeclared': r'Holder@0x[0-9a-f]+ has its address at \+8, where its type declares no reference',
}
# In memory of malloc's, which nobody looks into: it shows where a call has left its address behind only.
BY_CHANCE = 'vector'
# What a root keeps is no suspect.
SILENT = 'rooted'


def reports(text):
    return re.findall(r'^midden: .*(?:\n  .*)*', text, re.MULTILINE)


def judge(name, program, lines):
    """What became of a planted root, and what is wrong with what is said of it."""
    done = subprocess.run([program, name], capture_output=True, text=True, timeout=60)
    told = reports(done.stdout)
    if done.returncode != 0:
        return 'ended', f'ended with {done.returncode}: {done.stderr}'
    if name == SILENT:
        return ('said', done.stdout) if told else ('not said', '')
    if name == BY_CHANCE:
        return 'by chance' if told else 'not found', ''
    return 'found', fault_of(name, told, lines)


def fault_of(name, told, lines):
    fitting = [report for report in told if re.search(FOUND[name], report)]
    if not fitting:
        return f'not found; said: {told}'
    report = fitting[0]
    if not re.search(r'suspect: no root keeps \S*( \S+)?Leaf@0x[0-9a-f]+, which dies in this cycle', report):
        return f'the object is not named: {report}'
    if not re.search(r'\n  allocated by +\S*make_leaf\b', report):
        return f'its allocation is not named: {report}'
    if lines and name != 'undeclared' and not re.search(r'held by .* at \S*planted.cpp:\d+', report):
        return f'no line: {report}'
    levels = r'held by +\S*inner_level at .*\n +called by +\S*outer_level at .*\n +called by +\S*sum_of_inlined at '
    if lines and name == 'inlined' and not re.search(levels, report):
        return f'functions that were put into others are not told: {report}'
    return ''


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--include', nargs='+', required=True)
    parser.add_argument('--library', type=pathlib.Path, required=True)
    parser.add_argument('--packages', nargs='+', required=True)
    parser.add_argument('--lines', action='store_true')
    options = parser.parse_args()

    compilers = [next(filter(shutil.which, names), None) for names in (['g++'], ['clang++', 'clang++-14'])]
    names = [*FOUND, BY_CHANCE, SILENT]
    links = subprocess.run(['pkg-config', '--libs', *options.packages], check=True, capture_output=True,
                           text=True).stdout.split()
    results, table = [], []
    with tempfile.TemporaryDirectory() as folder:
        for compiler in filter(None, compilers):
            for level in '-O0', '-O2':
                program = f'{folder}/{compiler}{level}'
                subprocess.run([compiler, '-std=c++20', level, '-g', *(f'-I{d}' for d in options.include),
                                str(HERE / 'planted.cpp'), '-o', program, str(options.library),
                                f'-Wl,-rpath,{options.library.parent}', *links, '-pthread'], check=True)
                verdicts = [judge(name, program, options.lines) for name in names]
                results += [(f'{compiler} {level}: {name}', fault) for name, (_, fault) in zip(names, verdicts)]
                table.append([f'{compiler} {level}', *('WRONG' if fault else word for word, fault in verdicts)])
    failed = tell_all(results)
    for row in ['', *names], *table:
        print('#', *(f'{cell:<14}' for cell in row))
    return failed


if __name__ == '__main__':
    sys.exit(main())
