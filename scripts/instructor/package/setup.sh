#!/usr/bin/env bash
# What Gradescope runs once, as root, to make the image in which submissions are graded. It brings a compiler, builds the judge, and grades
# the untouched skeleton, so that of a submission nothing but the student's own crates has to be built. Minutes.
set -euo pipefail
umask 022

kit=/autograder/source
source "$kit/settings.sh"
cd "$kit"

if ! command -v cc curl bwrap setpriv >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        bubblewrap build-essential ca-certificates curl util-linux
fi
# In a place that every user may read: submissions are built by one of their own.
if ! command -v cargo >/dev/null; then
    curl --proto '=https' --tlsv1.2 --silent --show-error --fail https://sh.rustup.rs |
        sh -s -- -y --quiet --no-modify-path --profile minimal --default-toolchain "$RUSTUP_TOOLCHAIN"
fi
[[ -x target/debug/instructor ]] || cargo build --locked --package instructor

# What a submission must not read. The judge has the hidden scenarios in it.
chmod -R go-rwx solutions-private scripts target/debug settings.sh
[[ ! -e secret ]] || chmod go-rwx secret

target/debug/instructor --root "$kit" grade skeleton $labs --expect-percent 0 --out /tmp/trial
if grep -qE '"gradable": *false|"isolation": *"own process"' /tmp/trial/grade.json; then
    echo "error: the skeleton could not be graded in this image, or submissions would not be kept apart: see above" >&2
    exit 1
fi
rm -rf /tmp/trial
