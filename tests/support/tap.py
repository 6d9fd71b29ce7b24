"""Tests that are functions, and what they print: the Test Anything Protocol, a line for each.

    @test
    def a_full_disk_is_told(): require(status == 1, output)

    sys.exit(run_tests())

A test's name is that of its function. One that raises has failed, and what it raised is told; one that raises Skip
says why it cannot be.
"""
import os
import sys

TESTS = []


class Skip(Exception):
    pass


def test(function):
    TESTS.append(function)
    return function


def require(condition, *shown):
    if not condition:
        raise AssertionError(' | '.join(str(part) for part in shown))


def without_settings():
    """The environment as it would be if nobody had set Midden up."""
    return {name: value for name, value in os.environ.items() if not name.startswith('MIDDEN_')}


def tell(number, name, fault='', skipped=None):
    print('not ok' if fault else 'ok', number, '-', name, *([] if skipped is None else ['# SKIP', skipped]))
    for line in fault.splitlines():
        print('#', line)


def tell_all(results):
    """Pairs of a name and what is wrong, or an empty string. Whether any is wrong."""
    print(f'1..{len(results)}')
    for number, (name, fault) in enumerate(results, 1):
        tell(number, name, fault)
    return any(fault for _, fault in results)


def run_tests():
    """Whether any has failed."""
    print(f'1..{len(TESTS)}', flush=True)
    failed = False
    for number, function in enumerate(TESTS, 1):
        fault, skipped = '', None
        try:
            function()
        except Skip as reason:
            skipped = reason
        except Exception as error:
            fault = str(error) or repr(error)
        tell(number, function.__name__.replace('_', ' '), fault, skipped)
        sys.stdout.flush()
        failed = failed or fault != ''
    return failed
