#!/usr/bin/env python3
"""midden-stress as its users meet it: what it says, what it refuses, and that a failure is found and told.

    stress_test.py MIDDEN_STRESS        prints TAP
"""
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / 'support'))
from tap import Skip, require, run_tests, test, without_settings  # noqa: E402

PROGRAM = sys.argv[1]


def run(*arguments, **environment):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=120,
                          env={**without_settings(), **environment})


def scenarios():
    text = run('--help').stdout
    return re.findall(r'^  (\S+) +\S', text[text.index('Scenarios:'):], re.MULTILINE)


@test
def help_names_every_scenario_and_option():
    names = scenarios()
    require(len(names) >= 11 and 'graph' in names and 'concurrent-maps' in names, names)
    text = run('--help').stdout
    for option in '--seconds', '--operations', '--threads', '--seed', '--scenario', '--backend', '--no-check', '--shorten', '--patience':
        require(option in text, option)


@test
def every_scenario_plays_a_round_of_a_few_operations():
    result = run('--operations', '40', '--seed', '7')
    require(result.returncode == 0, result.stdout, result.stderr)
    require(result.stdout.startswith('seed 0x7\n'), result.stdout)
    for name in scenarios():
        require(re.search(rf' {name} +1 rounds +\d+ operations', result.stdout), name, result.stdout)


@test
def each_backend_can_be_asked_for_alone():
    for backend in 'hash', 'skiplist':
        result = run('--operations', '60', '--seed', '8', '--scenario', 'maps', '--scenario', 'concurrent-maps',
                     '--backend', backend)
        require(result.returncode == 0, result.stdout, result.stderr)


@test
def a_run_ends_when_its_time_is_up():
    result = run('--seconds', '2', '--scenario', 'graph', '--scenario', 'slices')
    require(result.returncode == 0, result.stdout, result.stderr)
    require(len(re.findall(r'rounds', result.stdout)) == 2, result.stdout)


@test
def what_cannot_be_read_is_refused_by_name():
    for arguments in (['--seconds', '0'], ['--operations', '-1'], ['--threads', '0'], ['--threads', '99'],
                      ['--seed', 'x'], ['--seed', '-1'], ['--seed', '0x1ffffffffffffffff'], ['--scenario', 'none'],
                      ['--backend', 'none'], ['--seconds', '1', '--operations', '1']):
        result = run(*arguments)
        require(result.returncode != 0, arguments)
        require(arguments[0] in result.stderr + result.stdout, arguments, result.stderr)


@test
def nothing_of_the_defects_is_there_in_a_build_without_them():
    if '--break' in run('--help').stdout:
        raise Skip('this build has them')
    require(run('--break', 'array-end').returncode != 0, 'an option that should not be there')
    require(b'the last element of an array' not in pathlib.Path(PROGRAM).read_bytes(), PROGRAM)


@test
def a_failure_is_told_with_what_replays_it_and_made_shorter():
    # Some allocations are refused, which the graph does not expect: it fails at the first of them.
    result = run('--operations', '300', '--seed', '9', '--scenario', 'graph', MIDDEN_STRESS='refuse:50')
    require(result.returncode == 1, result.returncode, result.stdout)
    require('FAILED graph: an exception: midden: out of memory' in result.stdout, result.stdout)
    replay = re.search(r'midden-stress (--scenario graph --seed 0x9 --operations \d+)\n', result.stdout)
    require(replay, result.stdout)
    enough = re.search(r'(\d+) operations of (\d+) are enough, found in \d+ trials:\n', result.stdout)
    require(enough and int(enough[1]) < int(enough[2]), result.stdout)
    told = re.findall(r'^ +\d+  ', result.stdout[enough.end():], re.MULTILINE)
    require(len(told) == int(enough[1]), result.stdout)
    again = run(*replay[1].split(), '--shorten', '0', MIDDEN_STRESS='refuse:50')
    require(again.returncode == 1, again.stdout)
    operation = r'seed 0x9, operation (\d+);'
    require(re.search(operation, again.stdout)[1] == re.search(operation, result.stdout)[1], again.stdout)


@test
def a_thread_that_throws_is_told_as_a_failure():
    result = run('--operations', '50', '--seed', '3', '--scenario', 'pins', MIDDEN_STRESS='refuse:5')
    require(result.returncode == 1, result.stdout)
    require('FAILED pins: an exception: midden: out of memory' in result.stdout, result.stdout)
    require('as far as threads do the same again' in result.stdout, result.stdout)
    require('MIDDEN_STRESS=refuse:5 midden-stress --scenario pins --seed 0x3' in result.stdout, result.stdout)


@test
def the_death_of_the_process_is_told_with_its_operation():
    for killer, name in (signal.SIGSEGV, 'Segmentation fault'), (signal.SIGKILL, 'Killed'):
        program = subprocess.Popen([PROGRAM, '--seconds', '60', '--scenario', 'graph', '--shorten', '0'],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        children = pathlib.Path(f'/proc/{program.pid}/task/{program.pid}/children')
        found = []
        for _ in range(500):
            found = children.read_text().split()
            if found:
                break
            time.sleep(0.02)
        time.sleep(0.5)
        os.kill(int(found[0]), killer)
        output, _ = program.communicate(timeout=60)
        require(program.returncode == 1, output)
        require(f'FAILED graph: the process died of {name}' in output, output)
        # Nothing runs in a process that is killed outright.
        known = r', operation \d+' if killer != signal.SIGKILL else ''
        require(re.search(rf'seed 0x[0-9a-f]+{known}; to replay:', output), output)
        require(('did not say at which operation' in output) == (killer == signal.SIGKILL), output)


sys.exit(run_tests())
