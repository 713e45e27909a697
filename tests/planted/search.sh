#!/usr/bin/env bash
# Plants bugs into a copy of this commit and tells which seed of `make soak` finds each. What ends well with one
# of them is a bug that nobody would find.
#
# bugs.patch holds all of them. Each is asleep until the environment variable PLANTED says its name, so that
# one build is enough.
set -euo pipefail
cd "$(dirname "$0")/../.."
seeds=${SEEDS:-400}
copy=target/planted
rm -rf "$copy"
mkdir -p "$copy"
git archive HEAD | tar x -C "$copy"
# A repository of its own, since what is below target/ is ignored by this one.
git -C "$copy" init --quiet
git -C "$copy" apply "$PWD/tests/planted/bugs.patch"
export CARGO_TARGET_DIR="$PWD/target"
build() { cargo test --manifest-path "$copy/Cargo.toml" --test it "$@"; }
build --no-run
missed=0
for bug in $(grep --only-matching 'planted("[a-z-]*")' tests/planted/bugs.patch | cut -d'"' -f2 | sort -u) none; do
	if told=$(PLANTED=$bug SEED='' FROM='' SEEDS=$seeds build --quiet -- --ignored --exact soak::make_soak --nocapture 2>&1); then
		found="in none of $seeds seeds"
		[ "$bug" = none ] || missed=1
	else
		found=$(grep --only-matching 'seed [0-9]* ends badly' <<<"$told" | tail -1 || echo "not by a seed: ${told##*$'\n'}")
		[ "$bug" = none ] && missed=1
	fi
	printf '%-20s %s\n' "$bug" "$found"
done
exit "$missed"
