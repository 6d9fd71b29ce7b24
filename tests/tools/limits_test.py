#!/usr/bin/env python3
"""The programs where the system gives less than they want: address space, memory of a control group, room on a disk.

    limits_test.py MIDDEN_BENCH MIDDEN_COUNT MIDDEN_STRESS        prints TAP
"""
import contextlib
import os
import pathlib
import resource
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / 'support'))
from tap import Skip, require, run_tests, test, without_settings  # noqa: E402

BENCH, COUNT, STRESS = sys.argv[1:4]
MIB = 1 << 20
TEXT = pathlib.Path(__file__)


def run(*command, before=None, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **environment):
    return subprocess.run([str(part) for part in command], stdout=stdout, stderr=stderr, text=True, timeout=120,
                          preexec_fn=before, env={**without_settings(), **environment})


def counts(result):
    """What midden-count says of its input, without what it says of its own pauses."""
    return [line for line in result.stdout.splitlines() if len(line.split()) == 2]


def address_space(mib):
    return lambda: resource.setrlimit(resource.RLIMIT_AS, (mib * MIB, mib * MIB))


@contextlib.contextmanager
def control_group(mib):
    """What moves a process into a group that may have so much memory."""
    roots = [(pathlib.Path('/sys/fs/cgroup/memory'), 'memory.limit_in_bytes'),
             (pathlib.Path('/sys/fs/cgroup'), 'memory.max')]
    for root, limit in roots:
        group = root / f'midden-test-{os.getpid()}'
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            try:
                (group / limit).write_text(str(mib * MIB))
            except OSError:
                continue
            yield lambda: (group / 'cgroup.procs').write_text(str(os.getpid()))
            return
        finally:
            for _ in range(100):
                with contextlib.suppress(OSError):
                    group.rmdir()
                    break
                time.sleep(0.02)
    raise Skip('no control group can be made here')


@test
def under_ulimit_v_a_heap_asks_for_less_address_space_and_works():
    free = run(COUNT, TEXT)
    tight = run(COUNT, TEXT, before=address_space(3000))
    require(free.returncode == 0 and tight.returncode == 0, tight.returncode, tight.stderr)
    require(counts(tight) == counts(free) != [], 'the output differs', tight.stdout)


@test
def under_an_ulimit_v_below_the_least_heap_a_program_says_that_it_lacks_address_space():
    result = run(COUNT, TEXT, before=address_space(500))
    require(result.returncode == 1, result.returncode, result.stderr)
    require('out of memory' in result.stderr and 'address range' in result.stderr, result.stderr)


@test
def a_heap_that_wants_more_than_ulimit_v_grants_says_so_and_ends_in_order():
    result = run(BENCH, 'churn', '--subjects', 'midden', '--bytes', '4GiB', '--seconds', '0.1', '--workers', '1',
                 before=address_space(3000))
    require(result.returncode == 1, result.returncode, result.stderr)
    require('out of memory' in result.stderr, result.stderr)


@test
def a_soft_limit_below_that_of_its_control_group_keeps_a_process_alive():
    with control_group(300) as enter:
        # Half a GiB of garbage each second beside 32 MiB that live.
        result = run(BENCH, 'churn', '--subjects', 'midden', '--bytes', '32MiB', '--seconds', '1', before=enter,
                     MIDDEN_MEMORY_LIMIT='150MiB')
        require(result.returncode == 0, result.returncode, result.stderr)


@test
def what_cannot_be_written_to_standard_output_is_an_error():
    for command in [[COUNT, TEXT], [BENCH, 'trees', '--depth', '6', '--subjects', 'midden'],
                    [STRESS, '--operations', '20', '--scenario', 'roots']]:
        with open('/dev/full', 'w') as full:
            result = run(*command, stdout=full)
        require(result.returncode in (1, 2), command[0], result.returncode)
        require('No space left on device' in result.stderr, command[0], result.stderr)


@test
def a_report_that_finds_no_room_is_an_error_that_names_its_file():
    result = run(BENCH, 'trees', '--depth', '6', '--subjects', 'midden', '--json', '/dev/full')
    require(result.returncode == 1 and '/dev/full' in result.stderr, result.returncode, result.stderr)


@test
def lines_of_the_library_that_nobody_can_read_stop_nothing():
    free = run(COUNT, TEXT)
    with open('/dev/full', 'w') as full:
        result = run(COUNT, TEXT, stderr=full, MIDDEN_GCTRACE='1', MIDDEN_STRESS='alloc:100')
    require(result.returncode == 0 and counts(result) == counts(free) != [], result.returncode, result.stdout)


sys.exit(run_tests())
