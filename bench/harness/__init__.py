# SPDX-License-Identifier: MIT
"""What the benches and the crash test share: servers, the metering proxy, sessions, reports."""
