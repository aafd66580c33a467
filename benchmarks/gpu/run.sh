#!/usr/bin/env bash
# Measure everything on this machine's GPU in under 8 minutes; see README.md.
set -euo pipefail
cd "$(dirname "$0")/../.."
exec python3 -m benchmarks.gpu --out "${1:-results/gpu}"
