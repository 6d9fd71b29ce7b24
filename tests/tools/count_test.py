#!/usr/bin/env python3
"""midden-count against coreutils on real text, under both backends, and its bad input.

    tr A-Z a-z | tr -cs a-z '\\n' | sort | uniq -c     must find the same words as often
"""
import os
import pathlib
import subprocess
import sys
import tempfile

program = sys.argv[1]
environment = {**os.environ, 'LC_ALL': 'C'}
environment.pop('MIDDEN_MAP', None)
cases = []


def case(name):
    def add(test):
        cases.append((name, test))
        return test
    return add


def run(*arguments, text=None, **more):
    return subprocess.run([program, *map(str, arguments)], input=text, capture_output=True,
                          env=environment | more, check=False)


def require(condition, message):
    if not condition:
        raise AssertionError(message)


def licences():
    folder = pathlib.Path('/usr/share/common-licenses')
    files = sorted(path for path in folder.glob('*') if path.is_file())
    if not files:  # a system without Debian's licence texts
        files = [pathlib.Path(__file__)]
    return files


def expected(files):
    pipeline = "cat \"$@\" | tr A-Z a-z | tr -cs a-z '\\n' | sed '/^$/d' | sort | uniq -c"
    lines = subprocess.run(['sh', '-c', pipeline, 'sh', *map(str, files)], capture_output=True, env=environment,
                           check=True).stdout.decode().splitlines()
    counts = {}
    for line in lines:
        number, word = line.split()
        counts[word] = int(number)
    return counts


def counted(output):
    counts = {}
    for line in output.decode().splitlines():
        fields = line.split()
        if len(fields) != 2 or not fields[0].isdigit():
            break
        counts[fields[1]] = int(fields[0])
    return counts


for backend in ['hash', 'skiplist']:
    @case(f'counts as coreutils do: {backend}')
    def _(backend=backend):
        files = licences()
        result = run('--backend', backend, '--top', 1000000, '--collect-every', 1, *files)
        require(result.returncode == 0, result.stderr.decode())
        want = expected(files)
        require(counted(result.stdout) == want, 'the counts differ')
        summary = f'{sum(want.values())} words, {len(want)} of them different; map backend: {backend}'
        require(summary in result.stdout.decode(), f'no summary: {summary}')
        require('pause' in result.stdout.decode(), 'no pause table')


for backend in ['hash', 'skiplist']:
    @case(f'counts the same under stress and verification: {backend}')
    def _(backend=backend):
        files = licences()[:3]
        result = run('--backend', backend, '--top', 1000000, *files, MIDDEN_CHECK='1',
                     MIDDEN_STRESS='alloc:7,safepoint:50,root:50')
        require(result.returncode == 0, result.stderr.decode())
        require(counted(result.stdout) == expected(files), 'the counts differ')


@case('words that are cut between two reads are whole')
def _():
    text = b'x' * 65535 + b'Alpha ' + b'y' * 200000
    counts = counted(run('--top', 10, text=text).stdout)
    require(counts == {'x' * 65535 + 'alpha': 1, 'y' * 200000: 1}, 'words were cut')


@case('the environment chooses the backend')
def _():
    require(b'map backend: skiplist' in run(text=b'a b', MIDDEN_MAP='skiplist').stdout, 'MIDDEN_MAP was not heard')


@case('no text is no words')
def _():
    require(b'0 words, 0 of them different' in run(text=b'').stdout, 'wrong summary')


def refused(culprit, *arguments, status=1, **more):
    result = run(*arguments, text=b'a', **more)
    require(result.returncode == status, f'exit {result.returncode}, not {status}')
    require(culprit.encode() in result.stderr + result.stdout, f'{culprit} is not named: {result.stderr}')


@case('a missing file is named')
def _():
    refused('/nowhere/text', '/nowhere/text')


@case('a folder is named')
def _():
    with tempfile.TemporaryDirectory() as folder:
        refused(folder, folder)


@case('an unknown backend is named')
def _():
    refused('btree', '--backend', 'btree')
    refused('btree', MIDDEN_MAP='btree')


@case('sizes that make no sense are named')
def _():
    refused('--top', '--top', '0', status=2)
    refused('--top', '--top', '-3', status=2)
    refused('--collect-every', '--collect-every', 'often', status=2)


@case('input that cannot be read is not empty input')
def _():
    with tempfile.TemporaryDirectory() as folder:
        for command, culprit in [(f'"$0" <{folder}', 'standard input: Is a directory'),
                                 ('"$0" <&-', 'standard input: Bad file descriptor')]:
            result = subprocess.run(['sh', '-c', command, program], capture_output=True, env=environment, check=False)
            require(result.returncode == 1, f'exit {result.returncode}')
            require(culprit.encode() in result.stderr, f'{culprit} is not named: {result.stderr}')


@case('output that cannot be written is an error')
def _():
    for command in ['echo a | "$0" >/dev/full', 'echo a | "$0" >&-']:
        result = subprocess.run(['sh', '-c', command, program], capture_output=True, env=environment, check=False)
        require(result.returncode == 1, f'exit {result.returncode}')
        require(b'standard output' in result.stderr, result.stderr.decode())


@case('a word that no map holds is named by its file')
def _():
    with tempfile.NamedTemporaryFile() as file:
        file.write(b'a' * (1 << 24))
        file.flush()
        for backend in ['hash', 'skiplist']:
            refused(file.name, '--backend', backend, file.name)


@case('a heap limit that is too small is named')
def _():
    refused('MIDDEN_HEAP_MAX', MIDDEN_HEAP_MAX='1000')


print(f'1..{len(cases)}')
status = 0
for number, (name, test) in enumerate(cases, 1):
    try:
        test()
        print(f'ok {number} - {name}', flush=True)
    except AssertionError as error:
        status = 1
        print(f'not ok {number} - {name}\n# {error}', flush=True)
sys.exit(status)
