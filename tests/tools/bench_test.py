#!/usr/bin/env python3
"""Runs midden-bench on tiny sizes and checks what it says, not how fast it is.

    bench_test.py PROGRAM

One line of TAP for each test.
"""
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import traceback
import xml.etree.ElementTree

PROGRAM = sys.argv[1]
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith('MIDDEN_')}
PHASES = ['stop', 'roots', 'mark', 'weak', 'reclaim', 'resume']
TINY = {
    'trees': ['--depth', '6', '--repetitions', '2'],
    'pauses': ['--entries', '3000', '--lookups', '5000', '--cycles', '4', '--gap', '1'],
    'scaling': ['--from', '100', '--to', '2000', '--cycles', '2'],
    'space': ['--from', '1000', '--to', '3000', '--steps', '3'],
    'graph': ['--bytes', '64KiB', '--cycles', '3'],
    'rebuild': ['--entries', '2000'],
    'refs': ['--entries', '3000', '--targets', '200', '--cycles', '3'],
    'alloc': ['--from', '16', '--to', '32', '--objects', '700', '--repetitions', '1'],
    'churn': ['--bytes', '64KiB', '--seconds', '0.01', '--workers', '2'],
    'memory': ['--bytes', '4MiB', '--types', '20', '--seconds', '1'],
    'gcbench': ['--depth', '6', '--repetitions', '2', '--workers', '2'],
    'stop': ['--threads', '1,3', '--stops', '20', '--gap', '50'],
    'weak': ['--entries', '640', '--cycles', '3'],
    'maps': ['--entries', '2000', '--repetitions', '1'],
    'snapshots': ['--entries', '2000', '--slices', '1', '--slice-ms', '20'],
}
# The subjects of the case maps that are of a library which may be missing.
MAP_PEERS = {'abseil': ['absl_btree', 'absl_flat'], 'boost': ['boost_flat'], 'onetbb': ['tbb_map', 'tbb_hash']}
# A subject of each case, which its tables name.
NAMED = {'trees': 'malloc', 'alloc': 'malloc', 'churn': 'malloc', 'gcbench': 'malloc', 'graph': 'midden',
         'refs': 'midden', 'memory': 'std_vector', 'stop': 'midden', 'weak': 'destructors'}


def run(*arguments, **environment):
    return subprocess.run([PROGRAM, *arguments], env={**ENVIRONMENT, **environment}, text=True, timeout=120,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def same(found, wanted):
    assert found == wanted, f'{found!r} is not {wanted!r}'


def runs(*arguments, **environment):
    done = run(*arguments, **environment)
    assert done.returncode == 0, f'exit {done.returncode}: {done.stderr}'
    return done


def refuses(culprits, *arguments):
    """It must name each of the culprits, and say nothing else on standard output."""
    done = run(*arguments)
    assert done.returncode == 2, f'exit {done.returncode} of {arguments}'
    same(done.stdout, '')
    for culprit in culprits:
        assert culprit in done.stderr, f'{arguments}: "{culprit}" is not in "{done.stderr}"'


def check_rows(text, case):
    """The rows, of which each has the form that output.hpp promises."""
    rows = json.loads(text)
    assert rows, 'no rows'
    for row in rows:
        same(list(row), ['case', 'subject', 'parameters', 'metric', 'unit', 'value'])
        same(row['case'], case)
        assert row['subject'] and row['metric'] and row['unit'] and isinstance(row['parameters'], dict), row
        assert type(row['value']) in (int, float) and math.isfinite(row['value']) and row['value'] >= 0, row
    names = [(row['subject'], json.dumps(row['parameters']), row['metric']) for row in rows]
    same(len(names), len(set(names)))
    return rows


def backends():
    listed = re.search(r'all there are: ([\w, \n]+?)\n +--', runs('pauses', '--help').stdout)
    names = re.split(r',\s*', listed[1].strip())
    assert 'hash' in names, names
    return names


def metrics(rows, subject, **parameters):
    """Of the rows of the subject, and those of them alone that have such parameters."""
    return {row['metric']: row['value'] for row in rows
            if row['subject'] == subject and parameters.items() <= row['parameters'].items()}


def peers(**environment):
    """The subjects of those that are there."""
    version, line = runs('--version', **environment).stdout.splitlines()
    number = r'\d+\.\d+\.\d+'
    assert re.fullmatch(number, version), version
    libraries = ''.join(rf'(, )?({name} [\d.]+)?' for name in MAP_PEERS)
    found = re.fullmatch(rf'peers: (none|(, )?(bdwgc {number})?(, )?(mimalloc {number})?{libraries}(, )?(go \S+)?'
                         r'(, )?(java \S+)?)', line)
    assert found and not line.endswith(','), line
    names = {'bdwgc': ['bdwgc', 'bdwgc-tuned'], 'mimalloc': ['mimalloc'], 'go': ['go'],
             'java': ['java-g1', 'java-parallel']}
    return {subject for name, subjects in names.items() if f' {name} ' in line for subject in subjects}


def has_bdwgc():
    return 'bdwgc' in peers()


def programs():
    """The peers in other languages."""
    return {peer for peer in peers() if peer == 'go' or peer.startswith('java')}


def collectors():
    return {'midden'} | peers() - {'mimalloc'}


def subjects(rows):
    return {row['subject'] for row in rows}


def check_ratios(rows, found, subject, cost):
    """To the peers; `cost` is the metric by which they are compared. Answers their names."""
    ratios = {name for name in found if name.startswith('ratio_to_')}
    for name, others in [('ratio_to_malloc', {'malloc'}), ('ratio_to_mimalloc', {'mimalloc'}),
                         ('ratio_to_best_bdwgc', {'bdwgc', 'bdwgc-tuned'}), ('ratio_to_go', {'go'}),
                         ('ratio_to_best_java', {'java-g1', 'java-parallel'})]:
        others &= subjects(rows)
        same(name in ratios, bool(others) and subject not in others)
        if name in ratios:
            best = min(metrics(rows, other)[cost] for other in others)
            assert math.isclose(found[name], best / found[cost]), (found, best)
    return ratios


def everybody():
    return {'midden', 'midden-unsafe', 'malloc'} | peers()


def test_trees_compares_with_its_peers():
    rows = check_rows(runs('trees', *TINY['trees'], '--json', '-').stdout, 'trees')
    same(subjects(rows), everybody())
    for subject in subjects(rows):
        found = metrics(rows, subject)
        cost = {'cycles', 'pause_us_mean', 'pause_us_max'} if 'malloc' not in subject else set()
        cost |= {'mark_ns_per_object'} if 'midden' in subject else set()
        ratios = check_ratios(rows, found, subject, 'wall_s')
        same(set(found) - ratios, {'wall_s', 'wall_s_best', 'peak_rss_bytes', *cost})
        assert 0 < found['wall_s_best'] <= found['wall_s'] and found['peak_rss_bytes'] > 1 << 16, found
    same(rows[0]['parameters'], {'depth': 6, 'repetitions': 2, 'workers': 0})


def test_trees_marks_with_the_workers_asked_for():
    rows = check_rows(runs('trees', *TINY['trees'], '--workers', '2', '--json', '-').stdout, 'trees')
    same(rows[0]['parameters'], {'depth': 6, 'repetitions': 2, 'workers': 2})
    if has_bdwgc():
        done = run('trees', *TINY['trees'], '--workers', '2', GC_MARKERS='3')
        assert done.returncode == 1 and 'bdwgc' in done.stderr and '3 threads' in done.stderr, done


def test_alloc_makes_each_size_with_one_thread_and_two():
    rows = check_rows(runs('alloc', *TINY['alloc'], '--json', '-').stdout, 'alloc')
    same(subjects(rows), everybody())
    same({row['parameters']['bytes'] for row in rows}, {16, 32})
    for subject in subjects(rows):
        for size in [16, 32]:
            of_size = [row for row in rows if row['parameters']['bytes'] == size]
            one, two = ([row for row in of_size if row['parameters']['threads'] == threads] for threads in [1, 2])
            for some, threads in [(one, 1), (two, 2)]:
                found = metrics(some, subject)
                cycles = {'cycles'} if 'malloc' not in subject else set()
                ratios = check_ratios(some, found, subject, 'ns_per_object')
                same(set(found) - ratios, {'ns_per_object', 'objects_per_s', 'peak_rss_bytes', *cycles})
                same('ratio_to_one_thread' in ratios, threads == 2)
                assert found['ns_per_object'] > 0, found
                assert math.isclose(found['objects_per_s'] * found['ns_per_object'], threads * 1e3), found
            speed = metrics(two, subject)['objects_per_s'] / metrics(one, subject)['objects_per_s']
            assert math.isclose(metrics(two, subject)['ratio_to_one_thread'], speed), (one, two)
    same(rows[0]['parameters'], {'bytes': 16, 'threads': 1, 'objects': 700, 'repetitions': 1})


def test_alloc_makes_as_many_objects_as_asked():
    options = ['--from', '4096', '--objects', '500', '--repetitions', '1', '--threads', '4']
    rows = check_rows(runs('alloc', *options, '--json', '-', MIDDEN_STRESS='alloc:100').stdout, 'alloc')
    for subject in ['midden', 'midden-unsafe']:
        for threads in [1, 2, 4]:
            found = metrics(rows, subject, threads=threads, bytes=4096)
            # Threads may stop for the same cycle, each with its own count of allocations.
            assert 1 <= found['cycles'] <= 5 * threads, found
        same(metrics(rows, subject, threads=1)['cycles'], 5)


def test_churn_measures_speed_and_latency():
    rows = check_rows(runs('churn', *TINY['churn'], '--json', '-').stdout, 'churn')
    same(subjects(rows), everybody())
    quantiles = ['batch_us_p50', 'batch_us_p99', 'batch_us_p99.9', 'batch_us_p99.99', 'batch_us_max']
    times = [{**row, 'metric': 'time', 'value': 1 / row['value']} for row in rows
             if row['metric'] == 'operations_per_s']
    for subject in subjects(rows):
        found = metrics(rows + times, subject)
        cost = {'cycles', 'pause_us_max'} if 'malloc' not in subject else set()
        ratios = check_ratios(rows + times, found, subject, 'time')
        pauses = {name for name in found if name.startswith('pause_ratio_')}
        same(set(found) - ratios - pauses - {'time'}, {'operations_per_s', 'peak_rss_bytes', *quantiles, *cost})
        latencies = [found[name] for name in quantiles]
        assert 0 < latencies[0] and latencies == sorted(latencies), found
        # A batch of the usual latency is no slower than all of them together, but for the clock.
        assert found['operations_per_s'] * latencies[-1] >= 990, found
    same(rows[0]['parameters'], {'bytes': 65536, 'seconds': 0.01, 'workers': 2})


def test_churn_compares_pauses():
    rows = check_rows(runs('churn', '--bytes', '1MiB', '--seconds', '0.2', '--json', '-').stdout, 'churn')
    longest = {row['subject']: row['value'] for row in rows if row['metric'] == 'pause_us_max'}
    bdwgc = [value for subject, value in longest.items() if subject.startswith('bdwgc')]
    found = {row['subject']: row['value'] for row in rows if row['metric'] == 'pause_ratio_to_best_bdwgc'}
    paused = {subject for subject, value in longest.items() if value > 0 and not subject.startswith('bdwgc')}
    assert 'midden' in paused, longest
    same(set(found), paused if bdwgc else set())
    for subject, ratio in found.items():
        assert math.isclose(ratio, min(bdwgc) / longest[subject], rel_tol=1e-6), (subject, ratio, longest)


def test_churn_keeps_its_nodes_whole_under_stress():
    rows = check_rows(runs('churn', *TINY['churn'], '--json', '-', MIDDEN_STRESS='alloc:300', MIDDEN_CHECK='1').stdout,
                      'churn')
    for subject in ['midden', 'midden-unsafe']:
        found = metrics(rows, subject)
        assert found['cycles'] > 0 and found['pause_us_max'] > 0, found
        assert found['pause_us_max'] <= found['batch_us_max'], found


def test_malloc_that_is_mimalloc_is_an_error():
    if 'mimalloc' not in peers():
        return 'no mimalloc'
    done = run('trees', *TINY['trees'], LD_PRELOAD='libmimalloc.so')
    assert done.returncode == 1 and 'malloc is mimalloc' in done.stderr, done


def test_trees_counts_the_cycles_of_one_run():
    rows = check_rows(runs('trees', *TINY['trees'], '--json', '-', MIDDEN_STRESS='alloc:500').stdout, 'trees')
    found = metrics(rows, 'midden')
    # A program of depth 6 makes 255 + 127 + 64 * 31 + 16 * 127 nodes.
    same(found['cycles'], (255 + 127 + 64 * 31 + 16 * 127) // 500)
    assert found['mark_ns_per_object'] > 0 and found['pause_us_max'] >= found['pause_us_mean'] > 0, found


def test_pauses_measures_every_backend_and_std_map():
    for keys in ['string', 'uuid', 'mixed']:
        rows = check_rows(runs('pauses', *TINY['pauses'], '--keys', keys, '--json', '-').stdout, 'pauses')
        same(subjects(rows), {*backends(), 'std_map'})
        same(set(metrics(rows, 'std_map')), {'insert_ns', 'lookup_ns'})
        same(rows[0]['parameters'], {'entries': 3000, 'keys': keys, 'outlier': False, 'lookups': 5000, 'cycles': 4,
                                     'gap_ms': 1, 'workers': 0})
        for backend in backends():
            found = metrics(rows, backend)
            wanted = {'mark_us_p99', 'pause_us_mean', 'pause_us_p50', 'pause_us_p99', 'pause_us_max', 'stop_us_p99',
                      'references_scanned', 'bytes_per_entry', 'committed_bytes_per_entry', 'insert_ns', 'lookup_ns',
                      'mutator_ops_per_s', *(phase + '_us_mean' for phase in PHASES)}
            same(set(found), wanted)
            assert found['pause_us_p50'] <= found['pause_us_p99'] <= found['pause_us_max'], found
            assert found['mark_us_mean'] <= found['pause_us_max'] and found['mutator_ops_per_s'] > 0, found
            # At least the key and the value; the look-ups found every key, or the run had failed.
            assert found['bytes_per_entry'] >= 16 and found['references_scanned'] > 0, found


def test_pauses_scans_each_entry_of_hash():
    rows = check_rows(runs('pauses', *TINY['pauses'], '--backend', 'hash', '--json', '-').stdout, 'pauses')
    same(subjects(rows), {'hash', 'std_map'})
    assert metrics(rows, 'hash')['references_scanned'] >= 2999, rows


def test_pauses_scans_few_references_of_skiplist():
    if 'skiplist' not in backends():
        return 'no skiplist'
    rows = check_rows(runs('pauses', *TINY['pauses'], '--backend', 'skiplist', '--json', '-').stdout, 'pauses')
    assert metrics(rows, 'skiplist')['references_scanned'] < 100, rows


def test_pauses_inserts_the_outlier():
    space = {}
    for flags in [[], ['--outlier']]:
        one = ['--entries', '1', '--lookups', '10', '--cycles', '1', *flags]
        rows = check_rows(runs('pauses', *one, '--json', '-').stdout, 'pauses')
        same(rows[0]['parameters']['outlier'], bool(flags))
        space[bool(flags)] = {backend: metrics(rows, backend)['bytes_per_entry'] for backend in backends()}
    # Two entries share the map's fixed part.
    assert all(space[True][backend] < space[False][backend] for backend in backends()), space


def test_pauses_has_a_ratio_where_both_backends_are():
    text = runs('pauses', *TINY['pauses']).stdout
    both = {'hash', 'skiplist'} <= set(backends())
    same('hash/skiplist' in text, both)
    assert 'hash/skiplist' not in runs('pauses', *TINY['pauses'], '--backend', 'hash').stdout


def test_pauses_has_a_row_for_each_phase():
    lines = runs('pauses', *TINY['pauses']).stdout.splitlines()
    found = [line.split()[0] for line in lines if line.split() and line.split()[0] in PHASES]
    same(found[-len(PHASES):], PHASES)  # before them stands the heading of a column


def test_space_measures_each_size():
    rows = check_rows(runs('space', *TINY['space'], '--json', '-').stdout, 'space')
    for backend in backends():
        sizes = [row['parameters']['entries'] for row in rows
                 if row['subject'] == backend and row['metric'] == 'bytes_per_entry']
        same(sizes, [1000, 2000, 3000])
    same({row['metric'] for row in rows}, {'bytes_per_entry', 'committed_bytes_per_entry'})
    assert all(row['value'] >= 16 for row in rows if row['metric'] == 'bytes_per_entry'), rows


def test_space_tells_what_turnovers_leave():
    for concurrent in [[], ['--concurrent']]:
        check_turnovers(runs('space', *TINY['space'], '--turnovers', '3', *concurrent, '--json', '-').stdout,
                        bool(concurrent))


def check_turnovers(text, concurrent):
    rows = check_rows(text, 'space')
    assert all(row['parameters']['concurrent'] == concurrent for row in rows), rows
    for backend in backends():
        found = metrics(rows, backend)
        assert found['turnover_bytes_per_entry'] > 16, found
        assert 0.5 < found['turnover_bytes_ratio'] < 3, found
        assert 0.2 < found['turnover_committed_ratio'] < 5, found


def test_snapshots_are_timed_and_writers_counted_beside_them():
    rows = check_rows(runs('snapshots', *TINY['snapshots'], '--json', '-').stdout, 'snapshots')
    for backend in backends():
        found = metrics(rows, backend)
        assert all(value > 0 for value in found.values()), found
        same(set(found), {'first_us', 'first_busy_us', 'snapshot_us', 'write_alone_mops', 'write_beside_cursor_mops',
                          'write_beside_snapshot_mops', 'write_snapshot_ratio_to_cursor', 'scan_cursor_mops',
                          'scan_snapshot_mops'})


def test_rebuild_moves_maps_from_each_backend_to_each_other_one():
    rows = check_rows(runs('rebuild', *TINY['rebuild'], '--json', '-').stdout, 'rebuild')
    pairs = [(a, b) for a in backends() for b in backends() if a != b]
    same({(row['subject'], row['parameters']['to']) for row in rows}, set(pairs))
    same({row['metric'] for row in rows}, {'write_us', 'moving_us', 'longest_us', 'move_ms'})
    assert all(row['value'] > 0 for row in rows), rows
    refuses(['two backends'], 'rebuild', '--backend', 'hash')


def test_scaling_goes_through_round_sizes():
    rows = check_rows(runs('scaling', *TINY['scaling'], '--json', '-').stdout, 'scaling')
    scanned = {row['parameters']['entries']: row['value'] for row in rows
               if row['subject'] == 'hash' and row['metric'] == 'references_scanned'}
    same(list(scanned), [100, 200, 500, 1000, 2000])
    assert all(references >= entries for entries, references in scanned.items()), scanned


def test_maps_are_marked_with_the_workers_asked_for():
    rows = check_rows(runs('pauses', *TINY['pauses'], '--workers', '2', '--json', '-', MIDDEN_WORKERS='3').stdout,
                      'pauses')
    same({row['parameters']['workers'] for row in rows}, {2})
    options = [*TINY['scaling'], '--backend', 'hash', '--workers', '1,2']
    rows = check_rows(runs('scaling', *options, '--json', '-', MIDDEN_WORKERS='3').stdout, 'scaling')
    for workers in [1, 2]:
        of_workers = [row['parameters']['entries'] for row in rows
                      if row['parameters']['workers'] == workers and row['metric'] == 'mark_us_p50']
        same(of_workers, [100, 200, 500, 1000, 2000])
    text = runs('scaling', *options).stdout
    assert 'hash, 1 worker: mark us' in text and 'hash, 2 workers: mark us' in text, text
    refuses(['--workers has 2 twice'], 'scaling', '--workers', '2,1,2')
    refuses(['--workers', '"17"', 'from 0 to 16'], 'scaling', '--workers', '1,17')


def check_markers(rows, thing, things, with_prefetch):
    """The rows of a case that measures marking: one set of metrics for each marker."""
    same(subjects(rows), collectors())
    for subject in subjects(rows):
        settings = [{'prefetch': True}] + [{'prefetch': False}] * with_prefetch if subject == 'midden' else [{}]
        found = {json.dumps(row['parameters']) for row in rows if row['subject'] == subject}
        same(len(found), 2 * len(settings))
        for workers in [1, 2]:
            for setting in settings:
                found = metrics(rows, subject, workers=workers, **setting)
                ratios = {name for name in found if name.startswith('ratio_to_')}
                same(set(found) - ratios, {'mark_ms', f'mark_ns_per_{thing}', f'{thing}s_per_s', 'pause_ms',
                                           'peak_rss_bytes'})
                usual = [row for row in rows if row['parameters']['workers'] == workers
                         and row['parameters'].get('prefetch', True)]
                to_peers = check_ratios(usual, {name: value for name, value in found.items()
                                                if name not in ['ratio_to_no_prefetch', 'ratio_to_one_worker']},
                                        subject, 'mark_ms')
                same(ratios - to_peers, {name for name, there in [
                    ('ratio_to_no_prefetch', with_prefetch and setting == {'prefetch': True}),
                    ('ratio_to_one_worker', workers == 2)] if there})
                # Go marks beside the program.
                assert 0 < found['mark_ms'] and (found['mark_ms'] <= found['pause_ms'] or subject == 'go'), found
                assert math.isclose(found[f'mark_ns_per_{thing}'] * things, found['mark_ms'] * 1e6), found
                assert math.isclose(found[f'{thing}s_per_s'] * found[f'mark_ns_per_{thing}'], 1e3), found
                assert found['peak_rss_bytes'] > 1 << 16, found
    one, two = (metrics(rows, 'midden', workers=workers, prefetch=True) for workers in [1, 2])
    assert math.isclose(two['ratio_to_one_worker'], one['mark_ms'] / two['mark_ms']), (one, two)
    if with_prefetch:
        base = metrics(rows, 'midden', workers=2, prefetch=False)
        assert math.isclose(two['ratio_to_no_prefetch'], base['mark_ms'] / two['mark_ms']), (two, base)


def test_memory_tells_of_each_part():
    rows = check_rows(runs('memory', *TINY['memory'], '--json', '-').stdout, 'memory')
    same({row['parameters']['part'] for row in rows}, {'fragments', 'types', 'dropped', 'large'})
    same(subjects(rows), {'midden', 'std_vector'})
    moments = {}
    for row in rows:
        if row['parameters']['part'] == 'fragments':
            moments.setdefault(row['parameters']['moment'], {})[row['metric']] = row['value']
    same(list(moments), ['made', 'every second dropped', 'and every second 512', '1 s later',
                         'half as much of other sizes'])
    made, half, _, later, other = moments.values()
    assert half['live_bytes'] < 0.6 * made['live_bytes'] and half['free_bytes'] > 0.3 * made['live_bytes'], moments
    assert other['live_bytes'] > later['live_bytes'], moments
    for moment in moments.values():
        assert moment['live_bytes'] + moment['free_bytes'] <= moment['block_bytes'], moment
        assert moment['returned_bytes'] <= moment['committed_bytes'] <= moment['rss_bytes'] + (64 << 20), moment
    same([row['parameters']['second'] for row in rows if row['parameters']['part'] == 'dropped'], [0, 1])


def test_graph_marks_the_same_nodes_with_each_marker():
    for order in ['shuffled', 'made']:
        rows = check_rows(runs('graph', *TINY['graph'], '--order', order, '--json', '-').stdout, 'graph')
        check_markers(rows, 'object', 1024, True)
        same(rows[0]['parameters'], {'bytes': 65536, 'order': order, 'cycles': 3, 'workers': 1, 'prefetch': True})


def test_graph_can_have_few_nodes_and_any_unit():
    for size, nodes in [('4096', 64), ('4KiB', 64), ('5000', 78), ('1MiB', 16384)]:
        assert f'of {nodes} nodes' in runs('graph', '--bytes', size, '--cycles', '1').stdout


def test_refs_marks_a_slice_in_each_order():
    rows = check_rows(runs('refs', *TINY['refs'], '--json', '-').stdout, 'refs')
    for order in ['sequential', 'random']:
        check_markers([row for row in rows if row['parameters']['order'] == order], 'reference', 3000, False)
        one = check_rows(runs('refs', *TINY['refs'], '--order', order, '--json', '-').stdout, 'refs')
        check_markers(one, 'reference', 3000, False)
        same(one[0]['parameters'], {'in': 'slice', 'entries': 3000, 'targets': 200, 'order': order, 'cycles': 3,
                                    'workers': 1, 'prefetch': True})


def test_refs_marks_the_values_of_maps():
    for holder in ['hash', 'skiplist']:
        done = runs('refs', *TINY['refs'], '--in', holder, '--order', 'random', '--json', '-')
        rows = check_rows(done.stdout, 'refs')
        check_markers(rows, 'reference', 3000, False)
        same({row['parameters']['in'] for row in rows}, {holder})
        assert f'Marking 3000 references in a {holder} map to 200 objects' in done.stderr, done.stderr
        runs('refs', '--entries', '1', '--targets', '1', '--cycles', '1', '--in', holder, '--subjects', 'midden')
    refuses(['"tree" is no holder', 'slice, hash, skiplist'], 'refs', '--in', 'tree')


def test_refs_can_have_a_target_for_each_reference():
    for entries, targets in [('1', '1'), ('700', '700')]:
        runs('refs', '--entries', entries, '--targets', targets, '--cycles', '1')
    refuses(['--targets 8', '--entries 7'], 'refs', '--entries', '7', '--targets', '8')


def test_marking_cases_choose_their_workers_themselves():
    for case in ['graph', 'refs']:
        check_rows(runs(case, *TINY[case], '--json', '-', MIDDEN_WORKERS='3').stdout, case)
        done = run(case, *TINY[case], MIDDEN_WORKERS='many')
        assert done.returncode == 1 and 'MIDDEN_WORKERS' in done.stderr, done


def test_a_peer_with_other_markers_than_asked_is_an_error():
    if not has_bdwgc():
        return 'no bdwgc'
    for case in ['graph', 'refs', 'gcbench', 'churn']:
        done = run(case, *TINY[case], GC_MARKERS='3')
        assert done.returncode == 1 and 'bdwgc' in done.stderr and '3 threads' in done.stderr, done


def test_gcbench_compares_with_its_peers():
    rows = check_rows(runs('gcbench', *TINY['gcbench'], '--json', '-').stdout, 'gcbench')
    same(subjects(rows), everybody())
    for subject in subjects(rows):
        found = metrics(rows, subject)
        ratios = check_ratios(rows, found, subject, 'wall_s')
        cost = {'cycles', 'pause_us_max'} if 'malloc' not in subject else set()
        cost |= {'mark_ms'} if cost and subject not in programs() else set()
        same(set(found) - ratios, {'wall_s', 'wall_s_best', 'peak_rss_bytes', *cost})
        assert 0 < found['wall_s_best'] <= found['wall_s'], found
    same(rows[0]['parameters'], {'depth': 6, 'repetitions': 2, 'workers': 2})


def test_gcbench_counts_the_cycles_of_one_run():
    rows = check_rows(runs('gcbench', *TINY['gcbench'], '--json', '-', MIDDEN_STRESS='alloc:500').stdout, 'gcbench')
    # The stretch tree, the long-lived one and its array, and of depths 4 and 6 each way 32 and 8 trees.
    allocations = 511 + 127 + 1 + 2 * (32 * 31 + 8 * 127)
    for subject in ['midden', 'midden-unsafe']:
        found = metrics(rows, subject)
        same(found['cycles'], allocations // 500)
        assert found['mark_ms'] > 0 and found['pause_us_max'] > 0, found


def test_stop_measures_each_number_of_threads():
    rows = check_rows(runs('stop', *TINY['stop'], '--json', '-').stdout, 'stop')
    same(subjects(rows), {'midden', 'midden-thread'} | ({'bdwgc'} if 'bdwgc' in peers() else set()))
    same(rows[0]['parameters'], {'threads': 1, 'stops': 20, 'gap_us': 50})
    for subject in subjects(rows):
        parts = ['stop'] if subject == 'midden-thread' else ['stop', 'resume', 'pause']
        for threads in [1, 3]:
            found = metrics(rows, subject, threads=threads)
            same(set(found) - {'running'}, {f'{part}_us_{name}' for part in parts for name in ['p50', 'p99', 'max']})
            same('running' in found, subject == 'midden')
            assert 0 < found.get('running', 1) <= threads, found
            for part in parts:
                assert found[f'{part}_us_p50'] <= found[f'{part}_us_p99'] <= found[f'{part}_us_max'], found
            assert found['stop_us_max'] > 0, found
            if subject != 'midden-thread':
                assert found['stop_us_max'] <= found['pause_us_max'], found
            if subject == 'midden':
                # What a thread notes is a part of the phase.
                each = metrics(rows, 'midden-thread', threads=threads)
                assert 0 < each['stop_us_max'] <= found['stop_us_max'], (each, found)
    same({row['parameters']['threads'] for row in rows}, {1, 3})


def test_weak_has_each_kind_at_three_sizes():
    rows = check_rows(runs('weak', *TINY['weak'], '--json', '-').stdout, 'weak')
    kinds = {row['parameters']['kind'] for row in rows}
    same(kinds, {'references', 'cleanups', 'arguments', 'destructors', 'external'})
    for kind in kinds:
        for metric in ['alive_ns_each', 'half_ns_each']:
            found = {row['parameters']['entries']: row['value'] for row in rows
                     if row['parameters']['kind'] == kind and row['metric'] == metric}
            same(set(found), {40, 160, 640})
            assert all(value > 0 for value in found.values()), found


def test_stop_does_not_warn_unless_it_is_told_to():
    same(runs('stop', *TINY['stop']).stderr, '')
    done = run('stop', *TINY['stop'], MIDDEN_STOP_WARN='soon')
    assert done.returncode == 1 and 'MIDDEN_STOP_WARN' in done.stderr, done


def test_numbers_of_threads_that_are_none_are_named():
    for threads, culprit in [('0', '"0"'), ('257', '"257"'), ('-1', '"-1"'), ('2,x', '"x"'),
                             ('many', '"many"'), ('1e2', '"1e2"')]:
        refuses(['--threads', culprit, 'from 1 to 256'], 'stop', f'--threads={threads}')
    refuses(['--threads has 2 twice'], 'stop', '--threads', '2,1,2')


def test_a_missing_peer_is_said_once():
    marking = ['graph', 'refs']
    making = ['gcbench', 'trees', 'alloc', 'churn']
    there = peers()
    for case in [*marking, *making, 'stop']:
        text = runs(case, *TINY[case]).stdout
        for peer, subject, cases in [('bdwgc', 'bdwgc', [*marking, *making, 'stop']), ('mimalloc', 'mimalloc', making),
                                     ('go', 'go', [*marking, *making]), ('java', 'java-g1', [*marking, *making])]:
            same(len(re.findall(f'^{peer} is missing', text, re.M)), int(case in cases and subject not in there))


def test_java_that_is_not_there_when_it_runs_is_left_out():
    if 'java-g1' not in peers():
        return 'no java'
    with tempfile.TemporaryDirectory() as empty:
        same(peers(PATH=empty), {peer for peer in peers() if not peer.startswith('java')})
        for case in ['trees', 'gcbench', 'alloc', 'churn', 'graph', 'refs']:
            done = runs(case, *TINY[case], '--json', '-', PATH=empty)
            assert 'java is missing: it is not in PATH' in done.stderr, done.stderr
            rows = check_rows(done.stdout, case)
            assert not {'java-g1', 'java-parallel'} & subjects(rows) and 'midden' in subjects(rows), rows
            done = run(case, *TINY[case], '--subjects', 'midden,java-g1', PATH=empty)
            assert done.returncode == 2 and 'java is missing: it is not in PATH' in done.stderr, done


def test_a_peer_of_another_language_that_fails_is_named():
    if 'java-g1' not in peers():
        return 'no java'
    for case in ['trees', 'gcbench', 'alloc', 'churn', 'graph', 'refs']:
        done = run(case, *TINY[case], '--subjects', 'java-parallel', JAVA_TOOL_OPTIONS='-XX:+NoSuchOption')
        assert done.returncode == 1 and 'midden-bench: java-parallel ended with status 1' in done.stderr, done
        same(done.stdout, '')
    with tempfile.TemporaryDirectory() as folder:
        java = pathlib.Path(folder) / 'java'
        for text, culprit in [('echo figures', 'figures'), ('echo [1]', '[1]'), ('', 'no figures'),
                              ('kill -9 $$', 'signal 9')]:
            java.write_text('#!/bin/sh\n' + text + '\n')
            java.chmod(0o755)
            done = run('trees', *TINY['trees'], '--subjects', 'java-g1', PATH=folder)
            assert done.returncode == 1 and 'java-g1' in done.stderr and culprit in done.stderr, done


def test_only_the_subjects_asked_for_are_measured():
    for case in ['trees', 'gcbench', 'alloc', 'churn', 'graph', 'refs']:
        for asked in [['midden'], *([peer] for peer in sorted(programs())), sorted(programs() | {'midden'})]:
            done = runs(case, *TINY[case], '--subjects', ','.join(asked), '--json', '-')
            same(subjects(check_rows(done.stdout, case)), set(asked))
            assert 'is missing' not in done.stderr, done.stderr
        rows = check_rows(runs(case, *TINY[case], '--subjects', 'midden', '--json', '-').stdout, case)
        same({row['metric'] for row in rows if row['metric'].startswith('ratio_to_')}
             - {'ratio_to_one_worker', 'ratio_to_no_prefetch', 'ratio_to_one_thread'}, set())


def test_unknown_subjects_are_named_and_the_others_listed():
    for case in ['trees', 'gcbench', 'alloc', 'churn']:
        refuses(['--subjects', '"tcmalloc"', 'midden-unsafe, ', 'bdwgc-tuned, ', 'mimalloc, ', 'go, ', 'java-parallel'],
                case, '--subjects', 'midden,tcmalloc')
    for case in ['graph', 'refs']:
        refuses(['--subjects', '"malloc"', 'midden, ', 'bdwgc-tuned, ', 'java-g1'], case, '--subjects', 'malloc')


def test_a_subject_that_fails_is_named():
    for case, options in [('graph', ['--bytes', '64MiB']), ('refs', ['--entries', '4000000']), ('gcbench', []),
                          ('trees', []), ('churn', ['--bytes', '64MiB'])]:
        done = run(case, *options, MIDDEN_HEAP_MAX='1MiB')
        assert done.returncode == 1 and done.stderr.startswith('midden-bench: midden'), done
        same(done.stdout, '')


def test_json_in_a_file_leaves_the_tables_on_standard_output():
    with tempfile.TemporaryDirectory() as folder:
        for case, tiny in TINY.items():
            file = pathlib.Path(folder) / (case + '.json')
            done = runs(case, *tiny, '--json', str(file), MIDDEN_STOP_WARN='0')
            same(done.stderr, '')
            assert NAMED.get(case, 'hash') in done.stdout, done.stdout
            check_rows(file.read_text(), case)


def test_json_on_standard_output_sends_the_tables_to_standard_error():
    for case, tiny in TINY.items():
        done = runs('--json', '-', case, *tiny)
        check_rows(done.stdout, case)
        assert NAMED.get(case, 'hash') in done.stderr, done.stderr


def test_plots_are_complete_pictures():
    with tempfile.TemporaryDirectory() as folder:
        for case in ['pauses', 'scaling']:
            file = pathlib.Path(folder) / (case + '.svg')
            text = runs(case, *TINY[case], '--plot', str(file)).stdout
            assert str(file) in text, text
            picture = xml.etree.ElementTree.parse(file).getroot()
            names = {element.tag.split('}')[1] for element in picture.iter()}
            assert picture.tag.endswith('}svg') and 'script' not in names and 'href' not in file.read_text(), names
            words = {element.text for element in picture.iter() if element.tag.endswith('}text')}
            assert set(backends()) <= words, words
            points = sum(element.tag.endswith('}circle') for element in picture.iter())
            legend = len(backends())
            same(points, len(backends()) * (4 if case == 'pauses' else 5) + legend)
            assert ('path' in names) == (case == 'scaling'), names


def test_unknown_backend_is_named_and_the_others_listed():
    for case in ['maps', 'pauses', 'rebuild', 'scaling', 'snapshots', 'space']:
        refuses(['--backend', '"btree"', *backends()], case, '--backend', 'hash', 'btree')


def test_sizes_that_are_none_are_named():
    for size in ['0', '-5', 'many', '', '1e6', '5x', '99999999999999999999']:
        refuses(['--entries', f'"{size}"', 'from 1 to'], 'pauses', '--entries', size)
    for case, option in [('trees', '--depth'), ('trees', '--repetitions'), ('trees', '--workers'),
                         ('pauses', '--cycles'), ('pauses', '--gap'),
                         ('pauses', '--lookups'), ('pauses', '--workers'), ('scaling', '--workers'),
                         ('scaling', '--from'), ('scaling', '--to'), ('scaling', '--cycles'),
                         ('space', '--from'), ('space', '--to'), ('space', '--steps'), ('graph', '--bytes'),
                         ('graph', '--cycles'), ('refs', '--entries'), ('refs', '--targets'), ('refs', '--cycles'),
                         ('gcbench', '--depth'), ('gcbench', '--repetitions'), ('gcbench', '--workers'),
                         ('alloc', '--from'), ('alloc', '--to'), ('alloc', '--threads'), ('alloc', '--objects'),
                         ('alloc', '--repetitions'), ('churn', '--bytes'), ('churn', '--seconds'),
                         ('churn', '--workers'), ('memory', '--bytes'), ('memory', '--types'),
                         ('memory', '--seconds'), ('stop', '--stops'), ('stop', '--gap'),
                         ('snapshots', '--entries'), ('snapshots', '--slices'), ('snapshots', '--slice-ms'),
                         ('weak', '--entries'), ('weak', '--cycles'), ('rebuild', '--entries'),
                         ('maps', '--entries'), ('maps', '--repetitions')]:
        refuses([option, '"x"'], case, option, 'x')
        refuses([option, '"-1"'], case, f'{option}=-1')
    refuses(['--depth', '"3"', 'from 4'], 'trees', '--depth', '3')
    refuses(['--depth', '"3"', 'from 4'], 'gcbench', '--depth', '3')
    refuses(['--workers', '"0"', 'from 1 to 16'], 'gcbench', '--workers', '0')
    refuses(['--threads', '"0"', 'from 1 to 64'], 'alloc', '--threads', '0')
    for time in ['0', '3601', '1s', '1e9', 'nan', 'inf', '']:
        refuses(['--seconds', f'"{time}"', 'from 0.001 to 3600'], 'churn', '--seconds', time)
    refuses(['--from', '"15"', 'from 16 to 4096'], 'alloc', '--from', '15')
    refuses(['--from 17', '--to 31'], 'alloc', '--from', '17', '--to', '31')
    refuses(['--from 64', '--to 32'], 'alloc', '--from', '64', '--to', '32')
    for size in ['0', '4095', '65GiB', '1MB', '1 MiB', 'KiB', '-4096', '1.5MiB', '']:
        refuses(['--bytes', f'"{size}"', 'from 4KiB to 64GiB'], 'graph', '--bytes', size)
    for case in ['space', 'scaling']:
        refuses(['--from 20', '--to 10'], case, '--from', '20', '--to', '10')


def test_unknown_keys_are_named_and_the_others_listed():
    refuses(['--keys', '"long"', 'string, uuid, mixed'], 'pauses', '--keys', 'long')
    refuses(['--keys', '"long"', 'string, int, uuid, mixed'], 'maps', '--keys', 'long')


def test_unknown_orders_are_named_and_the_others_listed():
    refuses(['--order', '"backward"', 'sequential, random, both'], 'refs', '--order', 'backward')
    refuses(['--order', '"backward"', 'shuffled, made'], 'graph', '--order', 'backward')


def test_unknown_words_are_named():
    refuses(['hedges'], 'hedges')
    refuses(['--hedges'], 'trees', '--hedges')
    refuses(['A case is required'])


def test_file_that_cannot_be_written_is_found_out_before_the_run():
    # These runs would take hours.
    with tempfile.TemporaryDirectory() as folder:
        for file in [folder, folder + '/none/file']:
            refuses([file], 'trees', '--depth', '28', '--repetitions', '1000', '--json', file)
            refuses([file], 'pauses', '--entries', '1000000000', '--plot', file)
            refuses([file], 'scaling', '--to', '1000000000', '--plot', file)
            refuses([file], 'graph', '--bytes', '64GiB', '--cycles', '1000', '--json', file)
            refuses([file], 'refs', '--entries', '1000000000', '--cycles', '1000', '--json', file)
            refuses([file], 'gcbench', '--depth', '24', '--repetitions', '1000', '--json', file)
            refuses([file], 'alloc', '--repetitions', '1000', '--json', file)
            refuses([file], 'churn', '--seconds', '3600', '--json', file)
            refuses([file], 'maps', '--repetitions', '1000', '--json', file)


def test_full_disk_is_an_error():
    if not os.path.exists('/dev/full'):
        return 'no /dev/full'
    for where in ['--json', '--plot']:
        done = run('pauses', *TINY['pauses'], where, '/dev/full')
        assert done.returncode == 1 and '/dev/full' in done.stderr, done
    with open('/dev/full', 'w') as full:
        done = subprocess.run([PROGRAM, 'trees', *TINY['trees'], '--json', '-'], env=ENVIRONMENT, stdout=full,
                              stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1 and 'standard output' in done.stderr, done


def test_output_that_cannot_be_written_is_an_error():
    if not os.path.exists('/dev/full'):
        return 'no /dev/full'
    with open('/dev/full', 'w') as full:
        done = subprocess.run([PROGRAM, 'trees', *TINY['trees']], env=ENVIRONMENT, stdout=full, stderr=subprocess.PIPE,
                              text=True)
    assert done.returncode == 1 and 'standard output' in done.stderr, done


def test_a_refused_request_leaves_the_files_as_they_are():
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, 'rows')
        file.write_text('earlier rows')
        refuses(['--from'], 'scaling', '--from', '20', '--to', '10', '--json', str(file))
        same(file.read_text(), 'earlier rows')
        runs('trees', *TINY['trees'], '--json', str(file))
        check_rows(file.read_text(), 'trees')
        refuses([str(file)], 'scaling', '--json', str(file), '--plot', str(file))


def test_a_backend_is_measured_once():
    refuses(['hash', 'twice'], 'maps', '--backend', 'hash', '--backend', 'hash')
    refuses(['hash', 'twice'], 'space', *TINY['space'], '--backend', 'hash', '--backend', 'hash')


def test_unknown_backend_in_the_environment_is_named():
    for case, options in TINY.items():
        done = run(case, *options, MIDDEN_MAP='btree')
        assert done.returncode == 2 and 'MIDDEN_MAP' in done.stderr and 'btree' in done.stderr, done


def test_wrong_environment_is_an_error():
    done = run('pauses', *TINY['pauses'], MIDDEN_GC_PERCENT='lots')
    assert done.returncode == 1 and 'MIDDEN_GC_PERCENT' in done.stderr and 'lots' in done.stderr, done


def test_running_out_of_memory_is_an_error():
    done = run('pauses', '--entries', '200000', '--cycles', '1', MIDDEN_HEAP_MAX='2MiB')
    assert done.returncode == 1 and done.stderr.startswith('midden-bench: '), done


def main(names):
    tests = [(name, test) for name, test in names.items() if name.startswith('test_')]
    print(f'1..{len(tests)}')
    failed = False
    for number, (name, test) in enumerate(tests, 1):
        title = name.removeprefix('test_').replace('_', ' ')
        try:
            skipped = test()
            print(f'ok {number} - {title}' + (f' # SKIP {skipped}' if skipped else ''))
        except Exception:
            failed = True
            print(f'not ok {number} - {title}')
            print(*('# ' + line for line in traceback.format_exc().splitlines()), sep='\n')
    return failed


if __name__ == '__main__':
    sys.exit(main(globals()))
