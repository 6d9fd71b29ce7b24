#!/usr/bin/env python3
"""Prints "PASSED FAILED" for one run of `meson test`, from its testlog.json.

A program of Catch2 counts by its test cases, one that prints TAP by its lines, any other as one.
A program that fails counts at least one failure: it may have crashed before it could say so, and what
failed is told: the end of its log alone may be of cases that passed. One that was skipped counts nothing
and is named. A missing log counts nothing.
"""
import json
import pathlib
import re
import sys


LINES = 12  # of each failure that is told


def failures(output):
    """What a program said of each failure: its line, and for Catch2 the case it stands in and what follows."""
    lines, case = output.splitlines(), ''
    for i, line in enumerate(lines):
        if i and i + 1 < len(lines) and lines[i - 1] == lines[i + 1] == '-' * 79:
            case = line
        elif re.search(r': FAILED:|: fatal error|^==\d+==ERROR: |: runtime error: |^WARNING: \w+Sanitizer', line):
            yield [case, *lines[i:i + LINES]]
        elif line.startswith('not ok'):
            yield [line]


def count(test):
    output = test.get('stdout', '')
    all_passed = re.search(r'^All tests passed \(.* in (\d+) test cases?\)', output, re.MULTILINE)
    some = re.search(r'^test cases: *\d+ *\|(.*)$', output, re.MULTILINE)
    tap = re.findall(r'^(not ok|ok)\b', output, re.MULTILINE) if re.search(r'^1\.\.\d+$', output, re.MULTILINE) else []
    passed = failed = 0
    if all_passed:
        passed = int(all_passed[1])
    elif some:
        passed = sum(map(int, re.findall(r'(\d+) passed', some[1])))
        failed = sum(map(int, re.findall(r'(\d+) failed(?! as)', some[1])))
    elif tap:
        passed, failed = tap.count('ok'), tap.count('not ok')
    elif test['result'] == 'OK':
        passed = 1
    if test['result'] == 'SKIP':
        print('   skipped:', test['name'], file=sys.stderr)
    elif test['result'] != 'OK':
        failed = max(failed, 1)
        for told in failures(output + '\n' + test.get('stderr', '')):
            print(*(f'   ! {line}' for line in told), sep='\n', file=sys.stderr)
    return passed, failed


def main():
    log = pathlib.Path(sys.argv[1])
    lines = log.read_text().splitlines() if log.exists() else []
    counts = [count(json.loads(line)) for line in lines]
    print(sum(passed for passed, _ in counts), sum(failed for _, failed in counts))


if __name__ == '__main__':
    main()
