# Every check lives in .ci/run, so that what runs here and there is the same.

# All checks but `deny` and `msrv`, which need more than the package registries give.
default:
    .ci/run

# One or more of: fmt clippy tests docs features example deny msrv
check +steps:
    .ci/run {{steps}}

# The main job, on the sandbox.
sync *options:
    cargo run --release --example pendo_visitor_sync -- {{options}}

# Serves the sandbox and prints how to reach it.
sandbox *options:
    cargo run --release -p sandbox -- {{options}}

# What takes long, with LONG=1: many people, many faults, many kills; scripts/long.sh says which.
long:
    scripts/long.sh

# Fuzzes filter, path, patch or resource decoding; needs a nightly compiler and cargo-fuzz.
fuzz target="patch" seconds="600":
    cd scim-types/fuzz && cargo +nightly fuzz run {{target}} -- -max_total_time={{seconds}}
