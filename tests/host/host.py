#!/usr/bin/env python3
"""Builds and runs the program of the README as a host would.

    readme        the first C++ block of README.md is tests/host/readme.cpp, to the letter
    subproject    the checkout is a Meson subproject of the host
    installed     Midden is installed into an empty prefix, from this build, and found by pkg-config
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent


def run(*command, **environment):
    print('$', *command, flush=True)
    subprocess.run(command, check=True, env=os.environ | environment)


def readme(checkout):
    block = re.search(r'^```cpp\n(.*?)^```$', (checkout / 'README.md').read_text(), re.DOTALL | re.MULTILINE)
    if not block:
        sys.exit('README.md has no C++ block')
    if block[1] != (HERE / 'readme.cpp').read_text():
        sys.exit('the first C++ block of README.md and tests/host/readme.cpp differ')


def consume(options, folder):
    shutil.copy(HERE / 'readme.cpp', folder)
    shutil.copy(HERE / 'consumer/meson.build', folder)
    environment = {'CXX': ' '.join(options.compiler)}
    if options.way == 'subproject':
        (folder / 'subprojects').mkdir()
        (folder / 'subprojects/midden').symlink_to(options.checkout)
        setup = ['--force-fallback-for=midden']
    else:
        run(options.meson, 'install', '-C', str(options.build), '--no-rebuild', '--quiet', '--skip-subprojects',
            '--tags', 'devel', '--destdir', str(folder / 'prefix'))
        package = next((folder / 'prefix').rglob('midden.pc'))
        environment['PKG_CONFIG_PATH'] = str(package.parent)
        environment['LD_LIBRARY_PATH'] = str(package.parent.parent)
        setup = ['--wrap-mode=nofallback']
    run(options.meson, 'setup', *setup, str(folder / 'build'), str(folder), **environment)
    run('ninja', '-C', str(folder / 'build'))
    run(str(folder / 'build/host'), **environment)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('way', choices=['readme', 'subproject', 'installed'])
    parser.add_argument('--meson', required=True)
    parser.add_argument('--checkout', type=pathlib.Path, required=True)
    parser.add_argument('--build', type=pathlib.Path, required=True)
    parser.add_argument('--compiler', nargs='+', required=True)
    options = parser.parse_args()
    if options.way == 'readme':
        return readme(options.checkout)
    with tempfile.TemporaryDirectory() as folder:
        consume(options, pathlib.Path(folder))


if __name__ == '__main__':
    sys.exit(main())
