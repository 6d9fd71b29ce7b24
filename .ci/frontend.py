#!/usr/bin/env python3
"""Lets the compiler of a build read sources that the build left out, and fails where it warns.

    frontend.py BUILD FOLDER...      sources of the build's compile_commands.json in those folders

Code is not generated, which is what takes most of the time; warnings of clang come before that. JOBS limits how
many compilers run at a time.
"""
import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess
import sys

TAKES_ONE = {'-include-pch', '-MQ', '-MF', '-o'}
ALONE = {'-MD', '-Winvalid-pch'}


def reading(command):
    words, result = iter(shlex.split(command)), []
    for word in words:
        if word in TAKES_ONE:
            next(words)
        elif word not in ALONE:
            result.append(word)
    return result + ['-fsyntax-only']


def main():
    build, folders = pathlib.Path(sys.argv[1]), sys.argv[2:]
    root = pathlib.Path.cwd()
    entries = {}
    for entry in json.loads((build / 'compile_commands.json').read_text()):
        source = (pathlib.Path(entry['directory']) / entry['file']).resolve()
        if any(source.is_relative_to(root / folder) for folder in folders):
            entries[source] = entry
    if not entries:
        sys.exit(f'no sources of {", ".join(folders)} in {build}')

    def read(source):
        entry = entries[source]
        return subprocess.run(reading(entry['command']), cwd=entry['directory'], capture_output=True, text=True)

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get('JOBS', os.cpu_count()))) as pool:
        for source, result in zip(entries, pool.map(read, entries)):
            if result.returncode != 0:
                failed += 1
                print(f'{source.relative_to(root)}:\n{result.stdout}{result.stderr}')
    print(f'{len(entries) - failed} of {len(entries)} sources are without warnings')
    sys.exit(failed != 0)


main()
