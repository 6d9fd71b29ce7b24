#!/usr/bin/env python3
"""Compiles the programs in this folder, which a compiler must refuse.

    refuse.py COMPILER ARGUMENT...

The first line of a program says what is expected of it:

    // refuse: TEXT    it must not compile, and the compiler's message must contain TEXT
    // accept          it must compile: shows that the others are not refused for some other cause

One line of TAP for each. The last one judges a program that compiles as if it should not, which
must be noticed: without that, a broken judge would pass everything.
"""
import concurrent.futures
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / 'support'))
from tap import tell_all  # noqa: E402


def judge(command, program, expected):
    """What is wrong, or an empty string."""
    done = subprocess.run([*command, '-fsyntax-only', str(program)], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if expected == '// accept':
        return '' if done.returncode == 0 else 'does not compile:\n' + done.stdout
    text = expected.removeprefix('// refuse: ').strip()
    if text == expected.strip() or not text:
        return 'its first line is neither "// refuse: TEXT" nor "// accept"'
    if done.returncode == 0:
        return 'compiles'
    return '' if text in done.stdout else f'the message does not contain "{text}":\n' + done.stdout


def main():
    command = sys.argv[1:]
    folder = pathlib.Path(__file__).parent
    jobs = [(p.stem, p, p.read_text().split('\n', 1)[0]) for p in sorted(folder.glob('*.cpp'))]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        faults = list(pool.map(lambda job: judge(command, *job[1:]), jobs))
    missed = judge(command, folder / 'control_ok.cpp', '// refuse: anything')
    results = [(name, fault) for (name, _, _), fault in zip(jobs, faults)]
    results.append(('the judge notices a program that compiles', '' if missed == 'compiles' else missed or 'it does not'))
    return tell_all(results)


if __name__ == '__main__':
    sys.exit(main())
