#!/usr/bin/env python3
"""Checks the order of the rooms: who may include what.

    layers.py [ROOT]        prints every violation as file:line, fails if there is one

The tables are the policy. To change them is to change the design: do not edit them to get a build
through.
"""
import pathlib
import re
import sys

# Rooms with public headers, in <room>/include/midden.
PUBLIC = ['collector', 'runtime', 'containers']

# Place: (rooms whose public headers it may include, as <midden/...>,
#         rooms whose private headers it may include, as "room/...",
#         what it may include from outside: 'system' is any C or POSIX header, else beginnings).
# The longest place that a file lies in counts. The C++ standard library is open to all.
POLICY = {
    'collector': (['collector'], ['collector'], []),
    'runtime': (['collector', 'runtime'], ['collector', 'runtime'], ['system', 'elfutils/']),
    'containers': (PUBLIC, ['containers'], ['xxhash.h']),
    'collector/include': (['collector'], [], []),
    'runtime/include': (['collector', 'runtime'], [], ['stdbool.h', 'stddef.h', 'stdint.h']),
    'containers/include': (PUBLIC, [], []),
    'tools': (PUBLIC, ['tools'], ['system', 'fmt/', 'CLI/', 'nlohmann/']),
    'tests': (PUBLIC, ['tests'], ['system', 'fmt/', 'nlohmann/']),
    'tests/collector': (['collector'], ['tests', 'collector'], ['system', 'fmt/']),
    'tests/runtime': (['collector', 'runtime'], ['tests', 'collector', 'runtime'], ['system', 'fmt/', 'nlohmann/']),
    'tests/containers': (PUBLIC, ['tests', 'containers'], ['system', 'fmt/', 'xxhash.h']),
    'tests/tools': (PUBLIC, ['tests', 'tools'], ['system', 'fmt/', 'CLI/', 'nlohmann/']),
}

# From outside, known to few places only, whatever the table above says: header: its places.
ONLY_IN = {
    'libunwind.h': ['runtime/backtrace.cpp', 'runtime/audit/stack_words.cpp'],
    'elfutils/': ['runtime/audit/source_lines.cpp'],
    'dwarf.h': ['runtime/audit/source_lines.cpp'],
    'sys/mman.h': ['collector/heap/pages.cpp', 'tests/'],
    'unistd.h': ['collector/heap/pages.cpp', 'runtime/', 'tools/', 'tests/'],
    'fmt/': ['runtime/include/midden/fmt.hpp', 'containers/include/midden/fmt.hpp', 'tools/', 'tests/'],
    'catch2/': ['tests/support/'],
    # Peers of midden-bench: each library is known to one file.
    'absl/': ['tools/bench/peers/absl_maps.cpp'],
    'boost/': ['tools/bench/peers/boost_maps.cpp'],
    'tbb/': ['tools/bench/peers/tbb_maps.cpp'],
}

LONGEST_FILE = 800
SOURCES = {'.hpp', '.cpp', '.h', '.c', '.in', '.py'}
INCLUDE = re.compile(r'\s*#\s*(?:include|import)\b\s*(?:([<"])([^>"]+)[>"])?')


def begins(name, starts):
    return any(name == start or (start.endswith('/') and name.startswith(start)) for start in starts)


def public_headers(root):
    """Name of each public header: the room it lives in."""
    rooms = {}
    for room in PUBLIC:
        for header in (root / room / 'include').rglob('*.*'):
            rooms[header.relative_to(root / room / 'include').as_posix().removesuffix('.in')] = room
    return rooms


def fault(file, bracket, name, rooms):
    """Why this file may not include this name, or an empty string."""
    place = max((p for p in POLICY if begins(file, [p + '/'])), key=len)
    public, private, outside = POLICY[place]
    if bracket is None:
        return 'an include must name its file plainly'
    if '..' in name.split('/'):
        return f'{name}: ".." hides which room is meant'
    if name.startswith('midden/'):
        if bracket == '"':
            return f'"{name}": public headers go in angle brackets'
        room = rooms.get(name)
        if room is None:
            return f'<{name}> is in no room'
        return '' if room in public else f'<{name}> belongs to {room}, which {place} may not see'
    if bracket == '"':
        if name.split('/')[0] in private and '/' in name:
            return ''
        return f'"{name}" is not one of: ' + (', '.join(f'"{room}/..."' for room in private) or 'public headers only')
    few = [start for start in ONLY_IN if begins(name, [start])]
    if few:
        return '' if begins(file, ONLY_IN[few[0]]) else f'<{name}> is for ' + ', '.join(ONLY_IN[few[0]]) + ' only'
    standard = re.fullmatch(r'[a-z0-9_]+', name)
    system = 'system' in outside and re.fullmatch(r'((sys|linux|arpa|netinet|net)/)?[a-z0-9_]+\.h', name)
    return '' if standard or system or begins(name, outside) else f'<{name}> is not for {place}'


def violations(root):
    rooms = public_headers(root)
    for top in sorted({place.split('/')[0] for place in POLICY}):
        for path in sorted(p for p in (root / top).rglob('*') if p.suffix in SOURCES and p.is_file()):
            file = path.relative_to(root).as_posix()
            lines = path.read_text(errors='replace').splitlines()
            if len(lines) > LONGEST_FILE:
                yield f'{file}:{LONGEST_FILE + 1}: {len(lines)} lines; a file has at most {LONGEST_FILE}'
            if path.suffix == '.py':
                continue
            for number, line in enumerate(lines, 1):
                include = INCLUDE.match(line)
                why = fault(file, *include.groups(), rooms) if include else ''
                if why:
                    yield f'{file}:{number}: {why}'


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)
    found = list(violations(root))
    print(*found, sep='\n', end='\n' if found else '')
    print(f'violations of the order of rooms: {len(found)}')
    return bool(found)


if __name__ == '__main__':
    sys.exit(main())
