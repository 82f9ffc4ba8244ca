#!/usr/bin/env bash
# What takes long: 20 seeds of faults with 10,000 people; a search past its cap; a million people in flat
# memory, pushed at once and planned through a store; 20 random kill -9 of a plan of 20,000 people with
# renames, where the target can be read and where it cannot; 10,000 changes followed with restarts, and
# 5,000 with 50 kill -9, each with renames and without; a large group. Prints the figures.
set -euo pipefail
cd "$(dirname "$0")/.."

# Naming a test builds no programs, so they are built first.
cargo build --release -p sandbox --bins
cargo build --release -p examples --examples
LONG=1 cargo test --release -p examples --test it -- long:: --nocapture --test-threads 1
PROVISIONING_SIZE=1000000 cargo test --release -p provisioning --features sqlite --test it size
LONG=1 cargo test --release -p provisioning --features sqlite --test it -- follow_law kill:: a_large_group --nocapture --test-threads 1
