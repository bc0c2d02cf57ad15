#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes a loadable DuckDB extension of a shared library: appends the metadata that LOAD reads.

    append_footer.py LIBRARY EXTENSION DUCKDB_VERSION EXTENSION_VERSION PLATFORM

The footer: a WebAssembly custom section's header, eight fields of 32 bytes (in reverse order: the
metadata's own version, platform, DuckDB's version, ours, the ABI, three unused), 256 bytes for a
signature, which are zero: the extension is not signed.
"""
import pathlib
import sys

HEADER = bytes([0, 0x93, 0x04, 0x10]) + b"duckdb_signature" + bytes([0x80, 0x04])
FIELD_BYTES = 32
SIGNATURE_BYTES = 256


def footer(duckdb_version, extension_version, platform):
    fields = ["", "", "", "CPP", extension_version, f"v{duckdb_version}", platform, "4"]
    encoded = b"".join(field.encode().ljust(FIELD_BYTES, b"\0") for field in fields)
    return HEADER + encoded + bytes(SIGNATURE_BYTES)


def main():
    library, extension, duckdb_version, extension_version, platform = sys.argv[1:]
    content = pathlib.Path(library).read_bytes()
    pathlib.Path(extension).write_bytes(
        content + footer(duckdb_version, extension_version, platform))


if __name__ == "__main__":
    main()
