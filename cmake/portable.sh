#!/usr/bin/env bash
# cmake/portable.sh: makes build/descent-VERSION-x86_64-linux.tar.xz of build/portable/bin/descent: the command, the
# documentation, the examples, the tests of operations and programs, and the benchmarks. What is in it is then
# checked: that it asks for glibc 2.36 alone, its size, by its `descent selftest`, and by the benchmarks of GPUs on the emulator.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools=/usr/lib/llvm-22/bin
binary=build/portable/bin/descent
data=build/portable/benchmarks/bench-data
most_bytes=$((20 << 20))
newest_glibc=2.36

fail() { printf 'portable: %s\n' "$*" >&2; exit 1; }

needed=$("$tools/llvm-readelf" -d "$binary" "$data" | sed -n 's/.*Shared library: \[\(.*\)\]/\1/p' | sort -u)
for library in $needed; do
  case $library in
  libc.so.6 | libm.so.6 | ld-linux-x86-64.so.2) ;;
  *) fail "$binary or $data needs $library" ;;
  esac
done
glibc=$("$tools/llvm-readelf" -V "$binary" "$data" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -1)
[[ $(printf '%s\n' "${glibc#GLIBC_}" "$newest_glibc" | sort -V | tail -1) == "$newest_glibc" ]] ||
  fail "$binary needs ${glibc/_/ }, newer than $newest_glibc"

version=$("$binary" --version | grep -o '[0-9][0-9.]*' | head -1)
name=descent-$version-x86_64-linux
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/$name"/{bin,docs,build/data,licenses}
cp "$binary" "$work/$name/bin/"
cp LICENSE "$work/$name/"
cp -r docs/*.md docs/examples docs/pictures "$work/$name/docs/"
git ls-files tests/{ops,programs}/'*.'{gd,csv,expected} ':!tests/ops/failing' 'benchmarks/*.gd' 'benchmarks/*/cases.json' 'benchmarks/gpu/*.'{py,json} \
  ':!benchmarks/gpu/gpu_test.py' | xargs cp --parents -t "$work/$name"
cp "$data" "$work/$name/benchmarks/"
cp benchmarks/README.md "$work/$name/benchmarks/"
if [[ -f build/data/digits.csv.gz ]]; then
  cp build/data/digits.* "$work/$name/build/data/"
fi
# Of what is linked in.
for package in llvm-22-dev libmlir-22-dev libstdc++-12-dev zlib1g-dev libzstd-dev libfmt-dev libcli11-dev \
  libfast-float-dev nlohmann-json3-dev; do
  cp -L "/usr/share/doc/$package/copyright" "$work/$name/licenses/$package"
done
cat >"$work/$name/README" <<TEXT
Descent $version for x86-64 Linux with glibc $newest_glibc or later. Nothing else is needed; a GPU is used where
NVIDIA's driver is installed.

  bin/descent run docs/examples/line.gd     train a line through a hundred points
  bin/descent doctor                        what was found on this machine
  bin/descent selftest                      the tests of all operations and programs, on all devices
  bin/descent bench model.gd --device cpu,gpu   time a script on several devices, side by side
  python3 benchmarks/gpu/bench_gpu.py       the benchmarks: CPU against GPU, beside JAX and PyTorch where this
                                            Python has them (--help; --device emulator --quick to try it)
  bin/descent --help                        the rest

docs/language.md is the language, docs/examples/README.md a tour. tests/ops has tests of all operations,
tests/programs scripts with the output that they must have. The scripts in benchmarks/training, kernels and
gradbench are functions that the tools of the source tree call (benchmarks/README.md).
TEXT
archive=build/$name.tar.xz
tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner -cf - "$name" | xz -9e -T1 >"$archive"
bytes=$(stat -c %s "$archive")
((bytes <= most_bytes)) || fail "$archive has $bytes bytes, more than $most_bytes"

# From the archive, in an environment that has nothing.
rm -rf "${work:?}/$name"
tar -C "$work" -xf "$archive"
env -i PATH=/usr/bin:/bin HOME="$work" "$work/$name/bin/descent" selftest --device all ||
  fail "tests fail from the archive"
env -i PATH=/usr/bin:/bin HOME="$work" python3 "$work/$name/benchmarks/gpu/bench_gpu.py" --device emulator --quick --no-peers ||
  fail "benchmarks fail from the archive"
awk -v archive="$archive" -v bytes="$bytes" -v command="$(stat -c %s "$binary")" -v needs="$glibc: $(echo $needed)" \
  'BEGIN { printf "%s: %.1f MiB, the command %.1f MiB; needs %s\n", archive, bytes / 2^20, command / 2^20, needs }'
