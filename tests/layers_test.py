#!/usr/bin/env python3
"""Plants violations of the order of rooms in a small tree: tools/layers.py must name each."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

LAYERS = pathlib.Path(__file__).parent.parent / 'tools' / 'layers.py'

SOUND = {
    'collector/include/midden/build.hpp.in': '#define MIDDEN_ABI @abi@\n',
    'collector/include/midden/ref.hpp': '#include <cstdint>\n#include <midden/build.hpp>\n',
    'collector/heap/block.hpp': '#include <midden/ref.hpp>\n',
    'collector/heap/pages.cpp': '#include <sys/mman.h>\n#include "collector/heap/block.hpp"\n',
    'runtime/include/midden/midden.hpp': '#include <midden/ref.hpp>\n',
    'runtime/include/midden/fmt.hpp': '#include <fmt/format.h>\n#include <midden/midden.hpp>\n',
    'runtime/backtrace.cpp': '#include <libunwind.h>\n#include <pthread.h>\n#include "collector/heap/block.hpp"\n',
    'containers/include/midden/map.hpp': '#include <midden/midden.hpp>\n',
    'containers/map/hash.cpp': '#include <xxhash.h>\n#include <midden/map.hpp>\n#include "containers/map/hash.hpp"\n',
    'tools/bench.cpp': '#include <CLI/CLI.hpp>\n#include <fmt/core.h>\n#include <midden/map.hpp>\n',
    'tests/support/catch.hpp': '#include <catch2/catch.hpp>\n',
    'tests/collector/heap/block_test.cpp': '#include "collector/heap/block.hpp"\n#include "tests/support/catch.hpp"\n',
}

# File, what is planted in it, and a piece of what must be said.
PLANTED = [
    ('collector/heap/block.hpp', '#include "runtime/world.hpp"', '"runtime/world.hpp" is not one of'),
    ('collector/heap/block.hpp', '#include <midden/midden.hpp>', 'belongs to runtime'),
    ('collector/heap/block.hpp', '#include <midden/nowhere.hpp>', 'is in no room'),
    ('collector/heap/block.hpp', '#include "midden/ref.hpp"', 'angle brackets'),
    ('collector/heap/block.hpp', '#include "pages.hpp"', 'is not one of'),
    ('collector/heap/block.hpp', '#include "collector/../runtime/world.hpp"', 'hides which room'),
    ('collector/heap/block.hpp', '  #  include <sys/mman.h>', 'is for collector/heap/pages.cpp'),
    ('collector/heap/block.hpp', '#include <pthread.h>', 'is not for collector'),
    ('collector/heap/block.hpp', '#include <Eigen/Core>', 'is not for collector'),
    ('collector/heap/block.hpp', '#include CONFIGURED', 'plainly'),
    ('collector/include/midden/ref.hpp', '#include "collector/heap/block.hpp"', 'public headers only'),
    ('runtime/backtrace.cpp', '#include <midden/map.hpp>', 'belongs to containers'),
    ('runtime/backtrace.cpp', '#include <fmt/core.h>', 'is for runtime/include/midden/fmt.hpp'),
    ('runtime/world.cpp', '#include <libunwind.h>', 'is for runtime/backtrace.cpp'),
    ('containers/map/hash.cpp', '#include "collector/heap/block.hpp"', 'is not one of: "containers/..."'),
    ('containers/map/hash.cpp', '#include "runtime/world.hpp"', 'is not one of: "containers/..."'),
    ('tools/bench.cpp', '#include "containers/map/hash.hpp"', 'is not one of: "tools/..."'),
    ('tools/bench.cpp', '#include <boost/any.hpp>', 'is for tools/bench/peers/boost_maps.cpp'),
    ('tests/collector/heap/block_test.cpp', '#include "runtime/world.hpp"', 'is not one of'),
    ('tests/collector/heap/block_test.cpp', '#include <catch2/catch.hpp>', 'is for tests/support/'),
    ('tests/containers/map_test.cpp', '#include "collector/heap/block.hpp"', 'is not one of'),
    ('runtime/long.cpp', '\n' * 801, 'at most 800'),
]


def run(files):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return subprocess.run([sys.executable, LAYERS, folder], text=True, stdout=subprocess.PIPE)


class Layers(unittest.TestCase):
    def test_a_sound_tree_passes(self):
        done = run(SOUND)
        self.assertEqual((done.returncode, done.stdout), (0, 'violations of the order of rooms: 0\n'))

    def test_each_planted_violation_is_found_where_it_is(self):
        for file, line, said in PLANTED:
            with self.subTest(file=file, line=line.strip()):
                before = SOUND.get(file, '')
                done = run(SOUND | {file: before + line + '\n'})
                number = 801 if 'at most' in said else before.count('\n') + 1
                self.assertEqual(done.returncode, 1)
                self.assertIn(f'{file}:{number}: ', done.stdout)
                self.assertIn(said, done.stdout)
                self.assertIn('rooms: 1\n', done.stdout)


if __name__ == '__main__':
    unittest.main()
