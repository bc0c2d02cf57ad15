# SPDX-License-Identifier: MIT
"""The benches: each module has add_arguments(group) and run(args, report)."""
