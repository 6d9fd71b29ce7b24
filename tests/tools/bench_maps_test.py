#!/usr/bin/env python3
"""Runs the case maps of midden-bench on tiny maps, as bench_test.py the others.

    bench_maps_test.py PROGRAM

One line of TAP for each test.
"""
import math
import re
import sys

from bench_test import MAP_PEERS, TINY, backends, check_rows, main, metrics, refuses, runs, same, subjects

ORDERED = {'skiplist', 'std_map', 'absl_btree', 'tbb_map'}
PHASE_NAMES = ['insert', 'hit', 'zipf', 'miss', 'overwrite', 'erase', 'scan', 'range100', 'copy']
MIXES = ['mops_t1_w70', 'mops_t2_w70', 'mops_t2_w5']


def map_peers():
    """The subjects of the case maps that are no backends."""
    line = runs('--version').stdout
    there = {subject for name, subjects in MAP_PEERS.items() if f' {name} ' in line for subject in subjects}
    return there | {'std_map', 'std_unordered'}


def speeds(subject):
    """The metrics of a map that has such a name: of its operations, without the unit, and of threads."""
    missing = {'tbb_map': 'erase'}.get(subject) if subject in ORDERED else 'range100'
    many = ['hit_many'] if subject in backends() else []
    return [name for name in PHASE_NAMES if name != missing] + many + MIXES


def test_maps_measures_each_operation_of_each_map():
    for keys in ['string', 'int', 'uuid']:
        rows = check_rows(runs('maps', *TINY['maps'], '--keys', keys, '--json', '-').stdout, 'maps')
        same(subjects(rows), {*backends(), *map_peers()})
        same(rows[0]['parameters'], {'entries': 2000, 'keys': keys})
        for subject in subjects(rows):
            found = metrics(rows, subject)
            wanted = {name if name in MIXES else name + '_ns' for name in speeds(subject)}
            wanted |= {'bytes_per_entry', 'longest_op_us'}
            assert all(found[name] > 0 for name in wanted), (subject, found)
            # The value and the key, of which an ordered map may keep less.
            assert found['bytes_per_entry'] >= 16, (subject, found)
            one_thread = found['mops_t2_w70'] / found['mops_t1_w70']
            assert math.isclose(found['mops_t2_w70_ratio_to_one_thread'], one_thread), found
            ratios = {name for name in found if '_ratio_to_' in name} - {'mops_t2_w70_ratio_to_one_thread'}
            same(set(found) - ratios - wanted - {'mops_t2_w70_ratio_to_one_thread'},
                 {'collections'} if subject in backends() else set())
            same(ratios, map_ratios(rows, subject))


def map_ratios(rows, subject):
    """The names of a backend's ratios, which are checked."""
    if subject not in backends():
        return set()
    names = set()
    own = metrics(rows, subject)
    for peer in ['absl_btree', 'tbb_map'] if subject in ORDERED else ['absl_flat', 'tbb_hash']:
        other = metrics(rows, peer)
        for name in set(speeds(subject)) & set(speeds(peer)) if other else set():
            ratio = own[name] / other[name] if name in MIXES else other[name + '_ns'] / own[name + '_ns']
            names.add(f'{name}_ratio_to_{peer}')
            assert math.isclose(own[f'{name}_ratio_to_{peer}'], ratio), (name, own, other)
    return names


def test_maps_can_have_one_entry():
    check_rows(runs('maps', '--entries', '1', '--repetitions', '2', '--json', '-').stdout, 'maps')


def test_maps_keep_their_entries_under_stress():
    options = [*TINY['maps'], '--backend', *backends(), '--subjects', 'std_map', '--json', '-']
    rows = check_rows(runs('maps', *options, MIDDEN_STRESS='safepoint:700', MIDDEN_CHECK='1').stdout, 'maps')
    for backend in backends():
        assert metrics(rows, backend)['collections'] > 0, rows


def test_maps_measures_the_subjects_asked_for():
    for options, wanted in [(['--subjects', 'std_map,hash'], {'std_map', 'hash'}),
                            (['--backend', 'hash'], {'hash', *map_peers()}),
                            (['--backend', 'hash', '--subjects', 'std_map'], {'hash', 'std_map'}),
                            (['--backend', 'hash', '--subjects', 'std_map,hash'], {'hash', 'std_map'})]:
        rows = check_rows(runs('maps', *TINY['maps'], *options, '--json', '-').stdout, 'maps')
        same(subjects(rows), wanted)
    refuses(['--subjects', '"malloc"', 'hash', 'absl_btree, ', 'tbb_hash'], 'maps', '--subjects', 'malloc')


def test_maps_says_which_maps_are_under_a_lock():
    lines = [line.split() for line in runs('maps', *TINY['maps']).stdout.splitlines()]
    locked = {line[0] for line in lines if line[1:2] == ['shared_mutex']}
    same(locked, {*map_peers()} - {'tbb_map', 'tbb_hash'})


def test_a_missing_library_is_said_once():
    text = runs('maps', *TINY['maps']).stdout
    for library, names in MAP_PEERS.items():
        same(len(re.findall(f'^{library} is missing', text, re.M)), int(not set(names) & map_peers()))
        if not set(names) & map_peers():
            refuses([f'{library} is missing'], 'maps', '--subjects', names[0])


if __name__ == '__main__':
    sys.exit(main(globals()))
