#!/usr/bin/env python3
"""The library hashes with secrets of its own: it holds none of those that are published, whose collisions are known.

    published_secrets.py LIBRARY

What only a debugger reads does not count: it names constants that no code uses.
"""
import pathlib
import struct
import subprocess
import sys
import tempfile

PUBLISHED = {
    'XXH3': bytes.fromhex('b8fe6c3923a44bbe7c01812cf721ad1c'),
    'wyhash, final version 3': struct.pack('<4Q', 0xa0761d6478bd642f, 0xe7037ed1a0b428db, 0x8ebc6af09c88c6e3,
                                           0x589965cc75374cc3),
    'wyhash, final version 4': struct.pack('<4Q', 0x2d358dccaa6c78a5, 0x8bb84b93962eacc9, 0x4b33a62ed433d4a3,
                                           0x4d5a2da51de1aa47),
    'rapidhash': struct.pack('<3Q', 0x2d358dccaa6c78a5, 0x8bb84b93962eacc9, 0x4b33a62ed433d4a3),
}


def published_in(image):
    """The names of those of which the first eight bytes are there: code may have them one by one."""
    return [name for name, secret in PUBLISHED.items() if secret[:8] in image]


def main():
    for name, secret in PUBLISHED.items():
        assert name in published_in(b'before' + secret + b'after'), name
    with tempfile.TemporaryDirectory() as folder:
        plain = pathlib.Path(folder) / 'library'
        subprocess.run(['objcopy', '--strip-debug', sys.argv[1], plain], check=True)
        library = plain.read_bytes()
    assert b'MIDDEN_MAP' in library, 'this is not the library'
    found = published_in(library)
    print('published secrets:', ', '.join(found) or 'none')
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
